from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snip.layers.chain import Chain, chain_of
from snip.layers.linear import Linear
from snip.layers.pooled_convolution import PooledConvolution
from snip.layers.sparse_linear import drop_pruned
from snip.layers.weights import build_network
from snip.study.settings import Settings

RELU = nn.ReLU()


def batch(seed, examples):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(examples, 1, 28, 28, generator=generator)
    return images, torch.randint(10, (examples,), generator=generator)


def by_chain(chain, images, labels):
    """Return the mean cross-entropy and its gradients."""
    outputs = chain.forward(images).requires_grad_()
    loss = nn.functional.cross_entropy(outputs, labels)
    return loss.item(), chain.backward(*torch.autograd.grad(loss, outputs))


@settings(deadline=None, max_examples=20)
@given(
    network=st.sampled_from(["lenet-300-100", "lenet-5-caffe"]),
    relu=st.booleans(),
    kept=st.sampled_from([0.02, 0.1, 0.6, 1]),
    examples=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_a_chain_gives_the_gradients_of_autograd(network, relu, kept, examples, seed):
    built = build_network(network, seed, replace(Settings(), relu_after_convolutions=relu))
    generator = torch.Generator().manual_seed(seed)
    masks = {
        name: torch.rand(parameter.shape, generator=generator)
        < (kept if parameter.dim() > 1 else 1)
        for name, parameter in built.named_parameters()
    }
    drop_pruned(built, masks)
    images, labels = batch(seed, examples)
    loss, gradients = by_chain(chain_of(built), images, labels)
    expected = nn.functional.cross_entropy(built(images), labels)
    by_autograd = torch.autograd.grad(expected, list(built.parameters()))
    # The operations are the same, so the bytes are.
    assert loss == expected.item()
    assert all(map(torch.equal, gradients, by_autograd))
    assert len(gradients) == len(by_autograd)


def test_layers_before_the_first_parameters_and_layers_without_bias():
    network = nn.Sequential(
        nn.ReLU(),
        PooledConvolution(1, 3, 4),
        nn.Identity(),
        PooledConvolution(3, 1, 3),
        PooledConvolution(1, 2, 2),  # one channel, whose gradient is needed
        nn.Flatten(),
        Linear(8, 10, bias=False),
    )
    images, labels = batch(0, 6)
    before = images.clone()
    loss, gradients = by_chain(chain_of(network), images, labels)
    expected = nn.functional.cross_entropy(network(images), labels)
    by_autograd = torch.autograd.grad(expected, list(network.parameters()))
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for gradient, exact in zip(gradients, by_autograd, strict=True):
        torch.testing.assert_close(gradient, exact, rtol=1e-4, atol=1e-6)
    assert torch.equal(images, before)


class Shifted(Linear):
    """Not what its operation says."""

    def forward(self, inputs):
        return 1 + super().forward(inputs)


class Doubled(nn.Sequential):
    """Not what its layers say."""

    def forward(self, inputs):
        return 2 * super().forward(inputs)


def linear():
    return Linear(784, 10)


def frozen():
    layer = linear()
    layer.bias.requires_grad_(False)
    return layer


def hooked():
    layer = linear()
    layer.register_forward_hook(lambda *_: None)
    return layer


def with_backward_hook():
    layer = linear()
    layer.register_full_backward_hook(lambda *_: None)
    return layer


def with_parameter_hook():
    layer = linear()
    layer.weight.register_hook(lambda gradient: 2 * gradient)
    return layer


def with_own_forward():
    layer = linear()
    layer.forward = torch.tanh
    return layer


def in_another_order():
    layer = linear()
    layer.weight = nn.Parameter(layer._parameters.pop("weight"))
    return layer


def tied():
    one, other = Linear(784, 784), Linear(784, 784)
    other.weight = one.weight
    return [one, other, linear()]


@pytest.mark.parametrize(
    "network",
    [
        Doubled(nn.Flatten(), linear()),
        nn.Sequential(nn.Flatten(), nn.Dropout(), linear()),
        nn.Sequential(nn.Flatten(), nn.Sequential(linear())),
        nn.Sequential(nn.Flatten(2), linear()),
        nn.Sequential(nn.Flatten(), Shifted(784, 10)),
        nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        nn.Sequential(nn.Flatten(), linear()).double(),
        nn.Sequential(nn.Flatten(), frozen()),
        nn.Sequential(nn.Flatten(), hooked()),
        nn.Sequential(nn.Flatten(), with_backward_hook()),
        nn.Sequential(nn.Flatten(), with_parameter_hook()),
        nn.Sequential(nn.Flatten(), with_own_forward()),
        nn.Sequential(nn.Flatten(), in_another_order()),
        nn.Sequential(nn.Flatten(), *tied()),
        nn.Sequential(nn.Flatten()),
        linear(),
    ],
)
def test_other_networks_are_no_chain(network):
    assert chain_of(network) is None


def test_a_hook_on_all_modules_is_heeded():
    network = nn.Sequential(nn.Flatten(), linear())
    assert chain_of(network)
    hook = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert chain_of(network) is None
    finally:
        hook.remove()


@pytest.mark.parametrize(
    "layers",
    [
        # A layer that stands in the chain twice.
        [nn.Flatten(), Linear(784, 30), RELU, Linear(30, 20), RELU, Linear(20, 10)],
        # A linear layer of rows.
        [Linear(28, 5), nn.ReLU(), nn.Flatten(), Linear(140, 10)],
    ],
)
def test_other_chains_have_autograds_bytes(layers):
    network = nn.Sequential(*layers)
    images, labels = batch(0, 6)
    loss, gradients = by_chain(chain_of(network), images, labels)
    expected = nn.functional.cross_entropy(network(images), labels)
    assert loss == expected.item()
    assert all(map(torch.equal, gradients, torch.autograd.grad(expected, network.parameters())))


def test_the_chain_follows_its_networks_weights():
    network = build_network("lenet-300-100", 0)
    chain = chain_of(network)
    assert isinstance(chain, Chain)
    images, labels = batch(1, 5)
    before, _ = by_chain(chain, images, labels)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    after, _ = by_chain(chain, images, labels)
    expected = nn.functional.cross_entropy(network(images), labels).item()
    assert after == pytest.approx(expected, rel=1e-5) and after != pytest.approx(before)


@pytest.mark.parametrize("spoilt", [torch.nan, torch.inf, -torch.inf])
def test_outputs_that_are_not_finite_come_without_a_warning(spoilt):
    network = build_network("lenet-5-caffe", 0)
    with torch.no_grad():
        network.conv1.weight[0, 0, 0, 0] = spoilt
    images, _ = batch(0, 3)
    assert not chain_of(network).forward(images).isfinite().all()


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
def test_torchs_function_transforms_see_the_layers_definition(network):
    built = build_network(network, 0)
    images, labels = batch(0, 3)
    weights = {name: weight.detach() for name, weight in built.named_parameters()}

    def loss(weights, image, label):
        logits = torch.func.functional_call(built, weights, (image[None],))
        return nn.functional.cross_entropy(logits, label[None])

    # One gradient per example, as a criterion may want them.
    per_example = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    gradients = per_example(weights, images, labels)
    for index in range(3):
        alone = nn.functional.cross_entropy(built(images[[index]]), labels[[index]])
        expected = torch.autograd.grad(alone, list(built.parameters()))
        for name, exact in zip(weights, expected, strict=True):
            torch.testing.assert_close(gradients[name][index], exact, rtol=1e-3, atol=1e-5)
