"""A convolution with 2 × 2 max-pooling as one layer, made of large matrix products.

There are two methods, both exact but for rounding. The convolution of a single channel, which
memory bounds, is a product with the patches that a pooling window sees, pooled while the product
is still in the processor's cache. That of several channels, which arithmetic bounds, is a product
per frequency of the discrete Fourier transform (Mathieu, Henaff and LeCun, "Fast training of
convolutional networks through FFTs", 2014); images are so small that the transform itself is
fastest as a matrix product.

Inside, examples come last in memory, so that everything walks through it in long rows; the second
method's result, flattened, is a matrix that a linear layer takes as it is.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class PooledConvolution(nn.Conv2d):
    """Convolution without padding, then max-pooling over windows of 2 × 2.

    Takes images (examples, in_channels, height, width) and returns (examples, out_channels,
    (height − kernel_size + 1) / 2, (width − kernel_size + 1) / 2), rounded down. In single
    precision on a processor it is computed by the methods of this module, elsewhere by PyTorch's.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int):
        super().__init__(in_channels, out_channels, kernel_size)

    def forward(self, images: Tensor) -> Tensor:
        """Convolve and pool; see the class."""
        odd = any((length - self.kernel_size[0]) % 2 == 0 for length in images.shape[2:])
        if odd or images.device.type != "cpu" or images.dtype != torch.float32:
            return nn.functional.max_pool2d(super().forward(images), 2)
        method = _Patches if self.in_channels == 1 else _Fourier
        return method.apply(images, self.weight, self.bias)


def _pool(corners: Sequence[Tensor], largest: Tensor, differences: Sequence[Tensor]) -> None:
    """Write the elementwise maximum of a window's corners, and what its gradient needs.

    Args:
        corners: four tensors, in reading order; overwritten.
        largest: of the same shape.
        differences: three more, for `_unpool`: right less left in the upper row, in the lower row,
            and lower less upper.
    """
    upper, upper_right, lower, lower_right = corners
    torch.sub(upper_right, upper, out=differences[0])
    torch.sub(lower_right, lower, out=differences[1])
    torch.maximum(upper, upper_right, out=upper)
    torch.maximum(lower, lower_right, out=lower)
    torch.sub(lower, upper, out=differences[2])
    torch.maximum(upper, lower, out=largest)


def _unpool(gradient: Tensor, differences: Sequence[Tensor], corners: Sequence[Tensor]) -> None:
    """Write the gradient of the corners: that of the maximum to the first largest, zero else."""
    upper, upper_right, lower, lower_right = corners
    # The derivative of ReLU: several times faster than comparing and selecting.
    where_positive = torch.ops.aten.threshold_backward.grad_input
    where_positive(gradient, differences[2], 0, grad_input=lower)
    torch.sub(gradient, lower, out=upper)
    where_positive(upper, differences[0], 0, grad_input=upper_right)
    torch.sub(upper, upper_right, out=upper)
    where_positive(lower, differences[1], 0, grad_input=lower_right)
    torch.sub(lower, lower_right, out=lower)


@lru_cache
def _pixels_of_windows(height: int, width: int, size: int) -> Tensor:
    """Return the places in an image (height, width) that each pooling window sees, flat.

    By row of windows, then place in the patch of (size + 1) × (size + 1), then window in the row.
    """
    tops, lefts = np.arange(0, height - size, 2), np.arange(0, width - size, 2)
    inside = np.arange(size + 1)
    rows = (tops[:, None] + inside)[:, :, None, None]
    columns = (inside[:, None] + lefts)[None, None]
    with torch.inference_mode(False):
        return torch.from_numpy((rows * width + columns).reshape(len(tops), -1))


def _at_corners(filters: Tensor, shape: torch.Size) -> Iterator[Tensor]:
    """Yield where a filter of a shape (channels, 1, size, size) stands at each corner of a window.

    Args:
        filters: (4 · channels, (size + 1) · (size + 1)).
    """
    channels, _, size, _ = shape
    for corner, part in enumerate(filters.unflatten(1, (size + 1, size + 1)).split(channels)):
        y, x = divmod(corner, 2)
        yield part[:, y : y + size, x : x + size]


class _Patches(Function):
    """Convolution of one channel, with pooling, a row of pooling windows at a time."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        rows = _Rows(images, weight, bias)
        largest = weight.new_empty(rows.count, rows.columns, len(weight), len(images))
        differences = weight.new_empty(rows.count, 3, *rows.products.shape[1:])
        for row, part in enumerate(largest.transpose(1, 2).unbind()):
            rows.gather(row)
            torch.mm(rows.filters, rows.patches, out=rows.flat)
            _pool(rows.corners, part, differences[row].unbind())
        ctx.save_for_backward(images, weight, bias, differences)
        return largest.permute(3, 2, 0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        images, weight, bias, differences = ctx.saved_tensors
        rows = _Rows(images, weight, bias)
        of_filters = torch.zeros_like(rows.filters.T)
        of_pixels = torch.zeros_like(rows.pixels) if ctx.needs_input_grad[0] else None
        for row, part in enumerate(gradient.permute(2, 1, 3, 0).unbind()):
            rows.gather(row)
            # From here the products' memory holds their gradient.
            _unpool(part, differences[row].unbind(), rows.corners)
            of_filters.addmm_(rows.patches, rows.flat.T)
            if of_pixels is not None:
                of_patches = (rows.filters[:, :-1].T @ rows.flat).view(-1, len(images))
                of_pixels.index_add_(0, rows.places[row], of_patches)
        of_corners, of_bias = of_filters[:-1].T, of_filters[-1].view(4, -1).sum(0)
        of_weight = sum(_at_corners(of_corners, weight.shape)).view(weight.shape)
        of_images = None if of_pixels is None else of_pixels.T.reshape(images.shape)
        return of_images, of_weight, of_bias


class _Rows:
    """One row of pooling windows after the other, in the same memory.

    Attributes:
        count, columns: numbers of rows, and of windows in each.
        filters: at each corner of a window, (4 · channels, (size + 1)² + 1); last the bias.
        patches: what the present row's windows see, (as above, columns · examples); last ones.
        products: of the two, (4, channels, columns, examples); `corners` and `flat` are views.
    """

    def __init__(self, images: Tensor, weight: Tensor, bias: Tensor):
        examples, _, height, width = images.shape
        channels, _, size, _ = weight.shape
        self.places = _pixels_of_windows(height, width, size)
        self.pixels = images.reshape(examples, -1).T.contiguous()
        self.count, self.columns = len(self.places), (width - size + 1) // 2
        seen = (size + 1) ** 2
        self.filters = weight.new_zeros(4 * channels, seen + 1)
        for part in _at_corners(self.filters[:, :-1], weight.shape):
            part.copy_(weight[:, 0])
        self.filters[:, -1] = bias.repeat(4)
        self.patches = weight.new_ones(seen + 1, self.columns * examples)
        self.selected = self.patches[:-1].view(-1, examples)
        self.products = weight.new_empty(4, channels, self.columns, examples)
        self.flat = self.products.view(4 * channels, -1)
        self.corners = self.products.unbind()

    def gather(self, row: int) -> None:
        """Fill `patches` for a row."""
        torch.index_select(self.pixels, 0, self.places[row], out=self.selected)


@lru_cache
def _transforms(height: int, width: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the discrete Fourier transforms of a convolution's three parts, as matrices.

    Of each pair of conjugate frequencies of a real image one is left, (height · width + real ones)
    / 2 in all; each has two rows, its real and its imaginary part.

    Returns:
        Of images (height, width) and filters (size, size): (2 · frequencies, places). The inverse,
        at the places where the filter lies inside the image: (places, 2 · frequencies).
    """
    frequencies, real = [], []
    for y in range(height):
        for x in range(width):
            conjugate = (-y % height, -x % width)
            if (y, x) <= conjugate:
                frequencies.append((y / height, x / width))
                real.append((y, x) == conjugate)

    def transform(rows: int, columns: int) -> np.ndarray:
        y, x = np.mgrid[:rows, :columns].reshape(2, -1)
        phases = 2 * np.pi * (np.array(frequencies) @ [y, x])
        return np.stack([np.cos(phases), -np.sin(phases)], axis=1)

    inverse = transform(height - size + 1, width - size + 1)
    inverse *= np.where(real, 1, 2)[:, None, None] / (height * width)
    matrices = transform(height, width), transform(size, size), inverse
    with torch.inference_mode(False):
        images, filters, inverse = (
            torch.from_numpy(m.reshape(-1, m.shape[-1]).astype(np.float32)) for m in matrices
        )
        return images, filters, inverse.T.contiguous()


class _Fourier(Function):
    """Convolution by the Fourier transform, then pooling.

    What is called convolution here is a correlation: at each frequency the sum over channels of the
    image's transform times the complex conjugate of the filter's. Complex numbers are pairs of real
    ones, on which a filter acts as the matrix [[re, im], [−im, re]].
    """

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        examples, inputs, height, width = images.shape
        outputs, _, size, _ = weight.shape
        of_images, of_filters, inverse = _transforms(height, width, size)
        count = len(of_images) // 2
        places = images.permute(2, 3, 1, 0).reshape(height * width, inputs * examples)
        spectrum = (of_images @ places).view(count, 2 * inputs, examples)
        filters = (of_filters @ weight.reshape(outputs * inputs, -1).T).view(count, 2, outputs, -1)
        matrices = weight.new_empty(count, 2, outputs, 2, inputs)
        matrices[:, 0, :, 0] = matrices[:, 1, :, 1] = filters[:, 0]
        matrices[:, 0, :, 1] = filters[:, 1]
        torch.neg(filters[:, 1], out=matrices[:, 1, :, 0])
        matrices = matrices.view(count, 2 * outputs, 2 * inputs)
        products = torch.bmm(matrices, spectrum).view(2 * count, outputs * examples)
        rows, columns = (height - size + 1) // 2, (width - size + 1) // 2
        convolved = (inverse @ products).view(rows, 2, columns, 2, outputs, examples)
        largest = weight.new_empty(outputs, rows, columns, examples)
        differences = weight.new_empty(3, rows, columns, outputs, examples)
        _pool(_corners(convolved), largest.permute(1, 2, 0, 3), differences)
        largest += bias[:, None, None, None]
        ctx.save_for_backward(spectrum, matrices, differences)
        ctx.shapes = images.shape, weight.shape
        return largest.permute(3, 0, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        spectrum, matrices, differences = ctx.saved_tensors
        (examples, inputs, height, width), shape = ctx.shapes
        outputs, _, size, _ = shape
        of_images, of_filters, inverse = _transforms(height, width, size)
        count = len(matrices)
        _, rows, columns, _, _ = differences.shape
        of_convolved = gradient.new_empty(rows, 2, columns, 2, outputs, examples)
        gradient = gradient.permute(2, 3, 1, 0).contiguous()
        _unpool(gradient, differences, _corners(of_convolved))
        of_products = inverse.T @ of_convolved.view(-1, outputs * examples)
        of_products = of_products.view(count, 2 * outputs, examples)
        of_places = None
        if ctx.needs_input_grad[0]:
            of_spectrum = torch.bmm(matrices.transpose(1, 2), of_products)
            of_places = of_images.T @ of_spectrum.view(2 * count, inputs * examples)
            of_places = of_places.view(height, width, inputs, examples).permute(3, 2, 0, 1)
        of_matrices = torch.bmm(of_products, spectrum.transpose(1, 2))
        of_matrices = of_matrices.view(count, 2, outputs, 2, inputs)
        filters = gradient.new_empty(count, 2, outputs, inputs)
        torch.add(of_matrices[:, 0, :, 0], of_matrices[:, 1, :, 1], out=filters[:, 0])
        torch.sub(of_matrices[:, 0, :, 1], of_matrices[:, 1, :, 0], out=filters[:, 1])
        of_weight = filters.view(2 * count, -1).T @ of_filters
        return of_places, of_weight.view(shape), gradient.sum((0, 1, 3))


def _corners(convolved: Tensor) -> list[Tensor]:
    """Return the corners of all windows of an image (rows, 2, columns, 2, channels, examples)."""
    return [convolved[:, y, :, x] for y in (0, 1) for x in (0, 1)]
