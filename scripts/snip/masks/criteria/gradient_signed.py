"""signed gradient ∂L/∂w, largest kept: how Figure 6 reads as its caption says."""

from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return ∂L/∂w: large positive values are kept first, large negative ones last."""
    return problem.gradient
