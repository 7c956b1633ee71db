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

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import Function


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
        # Autograd disables grad mode inside Function.forward, so pass it in.
        return method.apply(images, self.weight, self.bias, torch.is_grad_enabled())


def _pool(corners: Tensor, largest: Tensor, differences: Tensor | None) -> None:
    """Write the maximum of each window's corners, and what its gradient needs.

    Args:
        corners: (2, 2, ...), upper and lower, left and right; overwritten.
        largest: (...).
        differences: (3, ...), for `_unpool`: right less left above and below, and the larger below
            less the larger above. None: not needed.
    """
    left, right = corners.unbind(1)
    upper, lower = left
    if differences is not None:
        torch.sub(right, left, out=differences[:2])
    torch.maximum(left, right, out=left)
    if differences is not None:
        torch.sub(lower, upper, out=differences[2])
    torch.maximum(upper, lower, out=largest)


def _unpool(gradient: Tensor, differences: Tensor, corners: Tensor) -> None:
    """Write the gradient of the corners: that of the maximum to the first largest, zero else."""
    left, right = corners.unbind(1)
    upper, lower = left
    # The derivative of ReLU: several times faster than comparing and selecting.
    where_positive = torch.ops.aten.threshold_backward.grad_input
    where_positive(gradient, differences[2], 0, grad_input=lower)
    torch.sub(gradient, lower, out=upper)
    where_positive(left, differences[:2], 0, grad_input=right)
    torch.sub(left, right, out=left)


def _differentiable_backward(
    ctx, images: Tensor, weight: Tensor, gradient: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor, None]:
    """Return the backward pass of both methods by PyTorch's operations, for second derivatives.

    With create_graph=True autograd differentiates what a backward pass does, so all of it must be
    known to autograd, as the methods' writing into memory is not.
    """
    sources = [
        source if needed else None
        for source, needed in zip((images, weight), ctx.needs_input_grad, strict=False)
    ]
    wanted = [source for source in sources if source is not None]
    pooled = nn.functional.max_pool2d(nn.functional.conv2d(images, weight), 2)
    found = iter(torch.autograd.grad(pooled, wanted, gradient, create_graph=True) if wanted else ())
    grad_images, grad_weight = (None if source is None else next(found) for source in sources)
    return grad_images, grad_weight, gradient.sum((0, 2, 3)), None


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


@lru_cache
def _at_corners(size: int) -> Tensor:
    """Return the matrices that place a filter and its bias at each corner of a pooling window.

    Returns:
        (4, size² + 1, (size + 1)² + 1): from a filter, flat, and its bias to a patch, and again the
        bias.
    """
    placed = np.zeros((4, size**2 + 1, (size + 1) ** 2 + 1))
    places = np.arange((size + 1) ** 2).reshape(size + 1, size + 1)
    for corner, matrix in enumerate(placed):
        y, x = divmod(corner, 2)
        matrix[range(size**2), places[y : y + size, x : x + size].flat] = 1
        matrix[-1, -1] = 1
    with torch.inference_mode(False):
        return _single(placed)


class _Patches(Function):
    """Convolution of one channel, with pooling, a row of pooling windows at a time."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor, training: bool) -> Tensor:
        rows = _Rows(images, weight, bias)
        largest = weight.new_empty(rows.count, rows.columns, len(weight), len(images))
        differences = None
        if training:
            differences = weight.new_empty(rows.count, 3, *rows.corners.shape[2:])
        for row, part in enumerate(largest.transpose(1, 2).unbind()):
            rows.gather(row)
            torch.mm(rows.filters, rows.patches, out=rows.products)
            _pool(rows.corners, part, differences[row] if training else None)
        ctx.save_for_backward(images, weight, differences)
        ctx.rows, ctx.shapes = rows, (images.shape, weight.shape)
        return largest.permute(3, 2, 0, 1)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        *inputs, differences = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_backward(ctx, *inputs, gradient)
        rows, (images, weight) = ctx.rows, ctx.shapes
        # Row by row in memory: transposed, the products take half as long again.
        of_filters = gradient.new_zeros(rows.filters.T.shape)
        of_pixels = torch.zeros_like(rows.pixels) if ctx.needs_input_grad[0] else None
        for row, part in enumerate(gradient.permute(2, 1, 3, 0).unbind()):
            rows.gather(row)
            # From here the products' memory holds their gradient.
            _unpool(part, differences[row], rows.corners)
            of_filters.addmm_(rows.patches, rows.products.T)
            if of_pixels is not None:
                of_patches = (rows.filters[:, :-1].T @ rows.products).view(-1, images[0])
                of_pixels.index_add_(0, rows.places[row], of_patches)
        of_corners = of_filters.T.unflatten(0, (4, -1)) @ _at_corners(weight[-1]).mT
        of_weight, of_bias = of_corners.sum(0).split([weight[-1] ** 2, 1], dim=1)
        of_images = None if of_pixels is None else of_pixels.T.reshape(images)
        return of_images, of_weight.reshape(weight), of_bias[:, 0], None


class _Rows:
    """One row of pooling windows after the other, in the same memory.

    Attributes:
        count, columns: numbers of rows, and of windows in each.
        filters: at each corner of a window, (4 · channels, (size + 1)² + 1); last the bias.
        patches: what the present row's windows see, (as above, columns · examples); last ones.
        products: of the two; `corners` is a view (2, 2, channels, columns, examples).
    """

    def __init__(self, images: Tensor, weight: Tensor, bias: Tensor):
        examples, _, height, width = images.shape
        size = weight.shape[-1]
        self.places = _pixels_of_windows(height, width, size)
        self.pixels = images.reshape(examples, -1).T.contiguous()
        self.count, self.columns = len(self.places), (width - size + 1) // 2
        filters = torch.cat([weight.flatten(1), bias[:, None]], dim=1)
        self.filters = (filters @ _at_corners(size)).flatten(0, 1)
        self.patches = weight.new_ones(self.filters.shape[1], self.columns * examples)
        self.selected = self.patches[:-1].view(-1, examples)
        self.products = weight.new_empty(len(self.filters), self.columns * examples)
        self.corners = self.products.view(2, 2, -1, self.columns, examples)

    def gather(self, row: int) -> None:
        """Fill `patches` for a row."""
        torch.index_select(self.pixels, 0, self.places[row], out=self.selected)


def _single(matrix: np.ndarray) -> Tensor:
    """Return a matrix in single precision."""
    return torch.from_numpy(matrix.astype(np.float32))


class _Band(NamedTuple):
    """What one frequency down the columns, or one and its conjugate, stands for.

    Attributes:
        rows: which rows of numbers the transform down the columns makes of it: one that is real, or
            the real and the imaginary parts.
        frequencies: which frequencies the transform along these rows makes of them.
    """

    rows: slice
    frequencies: slice


class _Transform:
    """The discrete Fourier transform of real images: down the columns, then along the rows.

    Conjugate frequencies of a real image say the same, and one of both is left: down the columns
    one of each pair, along a real row half of them. Each is two numbers, real and imaginary part.

    Args:
        height, width: the transform's periods.
        rows, columns: of the images; beyond them they are zero.
        inverse: weight frequencies such that the transposed matrices are the inverse transform, at
            the images' places.

    Attributes:
        bands: the frequencies by their frequency down the columns.
        down: matrix of the first transform, (rows of numbers, rows).
        along: matrix of the second, per band: (2 · frequencies, columns), of a real row, or
            (2 · frequencies, 2 · columns), of a complex one.
    """

    def __init__(self, height: int, width: int, rows: int, columns: int, inverse: bool = False):
        self.columns = columns
        self.bands, self.along, down, frequencies = [], [], [], 0
        for y in range(height // 2 + 1):
            real = 2 * y % height == 0
            x = np.arange(width // 2 + 1 if real else width)
            wave_down = np.exp(-2j * np.pi / height * y * np.arange(rows))
            waves_along = np.exp(-2j * np.pi / width * np.outer(x, np.arange(columns)))
            if inverse:
                # What stands for its conjugate, too, counts twice.
                wave_down *= (1 if real else 2) / height
                waves_along *= np.where(real & (2 * x % width > 0), 2, 1)[:, None] / width
            made = [wave_down.real] if real else [wave_down.real, wave_down.imag]
            of_parts = [waves_along] if real else [waves_along, 1j * waves_along]
            along = np.concatenate([np.stack([w.real, w.imag], 1) for w in of_parts], axis=2)
            self.along.append(_single(along.reshape(2 * len(x), -1)))
            self.bands.append(
                _Band(
                    slice(len(down), len(down) + len(made)),
                    slice(frequencies, frequencies + len(x)),
                )
            )
            down += made
            frequencies += len(x)
        self.down = _single(np.stack(down))

    def matrix(self) -> Tensor:
        """Return both transforms as one matrix, (2 · frequencies, rows · columns)."""
        units = torch.eye(self.down.shape[1] * self.columns).view(self.down.shape[1], -1)
        rows = (self.down @ units).view(len(self.down), self.columns, -1)
        bands = zip(self.along, self.bands, strict=True)
        return torch.cat([along @ rows[band.rows].flatten(0, 1) for along, band in bands])


@lru_cache
def _transforms(height: int, width: int, size: int) -> tuple[_Transform, Tensor, _Transform]:
    """Return the transforms of images and filters (as a matrix), and of the result, inverse."""
    with torch.inference_mode(False):  # for evaluation and training alike
        return (
            _Transform(height, width, height, width),
            _Transform(height, width, size, size).matrix(),
            _Transform(height, width, height - size + 1, width - size + 1, inverse=True),
        )


# From (rows, 2, columns, 2, channels, examples) to the corners of windows.
_CORNERS = (1, 3, 0, 2, 4, 5)


class _Fourier(Function):
    """Convolution by the Fourier transform, then pooling.

    What is called convolution here is a correlation: at each frequency the sum over channels of the
    image's transform times the complex conjugate of the filter's. Complex numbers are pairs of real
    ones, on which a filter acts as the matrix [[re, im], [−im, re]].

    Between the first transform and the last, one band follows the other, to stay in the cache.
    """

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor, training: bool) -> Tensor:
        examples, inputs, height, width = images.shape
        outputs, _, size, _ = weight.shape
        of_images, of_filters, of_result = _transforms(height, width, size)
        count = len(of_filters) // 2
        filters = (of_filters @ weight.reshape(-1, size * size).T).view(count, 2, outputs, inputs)
        matrices = weight.new_empty(count, 2, outputs, 2, inputs)
        matrices[:, 0, :, 0] = matrices[:, 1, :, 1] = filters[:, 0]
        matrices[:, 0, :, 1] = filters[:, 1]
        torch.neg(filters[:, 1], out=matrices[:, 1, :, 0])
        matrices = matrices.view(count, 2 * outputs, 2 * inputs)
        rows = of_images.down @ images.permute(2, 3, 1, 0).reshape(height, -1)
        rows = rows.view(len(rows), width, inputs * examples)
        spectrum = weight.new_empty(count, 2 * inputs, examples)
        results = weight.new_empty(len(of_result.down), of_result.columns, outputs * examples)
        for along, back, band in zip(
            of_images.along, of_result.along, of_images.bands, strict=True
        ):
            part = spectrum[band.frequencies]
            torch.mm(along, rows[band.rows].flatten(0, 1), out=part.view(len(along), -1))
            products = torch.bmm(matrices[band.frequencies], part).view(len(back), -1)
            torch.mm(back.T, products, out=results[band.rows].flatten(0, 1))
        convolved = of_result.down.T @ results.flatten(1)
        rows, columns = len(convolved) // 2, of_result.columns // 2
        convolved = convolved.view(rows, 2, columns, 2, outputs, examples)
        largest = weight.new_empty(outputs, rows, columns, examples)
        differences = weight.new_empty(3, rows, columns, outputs, examples) if training else None
        _pool(convolved.permute(_CORNERS), largest.permute(1, 2, 0, 3), differences)
        largest += bias[:, None, None, None]
        ctx.save_for_backward(images, weight, spectrum, matrices, differences)
        ctx.shapes = images.shape, weight.shape
        return largest.permute(3, 0, 1, 2)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        *inputs, spectrum, matrices, differences = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_backward(ctx, *inputs, gradient)
        (examples, inputs, height, width), shape = ctx.shapes
        outputs, _, size, _ = shape
        of_images, of_filters, of_result = _transforms(height, width, size)
        _, rows, columns, _, _ = differences.shape
        of_convolved = gradient.new_empty(rows, 2, columns, 2, outputs, examples)
        gradient = gradient.permute(2, 3, 1, 0).contiguous()
        _unpool(gradient, differences, of_convolved.permute(_CORNERS))
        results = of_result.down @ of_convolved.view(2 * rows, -1)
        results = results.view(len(results), 2 * columns, -1)
        of_pixels = ctx.needs_input_grad[0]
        of_rows = gradient.new_empty(len(of_images.down), width, inputs * examples)
        of_matrices = torch.empty_like(matrices)
        for along, back, band in zip(
            of_images.along, of_result.along, of_images.bands, strict=True
        ):
            of_products = (back @ results[band.rows].flatten(0, 1)).view(-1, 2 * outputs, examples)
            turned = spectrum[band.frequencies].mT
            torch.bmm(of_products, turned, out=of_matrices[band.frequencies])
            if of_pixels:
                part = torch.bmm(matrices[band.frequencies].mT, of_products).view(len(along), -1)
                torch.mm(along.T, part, out=of_rows[band.rows].flatten(0, 1))
        of_matrices = of_matrices.view(-1, 2, outputs, 2, inputs)
        filters = gradient.new_empty(len(matrices), 2, outputs, inputs)
        torch.add(of_matrices[:, 0, :, 0], of_matrices[:, 1, :, 1], out=filters[:, 0])
        torch.sub(of_matrices[:, 0, :, 1], of_matrices[:, 1, :, 0], out=filters[:, 1])
        of_weight = (filters.view(len(of_filters), -1).T @ of_filters).view(shape)
        of_places = None
        if of_pixels:
            of_places = of_images.down.T @ of_rows.flatten(1)
            of_places = of_places.view(height, width, inputs, examples).permute(3, 2, 0, 1)
        return of_places, of_weight, gradient.sum((0, 1, 3)), None
