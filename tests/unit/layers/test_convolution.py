import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from snip.layers.convolution import PooledConvolution, _Transform
from snip.layers.weights import build_network


def layer_and_images(inputs, outputs, size, height, width, examples, seed):
    """Draw a layer, and images as an earlier layer might lay them out."""
    generator = torch.Generator().manual_seed(seed)
    layer = PooledConvolution(inputs, outputs, size)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)
    images = torch.randn(examples, inputs, height, width, generator=generator)
    layout = (torch.contiguous_format, torch.channels_last)[seed % 2]
    return layer, images.to(memory_format=layout).requires_grad_()


def by_definition(layer, images):
    """Return the same layer's result by PyTorch's own operations in double precision."""
    weight, bias = (p.detach().double().requires_grad_() for p in layer.parameters())
    images = images.detach().double().requires_grad_()
    return functional.max_pool2d(functional.conv2d(images, weight, bias), 2), images, weight, bias


def a_corner_is_the_largest(layer, images):
    """Whether rounding decides in no pooling window where the gradient goes."""
    convolved = functional.conv2d(images.double(), *(p.double() for p in layer.parameters()))
    corners = convolved.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
    first, second = corners.topk(2).values.unbind(-1)
    return bool((first - second).min() > 1e-5)


@settings(deadline=None, max_examples=60)
@given(
    inputs=st.sampled_from([1, 1, 2, 5]),
    outputs=st.integers(1, 6),
    size=st.integers(1, 5),
    windows=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    odd=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    examples=st.integers(1, 9),
    seed=st.integers(0, 10_000),
)
def test_result_and_gradients_are_those_of_the_definition(
    inputs, outputs, size, windows, odd, examples, seed
):
    height, width = (2 * n + o + size - 1 for n, o in zip(windows, odd, strict=True))
    layer, images = layer_and_images(inputs, outputs, size, height, width, examples, seed)
    assume(a_corner_is_the_largest(layer, images))
    found = layer(images)
    expected, *sources = by_definition(layer, images)
    assert found.shape == expected.shape == (examples, outputs, *windows)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-4)
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(seed))
    gradients = torch.autograd.grad(found, [images, *layer.parameters()], upstream)
    for gradient, wanted in zip(
        gradients, torch.autograd.grad(expected, sources, upstream.double()), strict=True
    ):
        assert gradient.shape == wanted.shape
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-4, atol=1e-3)


@settings(deadline=None)
@given(
    periods=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    inside=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    seed=st.integers(0, 1000),
)
def test_the_transform_is_numpys_and_its_inverse_leads_back(periods, inside, seed):
    rows, columns = (max(p - i, 1) for p, i in zip(periods, inside, strict=True))
    image = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    flat = torch.from_numpy(image).flatten()
    numbers = _Transform(*periods, rows, columns).matrix() @ flat
    height, width = periods
    expected = [
        np.fft.fft2(image, periods)[y, x]
        for y in range(height // 2 + 1)
        for x in range(width // 2 + 1 if 2 * y % height == 0 else width)
    ]
    np.testing.assert_allclose(numbers[::2] + 1j * numbers[1::2], expected, atol=1e-4)
    back = _Transform(*periods, rows, columns, inverse=True).matrix().T @ numbers
    torch.testing.assert_close(back, flat, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("inputs", "length"), [(1, 28), (20, 12)])
def test_rounding_is_that_of_single_precision(inputs, length):
    layer, images = layer_and_images(inputs, 50, 5, length, length, 100, 0)
    found = layer(images)
    expected, *sources = by_definition(layer, images)
    assert (found - expected).abs().max() < 2e-6 * expected.abs().max()
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    gradients = torch.autograd.grad(found, [images, *layer.parameters()], upstream)
    wanted = torch.autograd.grad(expected, sources, upstream.double())
    for one, other in zip(gradients, wanted, strict=True):
        assert (one - other).abs().max() < 2e-6 * other.abs().max()


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("constant", ["images", "weight"])
def test_equal_corners_share_no_gradient_twice(inputs, constant):
    # A blank image, or a filter pruned away: every window has four largest corners.
    layer, images = layer_and_images(inputs, 4, 3, 8, 10, 5, 0)
    with torch.no_grad():
        if constant == "images":
            images.fill_(0.7)
        else:
            layer.weight.zero_()
    found, (expected, _, weight, bias) = layer(images), by_definition(layer, images)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    upstream = torch.randn(found.shape, generator=torch.Generator().manual_seed(0))
    if constant == "weight":
        # Which corner counts decides its patch; the bias sees all patches alike.
        [gradient] = torch.autograd.grad(found, [layer.bias], upstream)
        torch.testing.assert_close(gradient, upstream.sum((0, 2, 3)), rtol=1e-5, atol=1e-4)
        return
    for gradient, wanted in zip(
        torch.autograd.grad(found, list(layer.parameters()), upstream),
        torch.autograd.grad(expected, [weight, bias], upstream.double()),
        strict=True,
    ):
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("inputs", [1, 3])
def test_results_are_the_same_bytes_with_and_without_gradient(inputs):
    layer, images = layer_and_images(inputs, 4, 3, 8, 8, 7, 0)
    with torch.inference_mode():
        quiet = layer(images.detach()).clone()
    found = layer(images)
    assert torch.equal(found, quiet) and torch.equal(found, layer(images))
    # What is remembered between calls may have been made in inference mode.
    found.sum().backward()
    assert images.grad is not None and layer.weight.grad.shape == layer.weight.shape


def test_a_number_that_is_not_finite_shows():
    for inputs in (1, 3):
        layer, images = layer_and_images(inputs, 4, 3, 8, 8, 2, 0)
        with torch.no_grad():
            images[0, 0, 0, 0] = torch.nan
        assert layer(images)[0].isnan().any()


def hessian_times_direction(network, images, labels, seed):
    """Return H·v by differentiating the gradient, for a v that the seed determines."""
    parameters = list(network.parameters())
    loss = functional.cross_entropy(network(images), labels)
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    generator = torch.Generator().manual_seed(seed)
    product = 0
    for parameter, gradient in zip(parameters, gradients, strict=True):
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        product = product + (gradient * direction.to(parameter.dtype)).sum()
    return torch.autograd.grad(product, parameters)


@pytest.mark.parametrize("seed", [0, 1])
def test_second_derivatives_are_those_of_pytorchs_layers(seed):
    network = build_network("lenet-5-caffe", seed)
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(20, 1, 28, 28, generator=generator)
    labels = torch.randint(10, (20,), generator=generator)
    found = hessian_times_direction(network, images, labels, seed)
    # In double precision every layer is PyTorch's own.
    expected = hessian_times_direction(network.double(), images.double(), labels, seed)
    for ours, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(ours.double(), wanted, rtol=1e-4, atol=1e-4 * wanted.norm())


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("frozen", [None, "images", "parameters"])
def test_the_gradient_of_a_gradients_size_is_right(inputs, frozen):
    layer, images = layer_and_images(inputs, 4, 3, 8, 8, 5, 0)
    _, *exact = by_definition(layer, images)
    ours = [images, *layer.parameters()]
    for tensors in (ours, exact):
        tensors[0].requires_grad_(frozen != "images")
        for tensor in tensors[1:]:
            tensor.requires_grad_(frozen != "parameters")
    results = []
    for tensors, pooled in ((ours, layer(images)), (exact, None)):
        if pooled is None:
            pooled = functional.max_pool2d(functional.conv2d(*exact), 2)
        wanted = [tensor for tensor in tensors if tensor.requires_grad]
        gradients = torch.autograd.grad(pooled.pow(3).sum(), wanted, create_graph=True)
        size = sum(gradient.square().sum() for gradient in gradients)
        results.append(torch.autograd.grad(size, wanted))
    for found, expected in zip(*results, strict=True):
        error = (found.double() - expected).norm()
        assert error < 1e-4 * expected.norm()


def test_without_create_graph_a_gradient_has_no_graph():
    layer, images = layer_and_images(3, 4, 3, 8, 8, 5, 0)
    gradients = torch.autograd.grad(layer(images).square().sum(), [images, layer.weight])
    assert not any(gradient.requires_grad for gradient in gradients)
