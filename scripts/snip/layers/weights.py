"""Networks with their initial weights."""

import math

import torch
from torch import Tensor, nn
from torch.nn.init import trunc_normal_

from snip.jobs.randomness import module_draws, torch_seed
from snip.study import registry
from snip.study.settings import Settings

# Standard deviation of a standard normal truncated at two standard deviations (authors' code):
# dividing by it gives the truncated distribution the deviation that was asked for.
TRUNCATED_DEVIATION = 0.87962566103423978

# Batch and instance normalisation share a base class. A scale may have more than one dimension.
NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def build_network(
    name: str, seed: int, settings: Settings | None = None, purpose: str = "initial weights"
) -> nn.Module:
    """Build network `name` with the weights that `seed` and `purpose` determine.

    Each weight tensor is drawn from a normal distribution truncated at two standard deviations,
    whose deviation after truncation `initial_deviation` gives; biases are zero or drawn alike. What
    `connections` leaves out keeps the values that its module gives it.

    Args:
        settings: those of scoring matter; None: the defaults.

    Raises:
        SnipError: the network is not registered.
    """
    settings = settings or Settings()
    build = registry.load("networks", name, "build")
    with module_draws(torch_seed(seed, f"{purpose}, drawn by modules")):
        network = build(relu_after_convolutions=settings.relu_after_convolutions)
    # Biases have a stream of their own: drawn or zero, the weights are the same.
    of_weights, of_biases = (
        torch.Generator().manual_seed(torch_seed(seed, stream))
        for stream in (purpose, f"{purpose}, biases")
    )
    parameters = dict(network.named_parameters())
    for name, weight in connections(network).items():
        parameter = parameters[name]
        if name != weight and settings.initial_biases == "zeros":
            nn.init.zeros_(parameter)
            continue
        method, generator = (
            (settings.initialisation, of_weights)
            if name == weight
            else (settings.initial_biases, of_biases)
        )
        deviation = initial_deviation(parameter, method) / TRUNCATED_DEVIATION
        bound = 2 * deviation
        trunc_normal_(parameter, 0, deviation, -bound, bound, generator=generator)
    return network


def initial_deviation(parameter: Tensor, initialisation: str) -> float:
    """Return the standard deviation of a parameter's initial values.

    `variance-scaling` is sqrt(1 / fan-in), TensorFlow's VarianceScaling at its defaults, which the
    authors' code uses. `glorot` is sqrt(2 / (fan-in + fan-out)) (Glorot and Bengio 2010; VS-X in
    the paper's Table 3), `he` is sqrt(2 / fan-in) (He et al. 2015; VS-H there): TensorFlow's
    GlorotNormal and HeNormal. Both fans of a bias are its length, as in TensorFlow.
    """
    fan_in = parameter.numel() // parameter.shape[0] if parameter.dim() > 1 else len(parameter)
    fan_out = parameter.numel() // parameter.shape[1] if parameter.dim() > 1 else len(parameter)
    variance = {
        "variance-scaling": 1 / fan_in,
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
    }[initialisation]
    return math.sqrt(variance)


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
