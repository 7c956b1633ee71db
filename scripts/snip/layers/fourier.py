"""Pooled convolution of several channels by the discrete Fourier transform.

In the transform's space, convolution is one small matrix product per frequency (Mathieu, Henaff
and LeCun, "Fast training of convolutional networks through FFTs", 2014). The images are so small
that the transform itself is fastest as a matrix product.

What networks call convolution is a correlation: at each frequency, the result is the sum over
channels of the image's transform times the complex conjugate of the filter's. A complex number is
stored as a pair of real ones, on which a filter's value acts as the matrix [[re, im], [−im, re]].

The result, flattened per example, is a matrix that a linear layer multiplies without a copy.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from snip.layers import pooled_definition
from snip.layers.pooling import pool, unpool

# From (rows, 2, columns, 2, channels, examples) of convolved images to the corners of windows,
# (2, 2, rows, columns, channels, examples).
_CORNERS = (1, 3, 0, 2, 4, 5)


class FourierConvolution(Function):
    """Convolution by the Fourier transform, then pooling.

    Between the first transform and the last, forward and backward go through one band of
    frequencies at a time, so that its numbers stay in the cache.
    """

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor, training: bool) -> Tensor:
        """Return the pooled images (examples, outputs, height, width).

        Args:
            images: (examples, inputs, height, width).
            weight: (outputs, inputs, size, size).
            bias: (outputs,).
            training: whether a backward pass may follow.
        """
        examples, inputs, height, width = images.shape
        outputs, _, size, _ = weight.shape
        image_transform, filter_transform, inverse = _transforms(height, width, size)
        matrices = _filter_matrices(weight, filter_transform)
        rows = image_transform.down @ images.permute(2, 3, 1, 0).reshape(height, -1)
        rows = rows.view(len(rows), width, inputs * examples)
        spectrum = weight.new_empty(len(matrices), 2 * inputs, examples)
        result_rows = weight.new_empty(len(inverse.down), inverse.columns, outputs * examples)
        for along, back, band in zip(
            image_transform.along, inverse.along, image_transform.bands, strict=True
        ):
            band_spectrum = spectrum[band.frequencies]
            torch.mm(along, rows[band.rows].flatten(0, 1), out=band_spectrum.view(len(along), -1))
            products = torch.bmm(matrices[band.frequencies], band_spectrum).view(len(back), -1)
            torch.mm(back.T, products, out=result_rows[band.rows].flatten(0, 1))
        convolved = inverse.down.T @ result_rows.flatten(1)
        rows, columns = len(convolved) // 2, inverse.columns // 2
        convolved = convolved.view(rows, 2, columns, 2, outputs, examples)
        maxima = weight.new_empty(outputs, rows, columns, examples)
        differences = weight.new_empty(3, rows, columns, outputs, examples) if training else None
        pool(convolved.permute(_CORNERS), maxima.permute(1, 2, 0, 3), differences)
        maxima += bias[:, None, None, None]
        ctx.save_for_backward(images, weight, spectrum, matrices, differences)
        return maxima.permute(3, 0, 1, 2)

    @staticmethod
    def backward(ctx, grad_pooled: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor, None]:
        """Return the gradients of images, weight and bias from that of the pooled images."""
        images, weight, spectrum, matrices, differences = ctx.saved_tensors
        if torch.is_grad_enabled():
            needs_grad = ctx.needs_input_grad[:2]
            return *pooled_definition.backward(images, weight, grad_pooled, needs_grad), None
        examples, inputs, height, width = images.shape
        outputs, _, size, _ = weight.shape
        image_transform, filter_transform, inverse = _transforms(height, width, size)
        _, rows, columns, _, _ = differences.shape
        grad_convolved = grad_pooled.new_empty(rows, 2, columns, 2, outputs, examples)
        grad_pooled = grad_pooled.permute(2, 3, 1, 0).contiguous()
        unpool(grad_pooled, differences, grad_convolved.permute(_CORNERS))
        result_rows = inverse.down @ grad_convolved.view(2 * rows, -1)
        result_rows = result_rows.view(len(result_rows), 2 * columns, -1)
        needs_grad_images = ctx.needs_input_grad[0]
        grad_rows = grad_pooled.new_empty(len(image_transform.down), width, inputs * examples)
        grad_matrices = torch.empty_like(matrices)
        for along, back, band in zip(
            image_transform.along, inverse.along, image_transform.bands, strict=True
        ):
            grad_products = back @ result_rows[band.rows].flatten(0, 1)
            grad_products = grad_products.view(-1, 2 * outputs, examples)
            band_spectrum = spectrum[band.frequencies]
            torch.bmm(grad_products, band_spectrum.mT, out=grad_matrices[band.frequencies])
            if needs_grad_images:
                grad_spectrum = torch.bmm(matrices[band.frequencies].mT, grad_products)
                grad_spectrum = grad_spectrum.view(len(along), -1)
                torch.mm(along.T, grad_spectrum, out=grad_rows[band.rows].flatten(0, 1))
        grad_weight = _grad_filters(grad_matrices, weight.shape, filter_transform)
        grad_images = None
        if needs_grad_images:
            grad_images = image_transform.down.T @ grad_rows.flatten(1)
            grad_images = grad_images.view(height, width, inputs, examples).permute(3, 2, 0, 1)
        return grad_images, grad_weight, grad_pooled.sum((0, 1, 3)), None


def _filter_matrices(weight: Tensor, transform: Tensor) -> Tensor:
    """Return the transformed filters as real matrices, (frequencies, 2 · outputs, 2 · inputs)."""
    outputs, inputs, size, _ = weight.shape
    count = len(transform) // 2
    filters = (transform @ weight.reshape(-1, size * size).T).view(count, 2, outputs, inputs)
    matrices = weight.new_empty(count, 2, outputs, 2, inputs)
    matrices[:, 0, :, 0] = matrices[:, 1, :, 1] = filters[:, 0]
    matrices[:, 0, :, 1] = filters[:, 1]
    torch.neg(filters[:, 1], out=matrices[:, 1, :, 0])
    return matrices.view(count, 2 * outputs, 2 * inputs)


def _grad_filters(grad_matrices: Tensor, shape: torch.Size, transform: Tensor) -> Tensor:
    """Return the gradient of the filters from that of `_filter_matrices`."""
    outputs, inputs, _, _ = shape
    grad_matrices = grad_matrices.view(-1, 2, outputs, 2, inputs)
    grad_filters = grad_matrices.new_empty(len(grad_matrices), 2, outputs, inputs)
    torch.add(grad_matrices[:, 0, :, 0], grad_matrices[:, 1, :, 1], out=grad_filters[:, 0])
    torch.sub(grad_matrices[:, 0, :, 1], grad_matrices[:, 1, :, 0], out=grad_filters[:, 1])
    return (grad_filters.view(len(transform), -1).T @ transform).view(shape)


class Band(NamedTuple):
    """The frequencies that share one vertical frequency, or one and its conjugate.

    Attributes:
        rows: the band's rows of numbers after the transform down the columns: one real row, or a
            real and an imaginary one.
        frequencies: the band's frequencies after the transform along these rows.
    """

    rows: slice
    frequencies: slice


class Transform:
    """The discrete Fourier transform of real images: down the columns, then along the rows.

    Conjugate frequencies of a real image are redundant; we keep one of each pair. Down the columns
    that is one of two conjugate rows, along a real row half of the frequencies. A frequency is two
    numbers, the real and the imaginary part.

    Args:
        height: period down the columns.
        width: period along the rows.
        rows: height of the images; beyond it they are zero.
        columns: width of the images; beyond it they are zero.
        inverse: scale the matrices so that their transposes are the inverse transform, evaluated at
            the images' pixels.

    Attributes:
        bands: the frequencies by vertical frequency.
        down: matrix of the transform down the columns, (rows of numbers, rows).
        along: per band, the matrix of the transform along its rows: (2 · frequencies, columns) for
            a real row, (2 · frequencies, 2 · columns) for a complex one.
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
                # A frequency that stands for its conjugate as well counts twice.
                wave_down *= (1 if real else 2) / height
                waves_along *= np.where(real & (2 * x % width > 0), 2, 1)[:, None] / width
            band_down = [wave_down.real] if real else [wave_down.real, wave_down.imag]
            parts = [waves_along] if real else [waves_along, 1j * waves_along]
            along = np.concatenate([np.stack([p.real, p.imag], 1) for p in parts], axis=2)
            self.along.append(_single(along.reshape(2 * len(x), -1)))
            self.bands.append(
                Band(
                    slice(len(down), len(down) + len(band_down)),
                    slice(frequencies, frequencies + len(x)),
                )
            )
            down += band_down
            frequencies += len(x)
        self.down = _single(np.stack(down))

    def matrix(self) -> Tensor:
        """Return both transforms as one matrix, (2 · frequencies, rows · columns)."""
        units = torch.eye(self.down.shape[1] * self.columns).view(self.down.shape[1], -1)
        rows = (self.down @ units).view(len(self.down), self.columns, -1)
        bands = zip(self.along, self.bands, strict=True)
        return torch.cat([along @ rows[band.rows].flatten(0, 1) for along, band in bands])


def _single(matrix: np.ndarray) -> Tensor:
    """Return a matrix in single precision."""
    return torch.from_numpy(matrix.astype(np.float32))


@lru_cache
def _transforms(height: int, width: int, size: int) -> tuple[Transform, Tensor, Transform]:
    """Return the transform of images, the matrix of the filters', and the results' inverse one."""
    # Cached tensors serve training too, where autograd rejects tensors of inference mode.
    with torch.inference_mode(False):
        return (
            Transform(height, width, height, width),
            Transform(height, width, size, size).matrix(),
            Transform(height, width, height - size + 1, width - size + 1, inverse=True),
        )
