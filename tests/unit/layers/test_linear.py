"""The products of linear layers, beside PyTorch's in double precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from snip.layers.linear import Pattern, Product, SparseProduct


def drawn(seed, inputs, outputs, examples, bias=True, density=None):
    """Draw inputs, weight, bias or None, and a gradient of outputs; and a mask or None."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(examples, inputs), (outputs, inputs), (outputs,), (examples, outputs)]
    images, weight, shift, gradient = (torch.randn(s, generator=generator) for s in sizes)
    mask = None
    if density is not None:
        mask = torch.rand(outputs, inputs, generator=generator) < density
        weight *= mask
    return images, weight, shift if bias else None, gradient, mask


def exact(images, weight, bias, gradient, mask):
    """Return outputs and gradients by PyTorch in double precision; the weight's where kept."""
    operands = [
        None if tensor is None else tensor.double().requires_grad_()
        for tensor in (images, weight, bias)
    ]
    outputs = functional.linear(*operands)
    wanted = [operand for operand in operands if operand is not None]
    found = list(torch.autograd.grad(outputs, wanted, gradient.double()))
    if mask is not None:
        found[1] = found[1][mask]
    return [outputs, *found]


def ours(images, weight, bias, gradient, mask):
    """Return the same by the product with all weights, or with the kept ones."""
    product = Product() if mask is None else SparseProduct(True, Pattern(mask))
    parameters = [weight if mask is None else weight[mask], bias]
    parameters = [tensor.numpy() for tensor in parameters if tensor is not None]
    outputs = product.forward(images.numpy(), *parameters)
    gradients = product.backward(gradient.numpy(), True)[: 1 + len(parameters)]
    return [torch.from_numpy(found) for found in (outputs, *gradients)]


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    inputs=st.integers(1, 40),
    outputs=st.integers(1, 40),
    examples=st.integers(1, 30),
    bias=st.booleans(),
    density=st.sampled_from([None, 0, 0.02, 0.2, 1]),
    examples_last=st.booleans(),
)
def test_outputs_and_gradients_are_those_of_pytorchs_layer(
    seed, inputs, outputs, examples, bias, density, examples_last
):
    images, weight, shift, gradient, mask = drawn(seed, inputs, outputs, examples, bias, density)
    expected = exact(images, weight, shift, gradient, mask)
    if examples_last:
        images, gradient = images.T.contiguous().T, gradient.T.contiguous().T
    for result, reference in zip(
        ours(images, weight, shift, gradient, mask), expected, strict=True
    ):
        # Sums of up to forty terms, in another order and in single precision.
        torch.testing.assert_close(result.double(), reference, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("density", [None, 0.1])
def test_rounding_is_that_of_single_precision(density):
    case = drawn(0, 784, 300, 100, True, density)
    for result, reference in zip(ours(*case), exact(*case), strict=True):
        assert (result - reference).abs().max() < 2e-6 * reference.abs().max()


@pytest.mark.parametrize("density", [None, 0.3])
def test_any_leading_dimensions(density):
    images, weight, shift, gradient, mask = drawn(2, 12, 7, 6, True, density)
    together = ours(images, weight, shift, gradient, mask)
    apart = ours(images.view(2, 3, 12), weight, shift, gradient.view(2, 3, 7), mask)
    assert apart[0].shape == (2, 3, 7) and apart[1].shape == (2, 3, 12)
    assert all(
        torch.equal(one.reshape(other.shape), other)
        for one, other in zip(apart, together, strict=True)
    )
