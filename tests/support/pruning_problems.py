"""Pruning problems on random images."""

import torch

from snip.layers.weights import build_network
from snip.masks.scoring import PruningProblem, prunable_parameters


def random_problem(network="lenet-300-100", examples=12, seed=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(examples, 1, 28, 28, generator=generator, dtype=dtype)
    labels = torch.randint(10, (examples,), generator=generator)
    module = build_network(network, seed).to(dtype)
    names = prunable_parameters(module, "weights-and-biases")
    return PruningProblem(module, images, labels, generator, names)
