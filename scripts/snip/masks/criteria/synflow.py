"""SynFlow: synaptic flow, which needs no data and avoids emptying a layer.

Tanaka, Kunin, Yamins and Ganguli, "Pruning neural networks without any data by iteratively
conserving synaptic flow", 2020, Algorithm 1, with the paper's 100 rounds. In the
authors' code single precision is the default, and double is left as a comment.
"""

import copy
from dataclasses import replace

import torch
from torch import Tensor

from snip.masks.problem import PruningRound, flatten

ROUNDS = 100


def score(problem: PruningRound) -> Tensor:
    """Return |w · ∂R/∂w|: R sums the outputs of |w| and |b| for an image of ones."""
    # Double precision: products over many layers leave the range of single precision.
    try:
        return _flow(problem, torch.float64)
    except RuntimeError:  # a network whose forward asks for single precision, as by x.float()
        return _flow(problem, torch.float32)


def _flow(problem: PruningRound, precision: torch.dtype) -> Tensor:
    network = copy.deepcopy(problem.network).to(precision)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    flow = network(torch.ones(1, *problem.images.shape[1:], dtype=precision)).sum()
    weights = replace(problem, network=network).parameters
    gradients = torch.autograd.grad(flow, weights, materialize_grads=True)
    return (flatten(weights) * flatten(gradients)).abs()
