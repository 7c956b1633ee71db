"""The gradient with its sign: the reading of the paper's Figure 6 that fits its caption."""

from torch import Tensor

from snip.masks.scoring import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return ∂L/∂w; the largest are kept, and of two negative ones the smaller in size."""
    return problem.gradient
