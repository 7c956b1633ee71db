import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from snip.layers.pooled_convolution import PooledConvolution
from snip.layers.weights import build_network


def layer_and_images(inputs, outputs, size, height, width, examples, seed):
    """Draw a layer and images, in a memory layout that an earlier layer might leave."""
    generator = torch.Generator().manual_seed(seed)
    layer = PooledConvolution(inputs, outputs, size)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)
    images = torch.randn(examples, inputs, height, width, generator=generator)
    layout = (torch.contiguous_format, torch.channels_last)[seed % 2]
    return layer, images.to(memory_format=layout).requires_grad_()


def by_definition(layer, images):
    """Return the layer's result by PyTorch's operations in double precision, and its inputs."""
    weight, bias = (p.detach().double().requires_grad_() for p in layer.parameters())
    images = images.detach().double().requires_grad_()
    return functional.max_pool2d(functional.conv2d(images, weight, bias), 2), images, weight, bias


def maxima_are_clear(layer, images):
    """Whether every pooling window's largest corner leads by more than rounding."""
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
    assume(maxima_are_clear(layer, images))
    pooled = layer(images)
    expected, *exact_inputs = by_definition(layer, images)
    assert pooled.shape == expected.shape == (examples, outputs, *windows)
    torch.testing.assert_close(pooled.double(), expected, rtol=1e-5, atol=1e-4)
    upstream = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(seed))
    gradients = torch.autograd.grad(pooled, [images, *layer.parameters()], upstream)
    expected_gradients = torch.autograd.grad(expected, exact_inputs, upstream.double())
    for gradient, exact in zip(gradients, expected_gradients, strict=True):
        assert gradient.shape == exact.shape
        torch.testing.assert_close(gradient.double(), exact, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("inputs", "length"), [(1, 28), (20, 12)])
def test_rounding_is_that_of_single_precision(inputs, length):
    layer, images = layer_and_images(inputs, 50, 5, length, length, 100, 0)
    images.requires_grad_(inputs > 1)  # as in training
    pooled = layer(images)
    expected, *exact_inputs = by_definition(layer, images)
    exact_inputs = exact_inputs[inputs == 1 :]
    assert (pooled - expected).abs().max() < 2e-6 * expected.abs().max()
    upstream = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(1))
    wanted = [images, *layer.parameters()][inputs == 1 :]
    gradients = torch.autograd.grad(pooled, wanted, upstream)
    expected_gradients = torch.autograd.grad(expected, exact_inputs, upstream.double())
    for gradient, exact in zip(gradients, expected_gradients, strict=True):
        assert (gradient - exact).abs().max() < 2e-6 * exact.abs().max()


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("constant", ["images", "weight"])
def test_of_equal_corners_one_gets_the_gradient(inputs, constant):
    # A blank image, or a filter pruned away: every window has four largest corners.
    layer, images = layer_and_images(inputs, 4, 3, 8, 10, 5, 0)
    with torch.no_grad():
        if constant == "images":
            images.fill_(0.7)
        else:
            layer.weight.zero_()
    pooled, (expected, _, weight, bias) = layer(images), by_definition(layer, images)
    torch.testing.assert_close(pooled.double(), expected, rtol=1e-5, atol=1e-5)
    upstream = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(0))
    if constant == "weight":
        # The weight's gradient depends on which corner is chosen; the bias's does not.
        [gradient] = torch.autograd.grad(pooled, [layer.bias], upstream)
        torch.testing.assert_close(gradient, upstream.sum((0, 2, 3)), rtol=1e-5, atol=1e-4)
        return
    gradients = torch.autograd.grad(pooled, list(layer.parameters()), upstream)
    expected_gradients = torch.autograd.grad(expected, [weight, bias], upstream.double())
    for gradient, exact in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient.double(), exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("inputs", [1, 3])
def test_results_are_the_same_bytes_with_and_without_gradient(inputs):
    layer, images = layer_and_images(inputs, 4, 3, 8, 8, 7, 0)
    images = images.detach()
    with torch.inference_mode():
        inferred = layer(images).clone()
    pooled = layer(images)
    assert torch.equal(pooled, inferred) and torch.equal(pooled, layer(images))
    pooled.sum().backward()
    assert layer.weight.grad.shape == layer.weight.shape


@settings(deadline=None, max_examples=30)
@given(
    size=st.integers(1, 5),
    windows=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    odd=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    examples=st.integers(1, 9),
    seed=st.integers(0, 10_000),
)
def test_both_methods_agree_on_one_channel(size, windows, odd, examples, seed):
    height, width = (2 * n + o + size - 1 for n, o in zip(windows, odd, strict=True))
    layer, images = layer_and_images(1, 3, size, height, width, examples, seed)
    assume(maxima_are_clear(layer, images))
    upstream = torch.randn(examples, 3, *windows, generator=torch.Generator().manual_seed(seed))
    results = []
    for needs_images in (False, True):  # by patches, by the Fourier transform
        pooled = layer(images.detach().requires_grad_(needs_images))
        results.append((pooled, *torch.autograd.grad(pooled, list(layer.parameters()), upstream)))
    for by_patches, by_fourier in zip(*results, strict=True):
        torch.testing.assert_close(by_patches, by_fourier, rtol=1e-4, atol=1e-3)


def test_an_image_without_a_pooling_window_is_pytorchs_error():
    layer, images = layer_and_images(1, 3, 4, 4, 4, 2, 0)
    with pytest.raises(RuntimeError, match="Output size is too small"):
        layer(images)


def test_a_nan_in_an_image_reaches_the_result():
    for inputs in (1, 3):
        layer, images = layer_and_images(inputs, 4, 3, 8, 8, 2, 0)
        with torch.no_grad():
            images[0, 0, 0, 0] = torch.nan
        assert layer(images)[0].isnan().any()


def hessian_times_direction(network, images, labels, seed):
    """Return H·v by differentiating the gradient, for a direction v that the seed decides."""
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
    products = hessian_times_direction(network, images, labels, seed)
    # In double precision every layer is PyTorch's own.
    expected = hessian_times_direction(network.double(), images.double(), labels, seed)
    for product, exact in zip(products, expected, strict=True):
        torch.testing.assert_close(product.double(), exact, rtol=1e-4, atol=1e-4 * exact.norm())


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("frozen", [None, "images", "parameters"])
def test_the_gradient_of_a_gradients_norm_is_that_of_the_definition(inputs, frozen):
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
        trained = [tensor for tensor in tensors if tensor.requires_grad]
        gradients = torch.autograd.grad(pooled.pow(3).sum(), trained, create_graph=True)
        squared_norm = sum(gradient.square().sum() for gradient in gradients)
        results.append(torch.autograd.grad(squared_norm, trained))
    for gradient, expected in zip(*results, strict=True):
        error = (gradient.double() - expected).norm()
        assert error < 1e-4 * expected.norm()


def test_without_create_graph_a_gradient_has_no_graph():
    layer, images = layer_and_images(3, 4, 3, 8, 8, 5, 0)
    gradients = torch.autograd.grad(layer(images).square().sum(), [images, layer.weight])
    assert not any(gradient.requires_grad for gradient in gradients)
