"""Random scores, a baseline that needs neither weights nor data."""

import torch
from torch import Tensor

from snip.masks.problem import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return uniform random numbers."""
    return torch.rand(problem.weights.shape, generator=problem.generator)
