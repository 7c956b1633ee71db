"""Pooled convolution of one channel: products of filters and image patches, pooled in the cache.

A 2 × 2 pooling window over the results of a size × size filter sees one image patch of
(size + 1) × (size + 1) pixels. One matrix holds each filter at each of the window's four corners,
so its product with the patches gives all four convolved values of every window.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from snip.layers.operation import Operation, sum_examples
from snip.layers.pooling import pool, unpool


class PatchConvolution(Operation):
    """Convolution of one channel with pooling, one row of pooling windows at a time."""

    def forward(self, images: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return the pooled images (examples, outputs, height, width).

        Args:
            images: (examples, 1, height, width).
            weight: (outputs, 1, size, size).
            bias: (outputs,).
        """
        outputs, _, size, _ = weight.shape
        self.size, self.strips = size, _strips(images, size)
        height, _, columns, examples = self.strips.shape
        rows = (height - size + 1) // 2
        filters, bias = _filters_at_corners(weight), bias[:, None, None]
        maxima = np.empty((rows, columns, outputs, examples), np.float32)
        products = np.empty((2, 2, outputs, columns, examples), np.float32)
        if self.training:
            self.choices = np.empty((rows, 3, *products.shape[2:]), bool)
        for row, patches in enumerate(_patches(self.strips)):
            np.matmul(filters, patches, out=products.reshape(len(filters), -1))
            row_maxima = maxima[row].swapaxes(0, 1)
            pool(products, row_maxima, self.choices[row] if self.training else None)
            row_maxima += bias
        return maxima.transpose(3, 2, 0, 1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return None for the network's images, and the gradients of weight and bias."""
        grad_maxima = gradient.transpose(2, 3, 1, 0)
        _, columns, outputs, examples = grad_maxima.shape
        grad_products = np.empty((2, 2, outputs, columns, examples), np.float32)
        grad_filters = np.zeros((4 * outputs, (self.size + 1) ** 2), np.float32)
        for row, patches in enumerate(_patches(self.strips)):
            unpool(grad_maxima[row].swapaxes(0, 1), self.choices[row], grad_products)
            grad_filters += np.matmul(grad_products.reshape(len(grad_filters), -1), patches.T)
        grad_filters = grad_filters.reshape(2, 2, outputs, 1, self.size + 1, self.size + 1)
        grad_weight = sum(grad_filters[at][corner] for at, corner in _corners(self.size))
        return None, grad_weight, sum_examples(grad_maxima).sum((0, 1))


def _strips(images: np.ndarray, size: int) -> np.ndarray:
    """Return all pixels in the order of the patches' matrices.

    Args:
        images: (examples, 1, height, width), fastest where examples come last in memory.

    Returns:
        (height, size + 1, columns of windows, examples): each pixel by its row, its column in the
        patch, and the window's column. So the patches of a row of windows are size + 1 rows of it.
    """
    examples, _, height, width = images.shape
    columns = (width - size + 1) // 2
    strips = np.empty((height, size + 1, columns, examples), np.float32)
    pixels = images[:, 0].transpose(1, 2, 0)
    for x in range(size + 1):
        strips[:, x] = pixels[:, x : x + 2 * columns : 2]
    return strips


def _patches(strips: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the patches of each row of windows, ((size + 1)², columns · examples)."""
    height, side = strips.shape[:2]
    for top in range(0, height - side + 1, 2):
        yield strips[top : top + side].reshape(side**2, -1)


def _filters_at_corners(weight: np.ndarray) -> np.ndarray:
    """Return each filter at each corner of a window, (4 · outputs, (size + 1)²)."""
    outputs, _, size, _ = weight.shape
    filters = np.zeros((2, 2, outputs, 1, size + 1, size + 1), np.float32)
    for at, corner in _corners(size):
        filters[at][corner] = weight
    return filters.reshape(4 * outputs, -1)


def _corners(size: int) -> Iterator[tuple[tuple[int, int], tuple]]:
    """Yield the four corners of a window, each with the pixels that its filter sees in a patch."""
    for y, x in product((0, 1), repeat=2):
        yield (y, x), (..., slice(y, y + size), slice(x, x + size))
