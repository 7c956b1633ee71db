"""Networks with their initial weights, and which parameters count as connections."""

import math

import torch
from torch import Tensor, nn
from torch.nn.init import trunc_normal_

from snip.jobs.randomness import module_draws, torch_seed
from snip.layers.linear import use_fast_linear_layers
from snip.study import registry
from snip.study.settings import Settings

# Standard deviation of a standard normal distribution truncated at two standard deviations
# (authors' code). Dividing by it gives the truncated distribution the wanted deviation.
TRUNCATED_DEVIATION = 0.87962566103423978

# Their scales may have several dimensions, as weights have, so the types must be told apart. Batch
# and instance normalisation share a base class.
NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def build_network(
    name: str, seed: int, settings: Settings | None = None, purpose: str = "initial weights"
) -> nn.Module:
    """Build network `name` with the weights that `seed` and `purpose` determine.

    Weights are drawn from a normal distribution truncated at two standard deviations, with the
    standard deviation `initial_deviation` after truncation. Biases are zero or drawn in the same
    way. Parameters that `connections` leaves out keep the values that their module gives them.

    Args:
        name: a registered network.
        seed: the run's seed.
        settings: only those of scoring matter; None means the defaults.
        purpose: `initial weights` or `redrawn weights`, which are independent of each other.

    Raises:
        SnipError: the network is not registered.
    """
    settings = settings or Settings()
    build = registry.load("networks", name, "build")
    with module_draws(torch_seed(seed, f"{purpose}, drawn by modules")):
        network = build(relu_after_convolutions=settings.relu_after_convolutions)
    use_fast_linear_layers(network)
    # Biases have a stream of their own, so that drawing them leaves the weights the same.
    weight_generator, bias_generator = (
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
            (settings.initialisation, weight_generator)
            if name == weight
            else (settings.initial_biases, bias_generator)
        )
        deviation = initial_deviation(parameter, method) / TRUNCATED_DEVIATION
        bound = 2 * deviation
        trunc_normal_(parameter, 0, deviation, -bound, bound, generator=generator)
    return network


def initial_deviation(parameter: Tensor, initialisation: str) -> float:
    """Return the standard deviation of a parameter's initial values.

    Args:
        parameter: a weight (outputs, inputs, ...), or a bias, whose fan-in and fan-out are both its
            length, as in TensorFlow.
        initialisation: `variance-scaling`, sqrt(1 / fan-in), is TensorFlow's VarianceScaling at its
            defaults, which the authors' code uses. `glorot`, sqrt(2 / (fan-in + fan-out)), is
            TensorFlow's GlorotNormal (Glorot and Bengio 2010; VS-X in the paper's Table 3). `he`,
            sqrt(2 / fan-in), is TensorFlow's HeNormal (He et al. 2015; VS-H there).
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
    """Return the parameters that are connections, each with the weight of its layer.

    A parameter with more than one dimension is a weight, and maps to itself. A bias maps to the
    first weight of its layer. Scales and shifts of normalisations, slopes of PReLU and other
    parameters beside a weight are no connections and are never pruned.

    Returns:
        Names of weights and biases, in PyTorch's order, each with the name of its layer's weight.
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
    # A parameter that two layers share appears under its first name only.
    return {name: weights[name] for name, _ in network.named_parameters() if name in weights}
