"""What a mask leaves of a network: how many connections, on how many paths, and dead units."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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


class _Linear(TorchFunctionMode):
    """A context in which activations, normalisations and dropout return their input."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        # In-place functions have the same name with an underscore.
        if getattr(function, "__name__", "").rstrip("_") in UNCHANGED:
            return args[0] if args else kwargs["input"]
        return function(*args, **(kwargs or {}))


def anatomy(network: nn.Module, masks: dict[str, Tensor]) -> dict[str, dict[str, int]]:
    """Count, for every weight and bias, what a mask keeps and what of that can have an effect.

    A connection is effective if it lies on a path of kept connections from an input to an output
    (as in Vysogorets and Kempe, "Connectivity matters", 2023). A bias is effective if its unit is
    not dead.

    To count paths, we evaluate the network on an image of ones with kept weights 1, pruned weights
    0 and biases 0. Each value is then the number of paths from the input, and the derivative of the
    sum of outputs with respect to a weight is the number of paths through it. This holds for linear
    layers, convolutions and pooling; activations, normalisations and dropout are passed over.

    Args:
        network: the network; the values of its weights do not matter.
        masks: per parameter a boolean tensor of its shape, True where kept.

    Returns:
        Per weight and bias (see `connections`): `parameters`; `kept` of these; `effective` of
        these; `units`, the output units or channels of its layer; and `dead_units`, those with no
        incoming connection on a path, which output at most a constant.
    """
    weight_of = connections(network)
    weights = [name for name, weight in weight_of.items() if name == weight]
    ones = {name: mask.double() for name, mask in masks.items()}
    for name, weight in weight_of.items():
        ones[name] = ones[name].requires_grad_() if name == weight else ones[name] * 0
    # Copies, as layers may write into their buffers, and double, to match the weights.
    buffers = {
        name: buffer.double() if buffer.is_floating_point() else buffer.clone()
        for name, buffer in network.named_buffers()
    }
    image = torch.ones(1, 1, 28, 28, dtype=torch.float64)
    with _Linear():
        paths = torch.func.functional_call(network, ones | buffers, (image,)).sum()
    through = torch.autograd.grad(paths, [ones[name] for name in weights])
    effective = {
        name: masks[name] & (count > 0) for name, count in zip(weights, through, strict=True)
    }
    result = {}
    for name, weight in weight_of.items():
        mask, incoming = masks[name], effective[weight]
        # torch takes ten times as long as numpy to count booleans.
        alive = incoming.numpy().reshape(len(incoming), -1).any(1)
        working = effective[name].numpy() if name == weight else mask.numpy() & alive
        result[name] = {
            "parameters": mask.numel(),
            "kept": int(np.count_nonzero(mask.numpy())),
            "effective": int(np.count_nonzero(working)),
            "units": len(alive),
            "dead_units": int(np.count_nonzero(~alive)),
        }
    return result
