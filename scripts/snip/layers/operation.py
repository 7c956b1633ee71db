"""What layers compute, on arrays: forward and backward, with or without autograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function, forward_ad

from snip.layers.products import array


class Operation:
    """One layer's computation; an object serves one forward pass and the backward pass after it.

    Arrays have PyTorch's shapes, (examples, ...), but examples come last in memory: so every
    operation reads and writes long rows.

    Args:
        training: whether a backward pass may follow.
    """

    def __init__(self, training: bool = True):
        self.training = training

    def forward(self, inputs: np.ndarray, *parameters: np.ndarray | None) -> np.ndarray:
        """Return the layer's outputs."""
        raise NotImplementedError

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of the inputs and of each parameter from that of the outputs.

        Args:
            needs_inputs: whether the inputs need a gradient; if not, it may be None.
        """
        raise NotImplementedError

    def definition(self, inputs: Tensor, *parameters: Tensor | None) -> Tensor:
        """Return the outputs by PyTorch's own operations, which autograd can follow."""
        raise NotImplementedError


class Layer:
    """A module that computes an operation. Derived classes that compute another say which.

    Attributes:
        operands: names of the parameters that the operation takes.
    """

    operands: ClassVar[tuple[str, ...]] = ("weight", "bias")

    def operation(self, needs_inputs: bool) -> Operation:
        """Return what the layer computes in training.

        Args:
            needs_inputs: whether its inputs need a gradient.
        """
        raise NotImplementedError


def is_plain(module: nn.Module) -> bool:
    """Return whether calling a module does what its class says: no hook, no other `forward`."""
    hooks = (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
        *(parameter._backward_hooks for parameter in module.parameters(recurse=False)),
    )
    return not any(hooks) and "forward" not in vars(module)


def apply(operation: Operation, inputs: Tensor, *parameters: Tensor | None) -> Tensor:
    """Return an operation's outputs, which autograd can differentiate, even twice."""
    if _tensors_stand_for_others() or forward_ad._current_level >= 0 or torch.jit.is_tracing():
        return operation.definition(inputs, *parameters)
    return _Application.apply(operation, inputs, *parameters)


def _tensors_stand_for_others() -> bool:
    """Return whether tensors have no memory of their own: in torch.func's vmap, grad and so on."""
    return torch._C._are_functorch_transforms_active()


class _Application(Function):
    @staticmethod
    def forward(ctx, operation: Operation, *operands: Tensor | None) -> Tensor:
        ctx.operation = operation
        ctx.save_for_backward(*operands)
        with np.errstate(all="ignore"):  # as in torch, an overflow is no warning
            return torch.from_numpy(operation.forward(*map(_array, operands)))

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        operands = ctx.saved_tensors  # raises an error if one was changed in place
        _, *needed = ctx.needs_input_grad
        create_graph = torch.is_grad_enabled()
        batched = torch._C._functorch.is_legacy_batchedtensor(gradient)  # is_grads_batched=True
        if create_graph or batched or _tensors_stand_for_others():
            # With create_graph=True autograd differentiates the backward pass. It cannot follow
            # arrays, so it gets the definition: of views, lest gradients run on into the inputs,
            # which may depend on the same parameters.
            with torch.enable_grad():
                views = [
                    None if operand is None else operand.view_as(operand) for operand in operands
                ]
                outputs = ctx.operation.definition(*views)
            wanted = [view for view, need in zip(views, needed, strict=True) if need]
            found = iter(torch.autograd.grad(outputs, wanted, gradient, create_graph=create_graph))
            return None, *(next(found) if need else None for need in needed)
        with np.errstate(all="ignore"):
            gradients = ctx.operation.backward(gradient.numpy(), needed[0])
        pairs = zip(gradients, needed, strict=True)
        return None, *(torch.from_numpy(found) if need else None for found, need in pairs)


def _array(operand: Tensor | None) -> np.ndarray | None:
    return None if operand is None else array(operand)
