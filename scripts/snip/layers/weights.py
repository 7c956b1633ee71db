"""Networks with their initial weights, and which parameters count as connections."""

import math

import torch
from torch import Tensor, nn
from torch.nn.init import trunc_normal_

from snip.jobs.randomness import module_draws, torch_seed
from snip.layers.refusals import NetworkError, check_layers, check_outputs
from snip.study import registry
from snip.study.settings import Settings

# Standard deviation of a standard normal distribution truncated at two standard deviations
# (authors' code). Dividing by it gives the truncated distribution the wanted deviation.
TRUNCATED_DEVIATION = 0.87962566103423978

# Their scales may have several dimensions, as weights have, so the types must be told apart. Batch
# and instance normalisation share a base class.
NORMALISATIONS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def build_network(name: str, seed: int, settings: Settings | None = None) -> nn.Module:
    """Build a registered network with the initial weights that a seed determines.

    Args:
        settings: only those of scoring matter; None means the defaults.

    Raises:
        SnipError: the network is not registered.
        NetworkError: it cannot be pruned or trained; see `snip.layers.refusals`.
    """
    with module_draws(0):  # the same for every seed: a process imports a file once
        build = registry.load("networks", name)
    settings = settings or Settings()
    with module_draws(torch_seed(seed, "drawn by modules")):
        network = build(relu_after_convolutions=settings.relu_after_convolutions)
        check_layers(name, network)
        if not connections(network):
            raise NetworkError(f"network {name} has no weight to prune, expected a layer with one")
        draw_weights(network, seed, settings, "initial weights")
        check_outputs(name, network)
    return network


def draw_weights(network: nn.Module, seed: int, settings: Settings, purpose: str) -> None:
    """Draw weights and biases in place, from streams of the seed and the purpose.

    Weights are drawn from a normal distribution truncated at two standard deviations, with the
    standard deviation `initial_deviation` after truncation. Biases are zero or drawn in the same
    way. Parameters that `connections` leaves out keep the values that their module gives them.
    """
    # Biases have a stream of their own, so that drawing them leaves the weights the same.
    weight_generator, bias_generator = (
        torch.Generator().manual_seed(torch_seed(seed, stream))
        for stream in (purpose, f"{purpose}, biases")
    )
    parameters = dict(network.named_parameters())
    for name, weight in connections(network).items():
        parameter = parameters[name]
        if name == weight:
            method: str = settings.initialisation
            generator = weight_generator
        else:
            method, generator = settings.initial_biases, bias_generator
        if method == "zeros":
            nn.init.zeros_(parameter)
        else:
            deviation = initial_deviation(parameter, method) / TRUNCATED_DEVIATION
            bound = 2 * deviation
            trunc_normal_(parameter, 0, deviation, -bound, bound, generator=generator)


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
    fan_in = fan_out = len(parameter)
    if parameter.dim() > 1:
        fan_in, fan_out = (parameter.numel() // length for length in parameter.shape[:2])
    variance = {
        "variance-scaling": 1 / fan_in,
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
    }[initialisation]
    return math.sqrt(variance)


def connections(network: nn.Module) -> dict[str, str]:
    """Return the parameters that are connections, each with the weight of its layer.

    A weight maps to itself: of PyTorch's linear layers and convolutions a parameter with more than
    one dimension, of other layers one of which more than one dimension is longer than 1. A bias
    maps to the first weight of its layer. Frozen parameters, scales and shifts of normalisations,
    slopes of PReLU and other parameters beside a weight are no connections and are never pruned.

    Returns:
        Names of weights and biases, in PyTorch's order, each with the name of its layer's weight.
    """
    # A parameter that two layers share appears under its first name only.
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    weight_of: dict[str, str] = {}
    for layer in network.modules():
        if isinstance(layer, NORMALISATIONS):
            continue
        own = [
            (names[id(parameter)], kind, parameter)
            for kind, parameter in layer.named_parameters(recurse=False)
            if parameter.requires_grad
        ]
        weights = [name for name, _, parameter in own if _is_weight(layer, parameter)]
        for name, kind, _ in own:
            if name in weights:
                weight_of[name] = name
            elif weights and "bias" in kind:
                weight_of.setdefault(name, weights[0])
    return {name: weight_of[name] for name in names.values() if name in weight_of}


def _is_weight(layer: nn.Module, parameter: Tensor) -> bool:
    if isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
        return parameter.dim() > 1
    return sum(length > 1 for length in parameter.shape) > 1
