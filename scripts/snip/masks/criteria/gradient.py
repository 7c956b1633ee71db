"""size of the gradient |∂L/∂w|: the other reading of the paper's Figure 6."""

from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return |∂L/∂w|."""
    return problem.gradient.abs()
