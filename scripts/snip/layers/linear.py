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

from snip.layers.operation import Operation, sum_examples

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
        self.shape, self.inputs, self.weight = inputs.shape, _flat(inputs), weight
        return _shaped(np.matmul(weight, self.inputs.T), bias, self.shape)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, weight and bias."""
        gradient, grad_inputs = _flat(gradient).T, None
        if needs_inputs:
            grad_inputs = np.matmul(self.weight.T, gradient).T.reshape(self.shape)
        return grad_inputs, np.matmul(gradient, self.inputs), sum_examples(gradient)


def _flat(values: np.ndarray) -> np.ndarray:
    """Return values (..., features) as a matrix (examples, features)."""
    return values if values.ndim == 2 else values.reshape(-1, values.shape[-1])


def _shaped(products: np.ndarray, bias: np.ndarray | None, inputs: tuple[int, ...]) -> np.ndarray:
    """Return outputs of the shape of inputs from products (outputs, examples) and a bias."""
    if bias is not None:
        products += bias[:, None]
    return products.T.reshape(*inputs[:-1], -1)


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
        self.shape = mask.shape
        numbers = torch.arange(1, int(mask.count_nonzero()) + 1, dtype=torch.int32)
        numbered = torch.zeros(mask.shape, dtype=torch.int32).masked_scatter_(mask, numbers)
        rows, columns = numbered.to_sparse_csr(), numbered.T.to_sparse_csr()
        # 32-bit indices take half the memory.
        self.rows = rows.crow_indices().int(), rows.col_indices().int()
        self.columns = columns.crow_indices().int(), columns.col_indices().int()
        self.order = (columns.values() - 1).numpy()


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
        self.inputs = np.ascontiguousarray(_flat(inputs).T)
        return _shaped(_multiply(self.pattern.rows, values, self.inputs), bias, self.shape)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, kept weights and bias."""
        gradient, grad_inputs = np.ascontiguousarray(_flat(gradient).T), None
        if needs_inputs:
            values = self.values.take(self.pattern.order)
            grad_inputs = _multiply(self.pattern.columns, values, gradient).T.reshape(self.shape)
        # The weight's gradient, computed only where weights are kept.
        starts, columns = self.pattern.rows
        kept = torch.sparse_csr_tensor(
            starts,
            columns,
            torch.from_numpy(self.values),
            self.pattern.shape,
            check_invariants=False,
        )
        operands = torch.from_numpy(gradient), torch.from_numpy(self.inputs.T)
        grad_values = torch.sparse.sampled_addmm(kept, *operands, beta=0).values().numpy()
        return grad_inputs, grad_values, sum_examples(gradient)


def _multiply(pattern: tuple[Tensor, Tensor], values: np.ndarray, dense: np.ndarray) -> np.ndarray:
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
