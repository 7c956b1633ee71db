"""Convolution with 2 × 2 max-pooling by PyTorch's own operations, which autograd can follow."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def forward(images: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve images and pool the result."""
    return nn.functional.max_pool2d(nn.functional.conv2d(images, weight, bias), 2)


def backward(
    images: Tensor, weight: Tensor, grad_pooled: Tensor, needs_grad: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor]:
    """Return the gradients of images, weight and bias, themselves differentiable.

    With create_graph=True, autograd differentiates the operations of a backward pass. It cannot
    follow a method that writes into preallocated memory, so such a method's backward pass calls
    this function instead.

    Args:
        needs_grad: whether images and weight need a gradient; None is returned where not.
    """
    inputs = [
        tensor if needed else None
        for tensor, needed in zip((images, weight), needs_grad, strict=True)
    ]
    wanted = [tensor for tensor in inputs if tensor is not None]
    gradients = iter(
        torch.autograd.grad(forward(images, weight), wanted, grad_pooled, create_graph=True)
        if wanted
        else ()
    )
    grad_images, grad_weight = (None if tensor is None else next(gradients) for tensor in inputs)
    return grad_images, grad_weight, grad_pooled.sum((0, 2, 3))
