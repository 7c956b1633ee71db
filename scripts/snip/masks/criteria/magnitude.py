"""Magnitude of the initial weight, a baseline that needs no data."""

from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return |w|."""
    return problem.weights.abs()
