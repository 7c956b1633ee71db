import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snip.layers.linear import Linear, use_fast_linear_layers


def drawn(seed, inputs, outputs, examples, bias):
    """Draw a layer, its inputs and a gradient of its outputs."""
    generator = torch.Generator().manual_seed(seed)
    layer = Linear(inputs, outputs, bias=bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)
    images = torch.randn(examples, inputs, generator=generator)
    return layer, images, torch.randn(examples, outputs, generator=generator)


def in_double(layer, images, gradient):
    """Return outputs and gradients of inputs and parameters by PyTorch in double precision."""
    operands = [
        tensor.detach().double().requires_grad_() for tensor in (images, *layer.parameters())
    ]
    outputs = nn.functional.linear(*operands)
    return outputs, *torch.autograd.grad(outputs, operands, gradient.double())


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    inputs=st.integers(1, 40),
    outputs=st.integers(1, 40),
    examples=st.integers(1, 30),
    bias=st.booleans(),
    examples_last=st.booleans(),
)
def test_result_and_gradients_are_those_of_pytorchs_layer(
    seed, inputs, outputs, examples, bias, examples_last
):
    layer, images, gradient = drawn(seed, inputs, outputs, examples, bias)
    expected = in_double(layer, images, gradient)
    if examples_last:
        images, gradient = images.T.contiguous().T, gradient.T.contiguous().T
    found = layer(images.requires_grad_())
    gradients = torch.autograd.grad(found, [images, *layer.parameters()], gradient)
    for result, exact in zip([found, *gradients], expected, strict=True):
        # Sums of up to forty terms, in another order and in single precision.
        torch.testing.assert_close(result.double(), exact, rtol=1e-5, atol=1e-4)


def test_rounding_is_that_of_single_precision():
    layer, images, gradient = drawn(0, 784, 300, 100, True)
    expected = in_double(layer, images, gradient)
    found = layer(images.requires_grad_())
    gradients = torch.autograd.grad(found, [images, *layer.parameters()], gradient)
    for result, exact in zip([found, *gradients], expected, strict=True):
        assert (result - exact).abs().max() < 2e-6 * exact.abs().max()


@pytest.mark.parametrize("frozen", [None, "images", "parameters"])
def test_second_derivatives_are_those_of_pytorchs_layer(frozen):
    layer, images, _ = drawn(1, 7, 5, 4, True)
    ours = [images, *layer.parameters()]
    exact = [tensor.detach().double() for tensor in ours]
    results = []
    for tensors in (ours, exact):
        tensors[0].requires_grad_(frozen != "images")
        for tensor in tensors[1:]:
            tensor.requires_grad_(frozen != "parameters")
        outputs = layer(images) if tensors is ours else nn.functional.linear(*exact)
        trained = [tensor for tensor in tensors if tensor.requires_grad]
        gradients = torch.autograd.grad(outputs.pow(3).sum(), trained, create_graph=True)
        squared_norm = sum(gradient.square().sum() for gradient in gradients)
        results.append(torch.autograd.grad(squared_norm, trained))
    for gradient, expected in zip(*results, strict=True):
        assert (gradient.double() - expected).norm() < 1e-4 * expected.norm()


def test_any_leading_dimensions_and_other_precisions():
    layer, images, _ = drawn(2, 12, 7, 6, True)
    apart = layer(images.view(2, 3, 12))
    assert apart.shape == (2, 3, 7) and torch.equal(apart.view(6, 7), layer(images))
    exact = nn.functional.linear(images.double(), *(p.double() for p in layer.parameters()))
    assert torch.equal(layer.double()(images.double()), exact)


def test_only_pytorchs_own_linear_layers_are_replaced():
    class Special(nn.Linear):
        pass

    network = nn.Sequential(nn.Linear(2, 2), Special(2, 2), nn.Sequential(nn.Linear(2, 2)))
    use_fast_linear_layers(network)
    assert [type(network[0]), type(network[1]), type(network[2][0])] == [Linear, Special, Linear]


def loss_of_a_recurrent_layer(layer, images):
    """Apply a layer three times in a row."""
    for _ in range(3):
        images = layer(images).tanh()
    return images.square().sum()


def test_second_derivatives_of_a_layer_that_is_used_again():
    layer, images, _ = drawn(3, 5, 5, 4, True)
    results = []
    for module, inputs in ((layer, images), (copy.deepcopy(layer).double(), images.double())):
        parameters = list(module.parameters())
        loss = loss_of_a_recurrent_layer(module, inputs)
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        squared_norm = sum(gradient.square().sum() for gradient in gradients)
        results.append([*gradients, *torch.autograd.grad(squared_norm, parameters)])
    for found, exact in zip(*results, strict=True):
        assert (found.double() - exact).norm() < 1e-4 * exact.norm()


def test_a_change_in_place_of_what_a_gradient_needs_is_an_error():
    layer, images, gradient = drawn(4, 5, 5, 4, True)
    inputs = images * 1
    outputs = layer(inputs)
    inputs.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.backward(gradient)


def test_mixed_precisions_are_pytorchs_error():
    layer, images, _ = drawn(5, 5, 5, 4, True)
    with pytest.raises(RuntimeError, match="same dtype"):
        layer.double()(images)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own use of it
def test_batched_and_forward_derivatives():
    layer, images, _ = drawn(6, 6, 4, 3, True)
    exact = nn.Linear(6, 4)
    exact.load_state_dict(layer.state_dict())
    found, expected = (
        torch.autograd.functional.jacobian(module, images, vectorize=True)
        for module in (layer, exact)
    )
    torch.testing.assert_close(found, expected)
    direction = torch.ones_like(images)
    with torch.autograd.forward_ad.dual_level():
        found, expected = (
            torch.autograd.forward_ad.unpack_dual(
                module(torch.autograd.forward_ad.make_dual(images, direction))
            ).tangent
            for module in (layer, exact)
        )
    torch.testing.assert_close(found, expected)
