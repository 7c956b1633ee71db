"""How many floating point operations training takes, counted from the layers' shapes."""

import torch
from torch import nn


def count_operations(network: nn.Module) -> tuple[int, int]:
    """Count the operations per image: products and sums of linear layers and convolutions.

    A layer's forward pass takes two operations per weight and output position; the backward pass
    the same again for the weights' gradient, and again for the input's, which the first layer does
    not need. Biases, ReLUs, pooling, loss and update are not counted (below one per cent).

    Returns:
        Operations of a forward pass, and of a forward and backward pass.
    """
    layers: list[int] = []

    def count(layer: nn.Module, _, output: torch.Tensor) -> None:
        positions = output[0].numel() // layer.weight.shape[0]
        layers.append(2 * layer.weight.numel() * positions)

    hooks = [
        layer.register_forward_hook(count)
        for layer in network.modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    with torch.no_grad():
        network(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return sum(layers), 3 * sum(layers) - layers[0]
