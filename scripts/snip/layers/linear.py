"""Linear layers that multiply by `snip.layers.products`."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from snip.layers.operation import Layer, Operation, apply
from snip.layers.products import multiply, sum_examples


class Product(Operation):
    """Inputs (..., inputs) times a transposed weight, plus a bias or none."""

    def forward(
        self, inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the outputs (..., outputs)."""
        self.shape, self.inputs, self.weight = inputs.shape, flat(inputs), weight
        outputs = multiply(weight, self.inputs.T)
        if bias is not None:
            outputs += bias[:, None]
        return outputs.T.reshape(*self.shape[:-1], -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, weight and bias."""
        gradient, grad_inputs = flat(gradient).T, None
        if needs_inputs:
            grad_inputs = multiply(self.weight.T, gradient).T.reshape(self.shape)
        return grad_inputs, multiply(gradient, self.inputs), sum_examples(gradient)

    def definition(self, inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return the outputs by PyTorch's own operation."""
        return nn.functional.linear(inputs, weight, bias)


class Linear(Layer, nn.Linear):
    """PyTorch's linear layer, faster in single precision on a processor."""

    def operation(self, needs_inputs: bool) -> Operation:
        """Return the product with the weight."""
        return Product()

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply (..., inputs) by the weight and add the bias."""
        if inputs.device.type != "cpu" or not inputs.dtype == self.weight.dtype == torch.float32:
            return super().forward(inputs)
        return apply(Product(), inputs, self.weight, self.bias)


def flat(values: np.ndarray) -> np.ndarray:
    """Return values (..., features) as a matrix (examples, features)."""
    return values if values.ndim == 2 else values.reshape(-1, values.shape[-1])


def use_fast_linear_layers(network: nn.Module) -> None:
    """Turn PyTorch's linear layers of a network into `Linear`, in place."""
    for layer in network.modules():
        if type(layer) is nn.Linear:
            layer.__class__ = Linear
