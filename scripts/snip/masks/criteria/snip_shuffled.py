"""Connection sensitivity shuffled within each layer: the control for each layer's share.

At every sparsity each parameter tensor keeps as many connections as under `snip`, but random ones.
"""

import torch
from torch import Tensor

from snip.masks.scoring import PruningProblem


def score(problem: PruningProblem) -> Tensor:
    """Return |w · ∂L/∂w|, permuted at random within each parameter tensor."""
    layers = (problem.weights * problem.gradient).abs().split(problem.sizes)
    return torch.cat(
        [layer[torch.randperm(len(layer), generator=problem.generator)] for layer in layers]
    )
