"""Networks with their initial weights."""

import math

import torch
from torch import nn
from torch.nn.init import trunc_normal_

from snip import registry
from snip.randomness import module_draws, torch_seed

# Standard deviation of a standard normal truncated at two standard deviations (authors' code):
# dividing by it gives the truncated distribution the deviation that was asked for.
TRUNCATED_DEVIATION = 0.87962566103423978

# Batch and instance normalisation share a base class. A scale may have more than one dimension.
NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def build_network(
    name: str, seed: int, purpose: str = "initial weights", relu_after_convolutions: bool = False
) -> nn.Module:
    """Build network `name` with the weights that `seed` and `purpose` determine.

    Variance scaling as in the authors' code: each weight tensor is drawn from a normal
    distribution truncated at two standard deviations, whose deviation after truncation is
    sqrt(1 / fan-in); biases are zero. What `connections` leaves out keeps the values that its
    module gives it.

    Raises:
        SnipError: the network is not registered.
    """
    build = registry.load("networks", name, "build")
    with module_draws(torch_seed(seed, f"{purpose}, drawn by modules")):
        network = build(relu_after_convolutions=relu_after_convolutions)
    generator = torch.Generator().manual_seed(torch_seed(seed, purpose))
    parameters = dict(network.named_parameters())
    for name, weight in connections(network).items():
        parameter = parameters[name]
        if name != weight:
            nn.init.zeros_(parameter)
        else:
            deviation = math.sqrt(1 / parameter[0].numel()) / TRUNCATED_DEVIATION
            bound = 2 * deviation
            trunc_normal_(parameter, 0, deviation, -bound, bound, generator=generator)
    return network


def connections(network: nn.Module) -> dict[str, str]:
    """Return the parameters that make up a network's connections, each with its layer's weight.

    A weight has more than one dimension and goes with itself; a bias goes with its layer's first
    weight. The scales and shifts of normalisations, the slopes of PReLU and whatever else a module
    learns beside a weight are left out: no connection, so never pruned.

    Returns:
        Names of parameters, in PyTorch's order.
    """
    weights = {}
    for prefix, layer in network.named_modules():
        if isinstance(layer, NORMALISATIONS):
            continue
        own = dict(layer.named_parameters(prefix, recurse=False))
        first = next((name for name, parameter in own.items() if parameter.dim() > 1), None)
        for name, parameter in own.items():
            if parameter.dim() > 1:
                weights[name] = name
            elif first and "bias" in name.rpartition(".")[2]:
                weights[name] = first
    # A parameter that two layers share goes by its first name.
    return {name: weights[name] for name, _ in network.named_parameters() if name in weights}
