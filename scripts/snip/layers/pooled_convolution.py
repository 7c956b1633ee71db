"""A convolution with 2 × 2 max-pooling as one layer, made of large matrix products.

There are two methods, both exact up to rounding. A convolution of one channel is bound by memory:
`snip.layers.patches` multiplies patches and pools each product while the cache holds it. A
convolution of several channels is bound by arithmetic: `snip.layers.fourier` needs fewer
operations.
"""

import torch
from torch import Tensor, nn

from snip.layers.fourier import FourierConvolution
from snip.layers.operation import Layer, Operation, apply
from snip.layers.patches import PatchConvolution
from snip.layers.pooling import convolve_and_pool


class PooledConvolution(Layer, nn.Conv2d):
    """Convolution without padding, then max-pooling over windows of 2 × 2.

    Takes images (examples, in_channels, height, width) and returns (examples, out_channels,
    (height − kernel_size + 1) / 2, (width − kernel_size + 1) / 2), rounded down. Uses this
    package's methods for single precision on a processor, and PyTorch's own layers otherwise.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int):
        super().__init__(in_channels, out_channels, kernel_size)

    def operation(self, needs_inputs: bool, training: bool = True) -> Operation:
        """Return the faster method.

        Args:
            needs_inputs: whether the images need a gradient.
            training: whether a backward pass may follow.
        """
        by_patches = self.in_channels == 1 and not needs_inputs
        return PatchConvolution(training) if by_patches else FourierConvolution(training)

    def forward(self, images: Tensor) -> Tensor:
        """Convolve and pool; see the class."""
        ours = images.device.type == "cpu" and images.dtype == self.weight.dtype == torch.float32
        if not ours or min(images.shape[2:]) <= self.kernel_size[0]:  # PyTorch's raises an error
            return convolve_and_pool(images, self.weight, self.bias)
        operation = self.operation(images.requires_grad, torch.is_grad_enabled())
        return apply(operation, images, self.weight, self.bias)
