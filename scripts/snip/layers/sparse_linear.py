"""Linear layers that store only their kept weights, and compute only with these.

A pruned weight stays zero, so neither its products nor its gradient need to be computed. One
operation of a sparse product takes longer than one of a dense product, so sparse layers are faster
only where few weights are kept.
"""

import warnings
from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.autograd import Function

# Layers that keep a smaller share of their weights become sparse. The break-even share lies between
# 1/10 and 1/6, depending on the processor (docs/performance.md).
DENSITY = 0.125

# torch warns once per process that its sparse matrices are in beta; do that here, unseen.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
    torch.zeros(1, 1).to_sparse_csr()


def drop_pruned(network: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace linear layers that keep few weights by `SparseLinear`, in place.

    A layer stays dense if it is not on a processor, if torch lacks the library (MKL) that computes
    the sparse products, or if another module shares its weight.

    Args:
        network: the network, whose pruned weights need not be zero yet.
        masks: per parameter a boolean tensor of its shape, True where kept.

    Returns:
        The masks of the parameters that the network has afterwards, in PyTorch's order.
    """
    uses = Counter(id(p) for _, p in network.named_parameters(remove_duplicate=False))
    masks = dict(masks)
    for name, layer in list(network.named_modules()):
        if type(layer) is not nn.Linear or uses[id(layer.weight)] > 1:
            continue
        mask = masks[f"{name}.weight"]
        usable = layer.weight.device.type == "cpu" and torch.backends.mkl.is_available()
        if usable and mask.count_nonzero() < DENSITY * mask.numel():
            network.set_submodule(name, SparseLinear(layer, mask))
            masks[f"{name}.values"] = torch.ones(int(mask.count_nonzero()), dtype=torch.bool)
            del masks[f"{name}.weight"]
    return {name: masks[name] for name, _ in network.named_parameters()}


class SparseLinear(nn.Module):
    """A linear layer without its pruned weights.

    Takes (..., inputs) and returns (..., outputs): the result of the layer with its pruned weights
    set to zero, except that terms are summed in another order. Examples come last in memory, inside
    and in the result.

    Attributes:
        mask: (outputs, inputs), True where kept.
        values: the kept weights, (kept,), ordered by the rows of the layer's weight.
        bias: (outputs,), or None.
    """

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
        self.order = order - 1

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply by the kept weights and add the bias; see the class."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        outputs = _Product.apply(flat, self.values, self)
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.reshape(*inputs.shape[:-1], len(self.mask))

    def matrix(self, values: Tensor) -> Tensor:
        """Return values of kept weights as a sparse matrix (outputs, inputs)."""
        return _matrix(self.pattern, values, self.mask.shape)

    def transposed(self, values: Tensor) -> Tensor:
        """Return values of kept weights as a sparse matrix (inputs, outputs)."""
        values = values.index_select(0, self.order)
        return _matrix(self.transposed_pattern, values, self.mask.T.shape)

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
    # MKL needs 32-bit indices.
    return sparse.crow_indices().int(), sparse.col_indices().int(), sparse.values()


def _matrix(pattern: list[Tensor], values: Tensor, shape: torch.Size) -> Tensor:
    """Return the sparse matrix with a pattern (row starts, columns) from `_compressed`."""
    return torch.sparse_csr_tensor(*pattern, values, shape, check_invariants=False)


class _Product(Function):
    """Inputs (examples, inputs) times a layer's transposed weight, without its bias."""

    @staticmethod
    def forward(ctx, inputs: Tensor, values: Tensor, layer: SparseLinear) -> Tensor:
        examples_last = inputs.T.contiguous()
        ctx.save_for_backward(inputs, values, examples_last)
        ctx.layer = layer
        return (layer.matrix(values) @ examples_last).T

    @staticmethod
    def backward(ctx, grad_outputs: Tensor) -> tuple[Tensor | None, Tensor, None]:
        inputs, values, examples_last = ctx.saved_tensors
        if torch.is_grad_enabled():
            # create_graph=True: autograd can differentiate dense products again.
            grad_values = (grad_outputs.T @ inputs)[ctx.layer.mask]
            return grad_outputs @ ctx.layer.dense(values), grad_values, None
        grad_outputs, matrix = grad_outputs.T.contiguous(), ctx.layer.matrix(values)
        # The weight's gradient, computed only where weights are kept.
        grad_values = torch.sparse.sampled_addmm(
            matrix, grad_outputs, examples_last.T, beta=0
        ).values()
        grad_inputs = None
        if ctx.needs_input_grad[0]:
            grad_inputs = (ctx.layer.transposed(values) @ grad_outputs).T
        return grad_inputs, grad_values, None
