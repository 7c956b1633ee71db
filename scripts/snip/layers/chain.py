"""Networks whose layers follow one another: gradients without autograd.

A step of a small network is some hundred operations of a few microseconds each. Autograd would take
a sixth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from snip.layers.operation import Layer, Operation, is_plain
from snip.layers.products import array


class Rectification(Operation):
    """ReLU."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the inputs where they are positive, else zero."""
        self.outputs = torch.relu(torch.from_numpy(inputs))
        return self.outputs.numpy()

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradient of the inputs."""
        gradient = torch.from_numpy(gradient)
        return [torch.ops.aten.threshold_backward(gradient, self.outputs, 0).numpy()]


class Flattening(Operation):
    """All dimensions but the first become one."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the inputs (examples, ...) as (examples, features)."""
        self.shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradient of the inputs."""
        return [gradient.reshape(self.shape)]


SIMPLE = {nn.ReLU: Rectification, nn.Flatten: Flattening}


class Chain:
    """The layers of a network, one after the other.

    Attributes:
        layers: per layer what makes its operation, and its parameters' memory.
        first: index of the first layer with parameters; gradients end there.
    """

    def __init__(self, layers: Sequence[nn.Module]):
        parameters = [[array(parameter) for parameter in layer.parameters()] for layer in layers]
        self.first = next(index for index, own in enumerate(parameters) if own)
        makers = [
            SIMPLE.get(type(layer)) or partial(layer.operation, needs_inputs=index > self.first)
            for index, layer in enumerate(layers)
        ]
        self.layers = list(zip(makers, parameters, strict=True))

    def forward(self, images: Tensor) -> Tensor:
        """Return the network's outputs (examples, classes) for a batch, to train on."""
        self.operations, values = [], array(images)
        with np.errstate(all="ignore"):  # as in torch, an overflow is no warning
            for make, parameters in self.layers:
                self.operations.append(make())
                values = self.operations[-1].forward(values, *parameters)
        return torch.from_numpy(values)

    def backward(self, gradient: Tensor) -> list[Tensor]:
        """Return the gradient of each parameter from that of the outputs of `forward`."""
        passed_on, gradients = array(gradient), []
        with np.errstate(all="ignore"):
            for index in reversed(range(self.first, len(self.layers))):
                operation, (_, parameters) = self.operations[index], self.layers[index]
                passed_on, *own = operation.backward(passed_on, index > self.first)
                gradients = own[: len(parameters)] + gradients
        return [torch.from_numpy(found) for found in gradients]


def chain_of(network: nn.Module) -> Chain | None:
    """Return the chain of a network; None if it is none, and autograd must differentiate it.

    A chain is a plain `nn.Sequential` on a processor, in single precision, of layers that have an
    operation, without hooks, and with parameters that are all trained and not shared.
    """
    if type(network) is not nn.Sequential:
        return None
    layers = [layer for layer in network if type(layer) is not nn.Identity]
    parameters = list(network.named_parameters(remove_duplicate=False))
    whole = (
        all(_in_chain(layer) for layer in layers)
        and all(is_plain(module) for module in network.modules())
        and not nn.modules.module._has_any_global_hook()
        and all(p.device.type == "cpu" and p.dtype == torch.float32 for _, p in parameters)
        and all(p.requires_grad for _, p in parameters)
        and len({id(p) for _, p in parameters}) == len(parameters) > 0
    )
    return Chain(layers) if whole else None


def _in_chain(layer: nn.Module) -> bool:
    if type(layer) is nn.Flatten:
        return (layer.start_dim, layer.end_dim) == (1, -1)
    if isinstance(layer, Layer) and "operation" in vars(type(layer)):
        return tuple(layer._parameters) == layer.operands
    return type(layer) in SIMPLE
