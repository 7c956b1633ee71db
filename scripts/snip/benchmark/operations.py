"""How many floating point operations training takes, counted from the layers' shapes."""

import copy

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_operations(network: nn.Module) -> tuple[int, int]:
    """Count the operations per image: multiplications and additions of layers with weights.

    Operations follow from the definition of the layers, whichever method computes them: two per
    weight and output position in the forward pass. The backward pass has as many for the gradient
    of the weights, and as many again for that of the inputs, which the first layer does not need.
    Biases, ReLUs, pooling, loss and update are not counted (less than one per cent).

    Returns:
        Operations of a forward pass, and of a forward and a backward pass.
    """
    network = copy.deepcopy(network).eval()
    with FlopCounterMode(display=False) as counter:
        logits = network(torch.zeros(1, 1, 28, 28))
        forward = counter.get_total_flops()
        logits.sum().backward()
        return forward, counter.get_total_flops()
