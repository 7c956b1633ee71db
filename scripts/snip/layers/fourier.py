"""Pooled convolution of several channels by the discrete Fourier transform.

In the transform's space, convolution is one small matrix product per frequency (Mathieu, Henaff
and LeCun, "Fast training of convolutional networks through FFTs", 2014). The images are so small
that the transform itself is fastest as matrix products: down the columns, then along the rows.

What networks call convolution is a correlation: at each frequency, the result is the sum over
channels of the image's transform times the complex conjugate of the filter's. A complex number is
stored as a pair of real ones, on which a filter's value acts as the matrix [[re, im], [−im, re]].

Down the columns we take half-integer frequencies, k + 1/2. Of a real image no such frequency is its
own conjugate, so half of them are needed, and all are treated alike. The images become periodic
with the opposite sign; no result that a convolution without padding keeps sees beyond their edge.

The result, flattened per example, is a matrix that a linear layer multiplies without a copy.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from snip.layers.operation import Operation, sum_examples
from snip.layers.pooling import pool, unpool

# From (rows, 2, columns, 2, channels, examples) of convolved images to the corners of windows,
# (2, 2, rows, columns, channels, examples).
_CORNERS = (1, 3, 0, 2, 4, 5)


class FourierConvolution(Operation):
    """Convolution by the Fourier transform, then pooling.

    All that belongs to one vertical frequency goes through transform, product and inverse transform
    together, so that it stays in the cache.
    """

    def forward(self, images: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return the pooled images (examples, outputs, height, width).

        Args:
            images: (examples, inputs, height, width).
            weight: (outputs, inputs, size, size).
            bias: (outputs,).
        """
        examples, inputs, height, width = images.shape
        outputs, _, size, _ = weight.shape
        self.shape, self.transforms = weight.shape, _transforms(height, width, size)
        image, filters, result = self.transforms
        self.matrices = _filter_matrices(weight, filters, width)
        rows = image.down_columns(images.transpose(2, 3, 1, 0))
        self.spectrum = np.empty((len(rows), width, 2 * inputs, examples), np.float32)
        result_rows = np.empty((len(rows), result.along.shape[1], outputs * examples), np.float32)
        for vertical, spectrum in enumerate(self.spectrum):
            np.matmul(image.along, rows[vertical], out=spectrum.reshape(2 * width, -1))
            products = np.matmul(self.matrices[vertical], spectrum).reshape(2 * width, -1)
            np.matmul(result.along.T, products, out=result_rows[vertical])
        convolved = result.up_columns(result_rows)
        rows, columns = (height - size + 1) // 2, (width - size + 1) // 2
        corners = convolved.reshape(rows, 2, columns, 2, outputs, examples).transpose(_CORNERS)
        maxima = np.empty((outputs, rows, columns, examples), np.float32)
        if self.training:
            self.choices = np.empty((3, rows, columns, outputs, examples), bool)
        pool(corners, maxima.transpose(1, 2, 0, 3), self.choices if self.training else None)
        maxima += bias[:, None, None, None]
        return maxima.transpose(3, 0, 1, 2)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of images, which are never the network's inputs, weight and bias."""
        outputs, inputs, _, _ = self.shape
        image, filters, result = self.transforms
        # In the order of the corners, so that unpooling reads memory in order.
        grad_maxima = np.ascontiguousarray(gradient.transpose(2, 3, 1, 0))
        rows, columns, _, examples = grad_maxima.shape
        windows = np.empty((rows, 2, columns, 2, outputs, examples), np.float32)
        unpool(grad_maxima, self.choices, windows.transpose(_CORNERS))
        grad_convolved = windows.reshape(2 * rows, 2 * columns, outputs, examples)
        grad_result_rows = result.down_columns(grad_convolved)
        grad_matrices = np.empty_like(self.matrices)
        width = len(image.along) // 2
        grad_rows = np.empty((len(grad_matrices), 2 * width, inputs * examples), np.float32)
        for vertical, spectrum in enumerate(self.spectrum):
            grad_products = np.matmul(result.along, grad_result_rows[vertical])
            grad_products = grad_products.reshape(width, 2 * outputs, examples)
            np.matmul(grad_products, spectrum.swapaxes(1, 2), out=grad_matrices[vertical])
            grad_spectrum = np.matmul(self.matrices[vertical].swapaxes(1, 2), grad_products)
            np.matmul(image.along.T, grad_spectrum.reshape(2 * width, -1), out=grad_rows[vertical])
        grad_images = image.up_columns(grad_rows).reshape(-1, width, inputs, examples)
        grad_weight = _grad_filters(grad_matrices, self.shape, filters)
        return grad_images.transpose(3, 2, 0, 1), grad_weight, sum_examples(grad_maxima).sum((0, 1))


def _filter_matrices(weight: np.ndarray, transform: np.ndarray, width: int) -> np.ndarray:
    """Return filters transformed, (vertical, horizontal frequencies, 2 · outputs, 2 · inputs)."""
    outputs, inputs, size, _ = weight.shape
    pairs = np.zeros((2, size * size, outputs, 2, inputs), np.float32)
    pairs[0, :, :, 0] = pairs[1, :, :, 1] = weight.reshape(outputs, inputs, -1).transpose(2, 0, 1)
    matrices = np.matmul(transform, pairs.reshape(2 * size * size, -1))
    return matrices.reshape(-1, width, 2 * outputs, 2 * inputs)


def _grad_filters(
    grad_matrices: np.ndarray, shape: tuple[int, ...], transform: np.ndarray
) -> np.ndarray:
    """Return the gradient of the filters from that of `_filter_matrices`."""
    outputs, inputs, _, _ = shape
    grad_pairs = np.matmul(transform.T, grad_matrices.reshape(len(transform), -1))
    grad_pairs = grad_pairs.reshape(2, -1, outputs, 2, inputs)
    grad_filters = grad_pairs[0, :, :, 0] + grad_pairs[1, :, :, 1]
    return grad_filters.transpose(1, 2, 0).reshape(shape)


class Transform(NamedTuple):
    """The Fourier transform of real images (rows, columns, channels, examples).

    Attributes:
        down: the matrix of the transform down the columns, (2 · vertical frequencies, rows): a
            frequency is two rows of numbers, the real and the imaginary ones.
        along: the matrix along such a pair of rows, (2 · horizontal frequencies, 2 · columns).
    """

    down: np.ndarray
    along: np.ndarray

    def down_columns(self, images: np.ndarray) -> np.ndarray:
        """Transform images (rows, columns, channels, examples) down their columns.

        Returns:
            (vertical frequencies, 2 · columns, channels · examples); real parts come first.
        """
        _, columns, channels, examples = images.shape
        transformed = np.matmul(self.down, images.reshape(len(images), -1))
        return transformed.reshape(-1, 2 * columns, channels * examples)

    def up_columns(self, transformed: np.ndarray) -> np.ndarray:
        """Return the transpose of `down_columns`, (rows, columns · channels · examples)."""
        return np.matmul(self.down.T, transformed.reshape(len(self.down), -1))


@lru_cache
def _transforms(height: int, width: int, size: int) -> tuple[Transform, np.ndarray, Transform]:
    """Return the transform of images, the matrix of the filters', and the transform of results.

    The matrix of the filters' transform, (2 · frequencies, 2 · size²), maps a pair of equal filters
    to the real matrix of each frequency. The transform of results is scaled so that its transpose
    is the inverse.
    """
    period = height + height % 2

    def waves(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        frequencies = np.arange(period // 2) + 0.5
        return _waves(frequencies, period, rows), _waves(np.arange(width), width, columns)

    def transform(down: np.ndarray, along: np.ndarray) -> Transform:
        return Transform(_rows(down), _matrices(along))

    filters = _matrices(np.kron(*waves(size, size)).conj())
    # Without a last row or column that no pooling window covers.
    down, along = waves((height - size + 1) // 2 * 2, (width - size + 1) // 2 * 2)
    # Each frequency stands for its conjugate, too.
    result = transform(2 / (period * width) * down, along)
    return transform(*waves(height, width)), filters, result


def _waves(frequencies: np.ndarray, period: int, length: int) -> np.ndarray:
    """Return the complex wave of each frequency at the first points of a period."""
    return np.exp(-2j * np.pi / period * np.outer(frequencies, np.arange(length)))


def _rows(matrix: np.ndarray) -> np.ndarray:
    """Return a complex matrix (m, n) that acts on real vectors as a real one, (2 · m, n)."""
    pairs = np.stack([matrix.real, matrix.imag], axis=1)
    return pairs.reshape(-1, matrix.shape[1]).astype(np.float32)


def _matrices(matrix: np.ndarray) -> np.ndarray:
    """Return a complex matrix (m, n) that acts on complex vectors as a real one, (2 · m, 2 · n)."""
    # A vector's imaginary part counts i times.
    return np.concatenate([_rows(matrix), _rows(1j * matrix)], axis=1)
