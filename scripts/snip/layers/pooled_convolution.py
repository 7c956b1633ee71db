"""A convolution with 2 × 2 max-pooling as one layer, made of large matrix products.

There are two methods, both exact up to rounding. A convolution of one channel is bound by memory:
`snip.layers.patches` multiplies patches and pools each product while the cache holds it. A
convolution of several channels is bound by arithmetic: `snip.layers.fourier` needs fewer
operations. Both keep examples last in memory, so that every operation reads and writes long rows.
"""

import torch
from torch import Tensor, nn

from snip.layers import pooled_definition
from snip.layers.fourier import FourierConvolution
from snip.layers.patches import PatchConvolution


class PooledConvolution(nn.Conv2d):
    """Convolution without padding, then max-pooling over windows of 2 × 2.

    Takes images (examples, in_channels, height, width) and returns (examples, out_channels,
    (height − kernel_size + 1) / 2, (width − kernel_size + 1) / 2), rounded down. Uses this
    package's methods for single precision on a processor where windows cover the whole convolved
    image, and PyTorch's own layers otherwise.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int):
        super().__init__(in_channels, out_channels, kernel_size)

    def forward(self, images: Tensor) -> Tensor:
        """Convolve and pool; see the class."""
        uncovered = any((length - self.kernel_size[0]) % 2 == 0 for length in images.shape[2:])
        if uncovered or images.device.type != "cpu" or images.dtype != torch.float32:
            return pooled_definition.forward(images, self.weight, self.bias)
        method = PatchConvolution if self.in_channels == 1 else FourierConvolution
        # Autograd disables grad mode inside Function.forward, so pass it in.
        return method.apply(images, self.weight, self.bias, torch.is_grad_enabled())
