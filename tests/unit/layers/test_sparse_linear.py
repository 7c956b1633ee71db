from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snip.layers.linear import Linear, use_fast_linear_layers
from snip.layers.sparse_linear import DENSITY, SparseLinear, drop_pruned


def drawn(seed, inputs, outputs, examples, density, bias=True):
    """Draw a linear layer, a mask of its weight, inputs, and a gradient of its outputs."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(inputs, outputs, bias=bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    mask = torch.rand(outputs, inputs, generator=generator) < density
    images = torch.randn(examples, inputs, generator=generator)
    return layer, mask, images, torch.randn(examples, outputs, generator=generator)


def exact(layer, mask, images, gradient):
    """Return outputs and the gradients of inputs, kept weights and bias, in double precision."""
    weight = (layer.weight.detach() * mask).double()
    images, gradient = images.double(), gradient.double()
    outputs = images @ weight.T + (0 if layer.bias is None else layer.bias.detach().double())
    return outputs, gradient @ weight, (gradient.T @ images)[mask], gradient.sum(0)


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    inputs=st.integers(1, 40),
    outputs=st.integers(1, 40),
    examples=st.integers(1, 30),
    density=st.sampled_from([0, 0.02, 0.2, 1]),
    bias=st.booleans(),
    columns_first=st.booleans(),
)
def test_it_computes_what_the_masked_layer_does(
    seed, inputs, outputs, examples, density, bias, columns_first
):
    layer, mask, images, gradient = drawn(seed, inputs, outputs, examples, density, bias)
    expected = exact(layer, mask, images, gradient)
    sparse = SparseLinear(layer, mask)
    if columns_first:
        images, gradient = images.mT.contiguous().mT, gradient.mT.contiguous().mT
    outputs = sparse(images.requires_grad_())
    outputs.backward(gradient)
    gradients = [images.grad, sparse.values.grad, sparse.bias.grad if bias else None]
    for result, reference in zip([outputs, *gradients], expected, strict=True):
        if result is not None:
            # Sums of up to forty terms, in another order and in single precision.
            torch.testing.assert_close(result.double(), reference, rtol=1e-5, atol=1e-4)


def test_it_takes_any_leading_dimensions_and_returns_its_dense_weight():
    layer, mask, images, _ = drawn(0, 12, 7, 6, 0.3)
    sparse = SparseLinear(layer, mask)
    together, apart = sparse(images), sparse(images.view(2, 3, 12))
    assert apart.shape == (2, 3, 7) and torch.equal(apart.view(6, 7), together)
    assert torch.equal(sparse.weight, layer.weight * mask)
    sparse.weight.square().sum().backward()
    assert torch.equal(sparse.values.grad, 2 * layer.weight[mask])


def test_only_layers_that_keep_few_weights_are_replaced():
    tied = nn.Linear(20, 20)
    network = nn.Sequential(
        OrderedDict(
            few=nn.Linear(20, 20),
            many=nn.Linear(20, 20),
            inner=nn.Sequential(nn.Linear(20, 20), nn.ReLU()),
            tied=tied,
            again=nn.Linear(20, 20),
        )
    )
    use_fast_linear_layers(network)
    network.again.weight = tied.weight
    before = {name: parameter.shape for name, parameter in network.named_parameters()}
    masks = {name: torch.zeros(shape, dtype=torch.bool) for name, shape in before.items()}
    masks["few.weight"][:2] = masks["inner.0.weight"][0, 3] = True
    masks["many.weight"].view(-1)[: round(DENSITY * 400)] = True
    new_masks = drop_pruned(network, masks)
    replaced = [n for n, module in network.named_modules() if isinstance(module, SparseLinear)]
    assert replaced == ["few", "inner.0"]
    assert network.again.weight is network.tied.weight
    assert {n: m.shape for n, m in new_masks.items()} == {
        n: p.shape for n, p in network.named_parameters()
    }
    assert new_masks["few.values"].shape == (40,) and new_masks["few.values"].all()
    assert new_masks["few.bias"] is masks["few.bias"]
    assert set(masks) == set(before)


def test_without_mkl_layers_stay_dense(monkeypatch):
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    network = nn.Sequential(Linear(20, 20))
    masks = {n: torch.zeros(p.shape, dtype=torch.bool) for n, p in network.named_parameters()}
    assert drop_pruned(network, masks) == masks
    assert type(network[0]) is Linear


@pytest.mark.parametrize("kept", [0, 1])
def test_a_layer_of_no_or_one_connection(kept):
    layer, mask, images, gradient = drawn(3, 5, 4, 6, 0)
    mask[2, 1] = bool(kept)
    sparse = SparseLinear(layer, mask)
    outputs = sparse(images)
    outputs.backward(gradient)
    expected, _, grad_values, _ = exact(layer, mask, images, gradient)
    torch.testing.assert_close(outputs.double(), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(sparse.values.grad.double(), grad_values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_first_and_second_derivatives_are_those_of_finite_differences(bias):
    layer, mask, images, _ = drawn(4, 6, 5, 3, 0.4, bias)
    sparse = SparseLinear(layer.double(), mask)
    parameters = [images.double().requires_grad_(), *sparse.parameters()]

    def outputs(inputs, *values):
        names = [name for name, _ in sparse.named_parameters()]
        values_by_name = dict(zip(names, values, strict=True))
        return torch.func.functional_call(sparse, values_by_name, (inputs,)).tanh()

    assert torch.autograd.gradcheck(outputs, parameters)
    assert torch.autograd.gradgradcheck(outputs, parameters)


def test_second_derivatives_of_a_pruned_network_are_those_of_the_masked_one():
    layer, mask, images, gradient = drawn(1, 30, 20, 8, 0.1)
    sparse, dense = SparseLinear(layer, mask), nn.Linear(30, 20).double()
    dense.load_state_dict({"weight": layer.weight * mask, "bias": layer.bias})
    second = []
    for module, weights in ((sparse, sparse.values), (dense, dense.weight)):
        inputs = images.to(weights.dtype).requires_grad_()
        loss = (module(inputs).tanh() * gradient.to(weights.dtype)).sum()
        gradients = torch.autograd.grad(loss, [inputs, weights], create_graph=True)
        # The sparse layer has no gradient of pruned weights, so compare those of kept ones.
        grad_kept = gradients[1] if module is sparse else gradients[1][mask]
        squared_norm = gradients[0].square().sum() + grad_kept.square().sum()
        grad_inputs, grad_weights = torch.autograd.grad(squared_norm, [inputs, weights])
        second.append((grad_inputs, grad_weights if module is sparse else grad_weights[mask]))
    for gradient, expected in zip(*second, strict=True):
        torch.testing.assert_close(gradient.double(), expected, rtol=1e-4, atol=1e-4)


def test_gradients_use_the_values_of_the_forward_pass():
    layer, mask, images, gradient = drawn(2, 12, 7, 6, 0.3)
    sparse = SparseLinear(layer, mask)
    doubled = {"values": 2 * sparse.values.detach(), "bias": sparse.bias.detach()}
    outputs = torch.func.functional_call(sparse, doubled, (images.requires_grad_(),))
    outputs.backward(gradient)
    torch.testing.assert_close(images.grad, gradient @ (2 * sparse.weight.detach()))


@pytest.mark.parametrize("special", ["frozen", "hooked", "normalised"])
def test_layers_that_are_more_than_their_class_stay_dense(special):
    layer = Linear(20, 20)
    if special == "frozen":
        layer.weight.requires_grad_(False)
    elif special == "hooked":
        layer.register_full_backward_hook(lambda *_: None)
    else:
        nn.utils.parametrizations.weight_norm(layer)
    network = nn.Sequential(layer)
    masks = {n: torch.zeros(p.shape, dtype=torch.bool) for n, p in network.named_parameters()}
    assert drop_pruned(network, masks) == masks
    assert network[0] is layer
