"""What a mask leaves of a network: connections, paths, units."""

import numpy as np
import torch
from torch import Tensor, nn


def anatomy(network: nn.Module, masks: dict[str, Tensor]) -> dict[str, dict[str, int]]:
    """Count, for every parameter tensor, what a mask keeps and what of that can have an effect.

    A connection is effective if it lies on a path of kept connections from an input to an output
    (as in Vysogorets and Kempe, "Connectivity matters", 2023). To find the paths, the network is
    evaluated with every kept weight 1, biases 0, on an image of ones: all values then count paths
    from the input, and the derivative of the outputs' sum in a weight counts the paths through it.
    That holds for layers that are linear, convolutions, ReLUs and pooling. A bias is effective
    if its unit is not dead.

    Args:
        network: the network; its own weights do not matter.
        masks: per parameter a boolean tensor of its shape, True where kept.

    Returns:
        Per parameter tensor: `parameters`, `kept` of them, `effective` of those, `units` (output
        units or channels of its layer), `dead_units` (those whose incoming connections are on no
        path: they add a constant at most).
    """
    weights = [name for name in masks if masks[name].dim() > 1]
    ones = {
        name: mask.double().requires_grad_() if name in weights else mask.double() * 0
        for name, mask in masks.items()
    }
    image = torch.ones(1, 1, 28, 28, dtype=torch.float64)
    paths = torch.func.functional_call(network, ones, (image,)).sum()
    through = torch.autograd.grad(paths, [ones[name] for name in weights])
    effective = {
        name: masks[name] & (count > 0) for name, count in zip(weights, through, strict=True)
    }
    result = {}
    for name, mask in masks.items():
        incoming = effective[name if name in weights else name.rpartition(".")[0] + ".weight"]
        # numpy: torch counts booleans ten times slower.
        alive = incoming.numpy().reshape(len(incoming), -1).any(1)
        working = effective[name].numpy() if name in weights else mask.numpy() & alive
        result[name] = {
            "parameters": mask.numel(),
            "kept": int(np.count_nonzero(mask.numpy())),
            "effective": int(np.count_nonzero(working)),
            "units": len(alive),
            "dead_units": int(np.count_nonzero(~alive)),
        }
    return result
