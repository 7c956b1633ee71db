"""What a mask leaves of a network: how many connections, on how many paths, and dead units."""

import copy
from typing import Any

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
MAX_POOLS = ("max_pool1d", "max_pool2d", "max_pool3d")
# What they have in common with poolings by the mean.
POOLED_BY = {"input", "kernel_size", "stride", "padding", "ceil_mode"}


class _Linear(TorchFunctionMode):
    """A context in which a network is linear in the values of each layer.

    Activations, normalisations and dropout return their input. Sums stand for maxima, whose
    gradient would follow the largest input alone, whichever it is for our image.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        # In-place functions have the same name with an underscore.
        name = getattr(function, "__name__", "").rstrip("_")
        kwargs = kwargs or {}
        values = args[0] if args else kwargs.get("input")
        if name in UNCHANGED:
            return values
        if name in BOUNDS:
            return torch.where(values == 0, function(values.clone(), *args[1:], **kwargs), values)
        if name == "amax":
            return torch.sum(*args, **kwargs)
        if name in ("max", "maximum") and len(args) == 2 and isinstance(args[1], Tensor):
            return torch.add(*args)
        found = function(*args, **kwargs)
        if name == "max" and isinstance(found, tuple):  # along a dimension, with indices
            return type(found)((torch.sum(*args, **kwargs), found[1]))
        if name in MAX_POOLS and isinstance(found, Tensor):
            shared = {key: kwargs[key] for key in kwargs.keys() & POOLED_BY}
            means = getattr(nn.functional, name.replace("max", "avg"))(*args[:4], **shared)
            return means if means.shape == found.shape else found  # as of dilated windows
        return found


def anatomy(network: nn.Module, masks: dict[str, Tensor]) -> dict[str, dict[str, int]]:
    """Count, for every weight and bias, what a mask keeps and what of that can have an effect.

    A connection is effective if it lies on a path of kept connections from an input to an output
    (as in Vysogorets and Kempe, "Connectivity matters", 2023). A bias is effective if its unit is
    not dead.

    To find the paths, we evaluate a copy of the network on a positive image with kept weights
    positive, pruned weights 0 and biases 0. The derivative of the sum of outputs with respect to a
    weight is then a sum over the paths through it. The values are random, so that no two paths
    cancel where a network subtracts. Activations, normalisations and dropout are passed over.

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
        # torch takes ten times as long as numpy to count booleans.
        mask, incoming = masks[name].numpy(), effective[weight].numpy()
        alive = np.logical_or.reduce(incoming.reshape(len(incoming), -1), axis=1)
        if name == weight:
            working = incoming
        elif mask.size == len(alive):
            working = mask & alive.reshape(mask.shape)
        else:
            raise NetworkError(
                f"bias {name} has {mask.size} elements, expected one for each of the {len(alive)} "
                f"outputs of its layer's weight {weight} {incoming.shape}"
            )
        result[name] = {
            "parameters": mask.size,
            "kept": int(np.count_nonzero(mask)),
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
