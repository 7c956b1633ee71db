"""Linear layers of which few connections are kept, stored and computed as these connections alone.

A pruned weight stays zero, so nothing that is multiplied by it needs to be computed, nor its own
gradient. An operation of a sparse product takes longer than one of a dense product: the sparse one
is the faster where few weights are kept.
"""

import warnings
from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.autograd import Function

# The share of weights kept below which a layer is computed sparsely; between a tenth and a sixth
# both ways take about as long, by processor (docs/performance.md).
DENSITY = 0.125

# torch says once per process that its compressed rows are in beta.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
    torch.zeros(1, 1).to_sparse_csr()


def drop_pruned(network: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace the linear layers of which few weights are kept by `SparseLinear`, in place.

    On a processor only, and only with the library (MKL) that the products need; layers whose weight
    is used elsewhere, too, stay.

    Args:
        masks: one boolean tensor per parameter, True where kept.

    Returns:
        The masks of the parameters that the network has then.
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
    """What is left of a linear layer.

    Takes (..., inputs) and returns (..., outputs), as the layer with its pruned weights zero would,
    but for the order in which terms are summed. Examples come last in memory, inside and in the
    result.

    Attributes:
        values: the kept weights, (kept,), row by row of the layer's weight.
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
        # Where each value of the transposed matrix stands among the values.
        self.order = order - 1

    def forward(self, inputs: Tensor) -> Tensor:
        """Multiply by the kept weights and add the bias; see the class."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        outputs = _Product.apply(flat, self.values, self)
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.reshape(*inputs.shape[:-1], len(self.mask))

    def matrix(self, values: Tensor) -> Tensor:
        """Return kept weights as a sparse matrix (outputs, inputs)."""
        return _matrix(self.pattern, values, self.mask.shape)

    def transposed(self, values: Tensor) -> Tensor:
        """Return kept weights as a sparse matrix (inputs, outputs)."""
        values = values.index_select(0, self.order)
        return _matrix(self.transposed_pattern, values, self.mask.T.shape)

    def dense(self, values: Tensor) -> Tensor:
        """Return kept weights as a matrix (outputs, inputs), zero where pruned."""
        return torch.zeros_like(self.mask, dtype=values.dtype).masked_scatter(self.mask, values)

    @property
    def weight(self) -> Tensor:
        """The layer's weight (outputs, inputs), zero where pruned, for those who read it."""
        return self.dense(self.values)


def _compressed(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where each row begins among a matrix's non-zeros, their columns, and themselves."""
    sparse = matrix.to_sparse_csr()
    # MKL takes indices of 32 bits.
    return sparse.crow_indices().int(), sparse.col_indices().int(), sparse.values()


def _matrix(pattern: list[Tensor], values: Tensor, shape: torch.Size) -> Tensor:
    """Return the sparse matrix of a pattern that `_compressed` found, which needs no check."""
    return torch.sparse_csr_tensor(*pattern, values, shape, check_invariants=False)


class _Product(Function):
    """Inputs (examples, inputs) times the transposed matrix of a layer."""

    @staticmethod
    def forward(ctx, inputs: Tensor, values: Tensor, layer: SparseLinear) -> Tensor:
        examples_last = inputs.T.contiguous()
        ctx.save_for_backward(inputs, values, examples_last)
        ctx.layer = layer
        return (layer.matrix(values) @ examples_last).T

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, None]:
        inputs, values, examples_last = ctx.saved_tensors
        if torch.is_grad_enabled():
            # For second derivatives: operations that autograd knows, on dense matrices.
            grad_values = (gradient.T @ inputs)[ctx.layer.mask]
            return gradient @ ctx.layer.dense(values), grad_values, None
        gradient, matrix = gradient.T.contiguous(), ctx.layer.matrix(values)
        # The products of output gradients and inputs, where weights are kept and nowhere else.
        of_values = torch.sparse.sampled_addmm(matrix, gradient, examples_last.T, beta=0).values()
        of_inputs = (ctx.layer.transposed(values) @ gradient).T if ctx.needs_input_grad[0] else None
        return of_inputs, of_values, None
