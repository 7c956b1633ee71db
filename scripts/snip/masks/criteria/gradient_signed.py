"""The gradient with its sign: the reading of the paper's Figure 6 that fits its caption."""

from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return ∂L/∂w: large positive values are kept first, large negative ones last."""
    return problem.gradient
