"""Both methods of a pooled convolution, beside PyTorch's layers in double precision."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from snip.layers.fourier import FourierConvolution
from snip.layers.patches import PatchConvolution


def drawn(inputs, outputs, size, height, width, examples, seed):
    """Draw images, weight and bias; the images in a memory layout that a layer may leave."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [(examples, inputs, height, width), (outputs, inputs, size, size), (outputs,)]
    images, weight, bias = (torch.randn(shape, generator=generator) for shape in sizes)
    layout = (torch.contiguous_format, torch.channels_last)[seed % 2]
    return images.to(memory_format=layout), weight, bias


def upstream_of(pooled, seed=0):
    return torch.randn(pooled.shape, generator=torch.Generator().manual_seed(seed))


def exact(operands, seed=0):
    """Return the result and the gradients of images, weight and bias by PyTorch."""
    images, weight, bias = (tensor.double().requires_grad_() for tensor in operands)
    pooled = functional.max_pool2d(functional.conv2d(images, weight, bias), 2)
    gradients = torch.autograd.grad(
        pooled, [images, weight, bias], upstream_of(pooled, seed).double()
    )
    return [pooled, *gradients]


def ours(method, operands, seed=0):
    """Return the same by one of our methods; no gradient of images by patches."""
    operation = method()
    pooled = torch.from_numpy(operation.forward(*(tensor.numpy() for tensor in operands)))
    gradient = upstream_of(pooled, seed).numpy()
    found = operation.backward(gradient, method is FourierConvolution)
    return [pooled, *(None if each is None else torch.from_numpy(each) for each in found)]


def methods(inputs):
    return [PatchConvolution, FourierConvolution] if inputs == 1 else [FourierConvolution]


def maxima_are_clear(images, weight, bias):
    """Whether every pooling window's largest corner leads by more than rounding."""
    convolved = functional.conv2d(images.double(), weight.double(), bias.double())
    corners = convolved.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
    first, second = corners.topk(2).values.unbind(-1)
    return bool((first - second).min() > 1e-5)


@settings(deadline=None, max_examples=80)
@given(
    inputs=st.sampled_from([1, 1, 2, 5]),
    outputs=st.integers(1, 6),
    size=st.integers(1, 5),
    windows=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    odd=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    examples=st.integers(1, 9),
    seed=st.integers(0, 10_000),
)
def test_result_and_gradients_are_those_of_pytorchs_layers(
    inputs, outputs, size, windows, odd, examples, seed
):
    height, width = (2 * n + o + size - 1 for n, o in zip(windows, odd, strict=True))
    operands = drawn(inputs, outputs, size, height, width, examples, seed)
    assume(maxima_are_clear(*operands))
    expected = exact(operands, seed)
    assert expected[0].shape == (examples, outputs, *windows)
    for method in methods(inputs):
        for found, reference in zip(ours(method, operands, seed), expected, strict=True):
            if found is not None:
                torch.testing.assert_close(found.double(), reference, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("inputs", "length"), [(1, 28), (20, 12)])
def test_rounding_is_that_of_single_precision(inputs, length):
    operands = drawn(inputs, 50, 5, length, length, 100, 0)
    found = ours(methods(inputs)[0], operands)
    for result, reference in zip(found, exact(operands), strict=True):
        assert result is None or (result - reference).abs().max() < 2e-6 * reference.abs().max()


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("constant", ["images", "weight"])
def test_of_equal_corners_one_gets_the_gradient(inputs, constant):
    # A blank image, or a filter pruned away: every window has four largest corners.
    images, weight, bias = drawn(inputs, 4, 3, 8, 10, 5, 0)
    (images if constant == "images" else weight).fill_(0.7 if constant == "images" else 0)
    operands = images, weight, bias
    expected, _, expected_weight, expected_bias = exact(operands)
    for method in methods(inputs):
        pooled, _, grad_weight, grad_bias = ours(method, operands)
        torch.testing.assert_close(pooled.double(), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(grad_bias.double(), expected_bias, rtol=1e-4, atol=1e-4)
        # Which corner is chosen decides the weight's gradient, unless the image is blank.
        if constant == "images":
            torch.testing.assert_close(grad_weight.double(), expected_weight, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("inputs", [1, 3])
def test_results_are_the_same_bytes_whether_a_backward_pass_may_follow(inputs):
    operands = [tensor.numpy() for tensor in drawn(inputs, 4, 3, 8, 8, 7, 0)]
    for method in methods(inputs):
        one, other = (method(training).forward(*operands) for training in (True, False))
        assert (one == other).all()
