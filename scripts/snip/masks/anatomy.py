"""What a mask leaves of a network: how many connections, on how many paths, and dead units."""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from snip.jobs.randomness import module_draws
from snip.layers.refusals import NetworkError
from snip.layers.weights import connections

# PyTorch's functions, which its modules call, that paths pass through unchanged.
ACTIVATIONS = (
    "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid log_softmax"
    " logsigmoid mish prelu relu relu6 rrelu selu sigmoid silu softmax softmin softplus softshrink"
    " softsign tanh tanhshrink threshold"
)
NORMALISATIONS = "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm"
DROPOUTS = (
    "alpha_dropout dropout dropout1d dropout2d dropout3d feature_alpha_dropout feature_dropout"
)
UNCHANGED = frozenset(f"{ACTIVATIONS} {NORMALISATIONS} {DROPOUTS}".split())
# These leave all but zeros unchanged: they clip weights, and keep divisors from being zero.
BOUNDS = ("clamp", "clamp_max", "clamp_min", "clip")


class _Linear(TorchFunctionMode):
    """A context in which activations, normalisations and dropout return their input."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        # In-place functions have the same name with an underscore.
        name = getattr(function, "__name__", "").rstrip("_")
        kwargs = kwargs or {}
        if name not in UNCHANGED and name not in BOUNDS:
            return function(*args, **kwargs)
        values = args[0] if args else kwargs["input"]
        if name in UNCHANGED:
            return values
        return torch.where(values == 0, function(values.clone(), *args[1:], **kwargs), values)


def anatomy(network: nn.Module, masks: dict[str, Tensor]) -> dict[str, dict[str, int]]:
    """Count, for every weight and bias, what a mask keeps and what of that can have an effect.

    A connection is effective if it lies on a path of kept connections from an input to an output
    (as in Vysogorets and Kempe, "Connectivity matters", 2023). A bias is effective if its unit is
    not dead.

    To find the paths, we evaluate a copy of the network on a positive image with kept weights
    positive, pruned weights 0 and biases 0. The derivative of the sum of outputs with respect to a
    weight is then a sum over the paths through it. The values are random, so that no two paths
    cancel where a network subtracts. This holds for linear layers, convolutions and pooling;
    activations, normalisations and dropout are passed over.

    Args:
        network: the network; the values of its weights do not matter.
        masks: per parameter a boolean tensor of its shape, True where kept.

    Returns:
        Per weight and bias (see `connections`): `parameters`; `kept` of these; `effective` of
        these; `units`, the output units or channels of its layer; and `dead_units`, those with no
        incoming connection on a path, which output at most a constant.

    Raises:
        NetworkError: a bias does not belong to the outputs of its layer's weight.
    """
    weight_of = connections(network)
    weights = [name for name, weight in weight_of.items() if name == weight]
    network = copy.deepcopy(network)
    network.eval()
    parameters = dict(network.named_parameters())
    with module_draws(0):
        for name, parameter in parameters.items():
            _fill(parameter, masks[name], connection=name in weight_of, weight=name in weights)
        image = torch.rand(1, 1, 28, 28) + 0.5
        with _Linear():
            paths = network(image).sum()
        through = torch.autograd.grad(paths, [parameters[name] for name in weights])
    effective = {
        name: masks[name] & (count != 0) for name, count in zip(weights, through, strict=True)
    }
    result = {}
    for name, weight in weight_of.items():
        mask, incoming = masks[name], effective[weight]
        # torch takes ten times as long as numpy to count booleans.
        alive = incoming.numpy().reshape(len(incoming), -1).any(1)
        if name == weight:
            working = incoming.numpy()
        elif mask.numel() == len(alive):
            working = mask.numpy() & alive.reshape(mask.shape)
        else:
            raise NetworkError(
                f"bias {name} has {mask.numel()} elements, expected one for each of the "
                f"{len(alive)} outputs of its layer's weight {weight} {tuple(incoming.shape)}"
            )
        result[name] = {
            "parameters": mask.numel(),
            "kept": int(np.count_nonzero(mask.numpy())),
            "effective": int(np.count_nonzero(working)),
            "units": len(alive),
            "dead_units": int(np.count_nonzero(~alive)),
        }
    return result


@torch.no_grad()
def _fill(parameter: nn.Parameter, mask: Tensor, connection: bool, weight: bool) -> None:
    """Write the values that paths are counted with; frozen parameters keep theirs."""
    if connection and not weight:
        parameter.zero_()
    elif parameter.requires_grad:
        parameter.uniform_(0.5, 1.5).mul_(mask)
    if weight:
        # About one in sum per unit, or deep networks leave the range of single precision.
        kept = mask.flatten(1).sum(1).clamp(min=1)
        parameter.div_(kept.view(-1, *[1] * (mask.dim() - 1)))
