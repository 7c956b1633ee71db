"""Networks with their initial weights."""

import math

import torch
from torch import nn
from torch.nn.init import trunc_normal_

from snip import registry
from snip.randomness import torch_seed

# Standard deviation of a standard normal truncated at two standard deviations (authors' code):
# dividing by it gives the truncated distribution the deviation that was asked for.
TRUNCATED_DEVIATION = 0.87962566103423978


def build_network(
    name: str, seed: int, purpose: str = "initial weights", relu_after_convolutions: bool = False
) -> nn.Module:
    """Build network `name` with the weights that `seed` and `purpose` determine.

    Variance scaling as in the authors' code: each weight tensor is drawn from a normal
    distribution truncated at two standard deviations, whose deviation after truncation is
    sqrt(1 / fan-in); biases are zero.

    Raises:
        SnipError: the network is not registered.
    """
    build = registry.load("networks", name, "build")
    network = build(relu_after_convolutions=relu_after_convolutions)
    generator = torch.Generator().manual_seed(torch_seed(seed, purpose))
    for parameter in network.parameters():
        if parameter.dim() == 1:
            nn.init.zeros_(parameter)
        else:
            deviation = math.sqrt(1 / parameter[0].numel()) / TRUNCATED_DEVIATION
            bound = 2 * deviation
            trunc_normal_(parameter, 0, deviation, -bound, bound, generator=generator)
    return network
