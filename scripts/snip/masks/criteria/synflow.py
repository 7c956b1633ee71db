"""Synaptic flow, SynFlow: needs no data, and avoids emptying a layer.

Tanaka, Kunin, Yamins and Ganguli, "Pruning neural networks without any data by iteratively
conserving synaptic flow", 2020, Algorithm 1, with the paper's 100 rounds. In the
authors' code single precision is the default, and double is left as a comment.
"""

import torch
from torch import Tensor

from snip.masks.problem import PruningRound, flatten

ROUNDS = 100


def score(problem: PruningRound) -> Tensor:
    """Return |w · ∂R/∂w|: R sums the outputs of |w| and |b| for an image of ones."""
    # Double precision: products over many layers leave the range of single precision.
    tensors = {
        name: tensor.detach().double() if tensor.is_floating_point() else tensor.clone()
        for name, tensor in problem.network.state_dict().items()
    }
    for name, _ in problem.network.named_parameters():
        tensors[name] = tensors[name].abs().requires_grad_()
    ones = torch.ones(1, *problem.images.shape[1:], dtype=torch.float64)
    flow = torch.func.functional_call(problem.network, tensors, (ones,)).sum()
    weights = [tensors[name] for name in problem.prunable]
    gradients = torch.autograd.grad(flow, weights, materialize_grads=True)
    return (flatten(weights) * flatten(gradients)).abs()
