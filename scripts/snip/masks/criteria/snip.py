"""connection sensitivity: the paper's criterion, section 4.1."""

from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return |∂L/∂c| at c = 1 for L(c ⊙ w), which equals |w · ∂L/∂w|."""
    return (problem.weights * problem.gradient).abs()
