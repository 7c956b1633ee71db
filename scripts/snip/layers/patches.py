"""Pooled convolution of one channel: products of filters and image patches, pooled in the cache.

A 2 × 2 pooling window over the results of a size × size filter sees one image patch of
(size + 1) × (size + 1) pixels. One matrix holds each filter at each of the window's four corners,
so its product with the patches gives all four convolved values of every window.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from snip.layers import pooled_definition
from snip.layers.pooling import pool, unpool


class PatchConvolution(Function):
    """Convolution of one channel with pooling, one row of pooling windows at a time."""

    @staticmethod
    def forward(ctx, images: Tensor, weight: Tensor, bias: Tensor, training: bool) -> Tensor:
        """Return the pooled images (examples, outputs, height, width).

        Args:
            images: (examples, 1, height, width).
            weight: (outputs, 1, size, size).
            bias: (outputs,).
            training: whether a backward pass may follow.
        """
        rows = _WindowRows(images, weight, bias)
        maxima = weight.new_empty(rows.count, rows.columns, len(weight), len(images))
        differences = None
        if training:
            differences = weight.new_empty(rows.count, 3, *rows.corners.shape[2:])
        for row, row_maxima in enumerate(maxima.transpose(1, 2).unbind()):
            rows.gather(row)
            torch.mm(rows.filters, rows.patches, out=rows.products)
            pool(rows.corners, row_maxima, differences[row] if training else None)
        ctx.save_for_backward(images, weight, differences)
        ctx.rows = rows
        return maxima.permute(3, 2, 0, 1)

    @staticmethod
    def backward(ctx, grad_pooled: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor, None]:
        """Return the gradients of images, weight and bias from that of the pooled images."""
        images, weight, differences = ctx.saved_tensors
        if torch.is_grad_enabled():
            needs_grad = ctx.needs_input_grad[:2]
            return *pooled_definition.backward(images, weight, grad_pooled, needs_grad), None
        rows, size = ctx.rows, weight.shape[-1]
        # Stored transposed: in the other layout the products take 1.5 times as long.
        grad_filters = grad_pooled.new_zeros(rows.filters.T.shape)
        grad_pixels = torch.zeros_like(rows.pixels) if ctx.needs_input_grad[0] else None
        for row, grad_row in enumerate(grad_pooled.permute(2, 1, 3, 0).unbind()):
            rows.gather(row)
            # From here on, the memory of the products holds their gradient.
            unpool(grad_row, differences[row], rows.corners)
            grad_filters.addmm_(rows.patches, rows.products.T)
            if grad_pixels is not None:
                grad_patches = (rows.filters[:, :-1].T @ rows.products).view(-1, len(images))
                grad_pixels.index_add_(0, rows.pixel_indices[row], grad_patches)
        grad_corners = grad_filters.T.unflatten(0, (4, -1)) @ _corner_matrices(size).mT
        grad_weight, grad_bias = grad_corners.sum(0).split([size**2, 1], dim=1)
        grad_images = None if grad_pixels is None else grad_pixels.T.reshape(images.shape)
        return grad_images, grad_weight.reshape(weight.shape), grad_bias[:, 0], None


class _WindowRows:
    """The patches and products of one row of pooling windows; every row uses the same memory.

    Attributes:
        count: number of rows of windows.
        columns: number of windows in a row.
        pixel_indices: per row of windows, the indices of the pixels in its patches.
        pixels: all images, (height · width, examples).
        filters: the filters at each corner of a window, (4 · channels, (size + 1)² + 1); the last
            column is the bias.
        patches: the patches of the present row, ((size + 1)² + 1, columns · examples); the last
            row is 1, to multiply the bias.
        products: filters times patches, (4 · channels, columns · examples).
        corners: a view of the products, (2, 2, channels, columns, examples).
    """

    def __init__(self, images: Tensor, weight: Tensor, bias: Tensor):
        examples, _, height, width = images.shape
        size = weight.shape[-1]
        self.pixel_indices = _window_pixels(height, width, size)
        self.pixels = images.reshape(examples, -1).T.contiguous()
        self.count, self.columns = len(self.pixel_indices), (width - size + 1) // 2
        filters = torch.cat([weight.flatten(1), bias[:, None]], dim=1)
        self.filters = (filters @ _corner_matrices(size)).flatten(0, 1)
        self.patches = weight.new_ones(self.filters.shape[1], self.columns * examples)
        self._patch_pixels = self.patches[:-1].view(-1, examples)
        self.products = weight.new_empty(len(self.filters), self.columns * examples)
        self.corners = self.products.view(2, 2, -1, self.columns, examples)

    def gather(self, row: int) -> None:
        """Fill `patches` with those of a row."""
        torch.index_select(self.pixels, 0, self.pixel_indices[row], out=self._patch_pixels)


@lru_cache
def _window_pixels(height: int, width: int, size: int) -> Tensor:
    """Return the indices of the pixels that each pooling window sees in a flat image.

    Returns:
        (rows of windows, (size + 1)² · windows in a row), ordered by position in the patch, then by
        window.
    """
    tops, lefts = np.arange(0, height - size, 2), np.arange(0, width - size, 2)
    offsets = np.arange(size + 1)
    rows = (tops[:, None] + offsets)[:, :, None, None]
    columns = (offsets[:, None] + lefts)[None, None]
    # The cached tensor serves training too, where autograd rejects tensors of inference mode.
    with torch.inference_mode(False):
        return torch.from_numpy((rows * width + columns).reshape(len(tops), -1))


@lru_cache
def _corner_matrices(size: int) -> Tensor:
    """Return the matrices that place a filter and its bias at each corner of a pooling window.

    Returns:
        (4, size² + 1, (size + 1)² + 1): each maps a flat filter and its bias to a flat patch and
        the bias.
    """
    matrices = np.zeros((4, size**2 + 1, (size + 1) ** 2 + 1), np.float32)
    patch = np.arange((size + 1) ** 2).reshape(size + 1, size + 1)
    for corner, matrix in enumerate(matrices):
        y, x = divmod(corner, 2)
        matrix[range(size**2), patch[y : y + size, x : x + size].flat] = 1
        matrix[-1, -1] = 1
    with torch.inference_mode(False):
        return torch.from_numpy(matrices)
