"""Linear layers: products with all weights, or with the kept ones alone.

A pruned weight stays zero, so neither its products nor its gradient need to be computed. One
operation of a sparse product takes longer than one of a dense product, so layers are held sparse
only where few weights are kept.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from snip.layers.operation import Operation
from snip.layers.products import multiply, sum_examples

# Layers that keep a smaller share of their weights are held sparse. Near the break-even share of a
# processor that multiplies dense matrices fast (docs/performance.md).
DENSITY = 0.2

# torch warns once per process that its sparse matrices are in beta; do that here, unseen.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
    torch.zeros(1, 1).to_sparse_csr()


class Product(Operation):
    """Inputs (..., inputs) times a transposed weight, plus a bias or none."""

    def forward(
        self, inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the outputs (..., outputs)."""
        self.shape, self.inputs, self.weight = inputs.shape, flat(inputs), weight
        outputs = multiply(weight, self.inputs.T)
        if bias is not None:
            outputs += bias[:, None]
        return outputs.T.reshape(*self.shape[:-1], -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, weight and bias."""
        gradient, grad_inputs = flat(gradient).T, None
        if needs_inputs:
            grad_inputs = multiply(self.weight.T, gradient).T.reshape(self.shape)
        return grad_inputs, multiply(gradient, self.inputs), sum_examples(gradient)


def flat(values: np.ndarray) -> np.ndarray:
    """Return values (..., features) as a matrix (examples, features)."""
    return values if values.ndim == 2 else values.reshape(-1, values.shape[-1])


class Pattern:
    """Where a sparse weight has values, row by row and, transposed, column by column.

    Args:
        mask: (outputs, inputs), True where kept.

    Attributes:
        rows: the start of each row among the values, and the values' columns.
        columns: the same of the transposed weight.
        order: the values of the transposed weight are the weight's in this order.
    """

    def __init__(self, mask: Tensor):
        self.mask = mask
        numbers = torch.arange(1, int(mask.count_nonzero()) + 1, dtype=torch.int32)
        numbered = torch.zeros(mask.shape, dtype=torch.int32).masked_scatter_(mask, numbers)
        *self.rows, _ = _compressed(numbered)
        *self.columns, order = _compressed(numbered.T)
        self.order = (order - 1).numpy()


def _compressed(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the start of each row among a matrix's non-zeros, their columns, and their values."""
    sparse = matrix.to_sparse_csr()
    # 32-bit indices take half the memory.
    return sparse.crow_indices().int(), sparse.col_indices().int(), sparse.values()


class SparseProduct(Operation):
    """Inputs (..., inputs) times a transposed sparse weight, plus a bias or none."""

    def __init__(self, training: bool, pattern: Pattern):
        super().__init__(training)
        self.pattern = pattern

    def forward(
        self, inputs: np.ndarray, values: np.ndarray, bias: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the outputs (..., outputs); `values` are the kept weights, row by row."""
        self.shape, self.values = inputs.shape, values
        self.inputs = np.ascontiguousarray(flat(inputs).T)
        outputs = _multiply(self.pattern.rows, values, self.inputs)
        if bias is not None:
            outputs += bias[:, None]
        return outputs.T.reshape(*self.shape[:-1], -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, kept weights and bias."""
        gradient = np.ascontiguousarray(flat(gradient).T)
        grad_inputs = None
        if needs_inputs:
            values = self.values.take(self.pattern.order)
            grad_inputs = _multiply(self.pattern.columns, values, gradient).T
            grad_inputs = grad_inputs.reshape(self.shape)
        # The weight's gradient, computed only where weights are kept.
        kept = torch.sparse_csr_tensor(
            *self.pattern.rows,
            torch.from_numpy(self.values),
            self.pattern.mask.shape,
            check_invariants=False,
        )
        operands = torch.from_numpy(gradient), torch.from_numpy(self.inputs.T)
        grad_values = torch.sparse.sampled_addmm(kept, *operands, beta=0).values().numpy()
        return grad_inputs, grad_values, sum_examples(gradient)


def _multiply(pattern: list[Tensor], values: np.ndarray, dense: np.ndarray) -> np.ndarray:
    """Multiply the sparse matrix with a pattern (row starts, columns) and values by a dense one.

    A row of the product is a weighted sum of rows, as in an embedding. torch computes that two to
    three times as fast as the product with one of its sparse matrices.
    """
    starts, columns = pattern
    return nn.functional.embedding_bag(
        columns,
        torch.from_numpy(dense),
        starts,
        mode="sum",
        per_sample_weights=torch.from_numpy(values),
        include_last_offset=True,
    ).numpy()
