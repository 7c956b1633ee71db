"""Networks whose layers follow one another: faster methods than PyTorch's, without autograd.

A chain works beside its network, on the memory of the network's parameters, and changes no module.
A step of a small network is some hundred operations of a few microseconds each, of which autograd
would take a sixth. A convolution and its pooling are one operation: over one channel by patches,
which is bound by memory, and else by the Fourier transform, which needs fewer operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snip.layers.fourier import FourierConvolution
from snip.layers.linear import DENSITY, Pattern, Product, SparseProduct
from snip.layers.operation import Operation
from snip.layers.patches import PatchConvolution


class Rectification(Operation):
    """ReLU."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the inputs where they are positive, else zero."""
        self.outputs = torch.relu(torch.from_numpy(inputs))
        return self.outputs.numpy()

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradient of the inputs."""
        upstream = torch.from_numpy(gradient)
        return [torch.ops.aten.threshold_backward(upstream, self.outputs, 0).numpy()]


class Flattening(Operation):
    """All dimensions but the first become one."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Return the inputs (examples, ...) as (examples, features)."""
        self.shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradient of the inputs."""
        return [gradient.reshape(self.shape)]


class Chain:
    """The operations of a network, one after the other.

    Attributes:
        parameters: what is trained, by the names of the network's parameters: their own memory, or
            for a weight that is held sparse its kept values, (kept,), row by row.
    """

    def __init__(self, layers: Sequence[tuple[str, nn.Module]], masks: Mapping[str, Tensor]):
        self.parameters: dict[str, Tensor] = {}
        # Per operation what makes it, given whether a backward pass may follow; and its parameters.
        self.links: list[tuple[Callable[[bool], Operation], list[np.ndarray]]] = []
        self.sparse: list[tuple[Tensor, Tensor, Tensor]] = []  # weight, mask, values
        # Gradients end at the first layer with parameters.
        self.first = next(index for index, (_, layer) in enumerate(layers) if layer._parameters)
        for index, (name, layer) in enumerate(layers):
            make: Callable[[bool], Operation] = MAKERS[type(layer)]
            own = {
                f"{name}.{kind}": parameter.detach()
                for kind, parameter in layer._parameters.items()
                if parameter is not None
            }
            weight = f"{name}.weight"
            mask = masks.get(weight)
            if type(layer) is nn.Conv2d and layer.in_channels == 1 and index == self.first:
                make = PatchConvolution
            elif type(layer) is nn.Linear and mask is not None and _is_sparse(mask):
                values = own[weight][mask]
                self.sparse.append((own[weight], mask, values))
                make, own[weight] = partial(SparseProduct, pattern=Pattern(mask)), values
            self.parameters |= own
            self.links.append((make, [tensor.numpy() for tensor in own.values()]))

    def forward(self, images: Tensor, training: bool = True) -> Tensor:
        """Return the network's outputs (examples, classes) for a batch.

        Args:
            training: whether `backward` may follow.
        """
        self.operations: list[Operation] = []
        values = images.numpy()
        with np.errstate(all="ignore"):  # as in torch, an overflow is no warning
            for make, parameters in self.links:
                operation = make(training)
                values = operation.forward(values, *parameters)
                if training:
                    self.operations.append(operation)
        return torch.from_numpy(values)

    def backward(self, gradient: Tensor) -> list[Tensor]:
        """Return the gradients of `parameters` from that of the outputs of `forward`."""
        passed_on: Any = gradient.numpy()  # None before the first layer with parameters
        gradients: list[Any] = []
        with np.errstate(all="ignore"):
            for index in reversed(range(self.first, len(self.links))):
                passed_on, *own = self.operations[index].backward(passed_on, index > self.first)
                gradients = own[: len(self.links[index][1])] + gradients
        return [torch.from_numpy(found) for found in gradients]

    def write_back(self) -> None:
        """Write the weights that are held sparse into the network's parameters."""
        for weight, mask, values in self.sparse:
            weight.zero_().masked_scatter_(mask, values)


MAKERS: dict[type[nn.Module], Callable[[bool], Operation]] = {
    nn.Conv2d: FourierConvolution,
    nn.Linear: Product,
    nn.ReLU: Rectification,
    nn.Flatten: Flattening,
}


def _is_sparse(mask: Tensor) -> bool:
    # Sparse gradients need MKL.
    few = int(mask.count_nonzero()) < DENSITY * mask.numel()
    return few and torch.backends.mkl.is_available()


def chain_of(network: nn.Module, masks: Mapping[str, Tensor] | None = None) -> Chain | None:
    """Return the chain of a network; None if it is none, and autograd must differentiate it.

    A chain is a plain `nn.Sequential` on a processor, in single precision, of layers that have an
    operation, without hooks, and with parameters that are all trained and not shared.

    Args:
        network: the network.
        masks: per parameter a boolean tensor, True where kept. Linear weights of which few are
            kept are held sparse, without their pruned ones. None keeps all.
    """
    if type(network) is not nn.Sequential:
        return None
    parameters = [p for _, p in network.named_parameters(remove_duplicate=False)]
    whole = (
        all(map(_is_plain, network.modules()))
        and not nn.modules.module._has_any_global_hook()
        and all(p.device.type == "cpu" and p.dtype == torch.float32 for p in parameters)
        and all(p.requires_grad for p in parameters)
        and len(set(map(id, parameters))) == len(parameters) > 0
    )
    layers = []
    pooled = True  # what a convolution computes must be: they are one operation
    for name, layer in network._modules.items():
        if type(layer) is nn.Identity:
            continue
        whole = whole and (_has_operation(layer) if pooled else _is_pooling(layer))
        if pooled:
            layers.append((name, layer))
        pooled = not pooled or type(layer) is not nn.Conv2d
    return Chain(layers, masks or {}) if whole and pooled else None


def _is_plain(module: nn.Module) -> bool:
    """Return whether calling a module does what its class says: no hook, no other `forward`."""
    hooks = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
        *(parameter._backward_hooks for parameter in module.parameters(recurse=False)),
    )
    return not any(hooks) and "forward" not in vars(module)


def _is_pooling(layer: nn.Module) -> bool:
    return (
        type(layer) is nn.MaxPool2d
        and layer.kernel_size in (2, (2, 2))
        and layer.stride in (2, (2, 2))
        and layer.padding in (0, (0, 0))
        and layer.dilation in (1, (1, 1))
        and not layer.ceil_mode
        and not layer.return_indices
    )


def _has_operation(layer: nn.Module) -> bool:
    if type(layer) is nn.Flatten:
        return (layer.start_dim, layer.end_dim) == (1, -1)
    if type(layer) is nn.Linear:
        return tuple(layer._parameters) == ("weight", "bias")
    if type(layer) is nn.Conv2d:
        height, width = layer.kernel_size
        return (
            height == width
            and layer.padding in ((0, 0), "valid")
            and layer.stride == layer.dilation == (1, 1)
            and layer.groups == 1
            and layer.bias is not None
            and tuple(layer._parameters) == ("weight", "bias")
        )
    return type(layer) is nn.ReLU


def differentiate(
    network: nn.Module,
    chain: Chain | None,
    parameters: Mapping[str, Tensor],
    images: Tensor,
    labels: Tensor,
    **options: Any,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the cross-entropy of a batch, and its gradients by name.

    Args:
        network: what to differentiate.
        chain: the network's chain, whose `parameters` are differentiated; None for autograd.
        parameters: what autograd differentiates.
        images: (examples, 1, 28, 28).
        labels: (examples,).
        options: of PyTorch's `cross_entropy`, such as `reduction`.
    """
    logits = chain.forward(images).requires_grad_() if chain else network(images)
    loss = nn.functional.cross_entropy(logits, labels, **options)
    if chain:
        gradients = chain.backward(*torch.autograd.grad(loss, logits))
        return loss, dict(zip(chain.parameters, gradients, strict=True))
    # A layer that forward skips now and then has a gradient of zero.
    found = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
    return loss, dict(zip(parameters, found, strict=True))
