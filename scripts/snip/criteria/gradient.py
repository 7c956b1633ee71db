"""Magnitude of the gradient (paper, Figure 6)."""

from torch import Tensor

from snip.masks import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return |∂L/∂w|."""
    return problem.gradient.abs()
