"""Linear layers that store only their kept weights, and compute only with these.

A pruned weight stays zero, so neither its products nor its gradient need to be computed. One
operation of a sparse product takes longer than one of a dense product, so sparse layers are faster
only where few weights are kept.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from snip.layers.linear import Linear, flat
from snip.layers.operation import Layer, Operation, apply, is_plain
from snip.layers.products import sum_examples

# Layers that keep a smaller share of their weights become sparse. Near the break-even share of a
# processor that multiplies dense matrices fast (docs/performance.md).
DENSITY = 0.2

# torch warns once per process that its sparse matrices are in beta; do that here, unseen.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
    torch.zeros(1, 1).to_sparse_csr()


def drop_pruned(network: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace linear layers that keep few weights by `SparseLinear`, in place.

    A layer stays dense if it is not on a processor, if torch has no MKL (where we have not tried
    its sparse gradients), if another module shares its weight, or if its weight is frozen,
    parametrised or hooked.

    Args:
        network: the network, whose pruned weights need not be zero yet.
        masks: per parameter a boolean tensor of its shape, True where kept.

    Returns:
        The masks of the parameters that the network has afterwards, in PyTorch's order.
    """
    uses = Counter(id(p) for _, p in network.named_parameters(remove_duplicate=False))
    masks = dict(masks)
    for name, layer in list(network.named_modules()):
        if type(layer) is not Linear or not is_plain(layer) or "weight" not in layer._parameters:
            continue
        weight = layer.weight
        own = weight.requires_grad and uses[id(weight)] == 1
        if not own or weight.device.type != "cpu" or not torch.backends.mkl.is_available():
            continue
        mask = masks[f"{name}.weight"]
        if mask.count_nonzero() < DENSITY * mask.numel():
            network.set_submodule(name, SparseLinear(layer, mask))
            masks[f"{name}.values"] = torch.ones(int(mask.count_nonzero()), dtype=torch.bool)
            del masks[f"{name}.weight"]
    return {name: masks[name] for name, _ in network.named_parameters()}


class SparseLinear(Layer, nn.Module):
    """A linear layer without its pruned weights.

    Takes (..., inputs) and returns (..., outputs): the result of the layer with its pruned weights
    set to zero, except that terms are summed in another order.

    Attributes:
        mask: (outputs, inputs), True where kept.
        values: the kept weights, (kept,), ordered by the rows of the layer's weight.
        bias: (outputs,), or None.
    """

    operands = ("values", "bias")

    def __init__(self, layer: nn.Linear, mask: Tensor):
        super().__init__()
        self.mask = mask
        self.values = nn.Parameter(layer.weight.detach()[mask])
        self.bias = layer.bias
        numbers = torch.arange(1, len(self.values) + 1, dtype=torch.int32)
        numbered = torch.zeros(mask.shape, dtype=torch.int32).masked_scatter_(mask, numbers)
        *self.pattern, _ = _compressed(numbered)
        *self.transposed_pattern, order = _compressed(numbered.T)
        # The transposed matrix's values are `values` in this order.
        self.order = (order - 1).numpy()

    def operation(self, needs_inputs: bool) -> Operation:
        """Return the product with the kept weights."""
        return SparseProduct(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply by the kept weights and add the bias; see the class."""
        return apply(SparseProduct(self), inputs, self.values, self.bias)

    def dense(self, values: Tensor) -> Tensor:
        """Return values of kept weights as a dense matrix (outputs, inputs), zero where pruned."""
        return torch.zeros_like(self.mask, dtype=values.dtype).masked_scatter(self.mask, values)

    @property
    def weight(self) -> Tensor:
        """A dense copy of the layer's weight (outputs, inputs), for networks that read it."""
        return self.dense(self.values)


def _compressed(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the start of each row among a matrix's non-zeros, their columns, and their values."""
    sparse = matrix.to_sparse_csr()
    # 32-bit indices take half the memory.
    return sparse.crow_indices().int(), sparse.col_indices().int(), sparse.values()


class SparseProduct(Operation):
    """Inputs (..., inputs) times a transposed sparse weight, plus a bias or none."""

    def __init__(self, layer: SparseLinear):
        super().__init__()
        self.layer = layer

    def forward(
        self, inputs: np.ndarray, values: np.ndarray, bias: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the outputs (..., outputs)."""
        self.shape, self.values = inputs.shape, values
        self.inputs = np.ascontiguousarray(flat(inputs).T)
        outputs = _multiply(self.layer.pattern, values, self.inputs)
        if bias is not None:
            outputs += bias[:, None]
        return outputs.T.reshape(*self.shape[:-1], -1)

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of inputs, kept weights and bias."""
        gradient = np.ascontiguousarray(flat(gradient).T)
        grad_inputs = None
        if needs_inputs:
            values = self.values.take(self.layer.order)
            grad_inputs = _multiply(self.layer.transposed_pattern, values, gradient).T
            grad_inputs = grad_inputs.reshape(self.shape)
        # The weight's gradient, computed only where weights are kept.
        kept = torch.sparse_csr_tensor(
            *self.layer.pattern,
            torch.from_numpy(self.values),
            self.layer.mask.shape,
            check_invariants=False,
        )
        operands = torch.from_numpy(gradient), torch.from_numpy(self.inputs.T)
        grad_values = torch.sparse.sampled_addmm(kept, *operands, beta=0).values().numpy()
        return grad_inputs, grad_values, sum_examples(gradient)

    def definition(self, inputs: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
        """Return the outputs by a dense product, which autograd can follow."""
        return nn.functional.linear(inputs, self.layer.dense(values), bias)


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
