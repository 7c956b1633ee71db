"""Chains, beside the modules that they stand for."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from quick import changed
from snip.layers.chain import chain_of, differentiate
from snip.layers.linear import DENSITY
from snip.layers.weights import build_network
from snip.study.settings import Settings

RELU = nn.ReLU()


def batch(seed, examples):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(examples, 1, 28, 28, generator=generator)
    return images, torch.randint(10, (examples,), generator=generator)


def masked(network, seed, kept):
    """Mask a network's linear weights at random, in place; return the masks."""
    generator = torch.Generator().manual_seed(seed)
    masks = {
        name: torch.rand(parameter.shape, generator=generator)
        < (kept if parameter.dim() == 2 else 1)
        for name, parameter in network.named_parameters()
    }
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.mul_(masks[name])
    return masks


def by_modules(network, images, labels):
    """Return loss and gradients of the modules in double precision, and whether maxima are clear.

    They are unless rounding may decide which corner of a pooling window is the largest.
    """
    network, clear = copy.deepcopy(network).double(), []

    def look(_, inputs, __):
        corners = inputs[0].unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
        first, second = corners.topk(2).values.unbind(-1)
        clear.append((first - second).min() > 3e-6)

    for module in network.modules():
        if isinstance(module, nn.MaxPool2d):
            module.register_forward_hook(look)
    loss, found = differentiate(
        network, None, dict(network.named_parameters()), images.double(), labels
    )
    return loss.item(), found, all(clear)


def check(network, masks, images, labels):
    """Compare the network's chain with its modules; return the chain."""
    chain = chain_of(network, masks)
    loss, gradients = differentiate(network, chain, {}, images, labels)
    expected, exact, clear = by_modules(network, images, labels)
    assert loss.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    evaluated = chain.forward(images, training=False)
    torch.testing.assert_close(evaluated, network(images), rtol=1e-3, atol=1e-4)
    assert list(gradients) == [name for name, _ in network.named_parameters()]
    for name, gradient in gradients.items() if clear else ():
        reference = exact[name] if gradient.shape == exact[name].shape else exact[name][masks[name]]
        torch.testing.assert_close(gradient.double(), reference, rtol=1e-3, atol=1e-5)
    return chain


@settings(deadline=None, max_examples=20)
@given(
    network=st.sampled_from(["lenet-300-100", "lenet-5-caffe"]),
    relu=st.booleans(),
    kept=st.sampled_from([0.02, 0.1, 0.6, 1]),
    examples=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_loss_and_gradients_are_those_of_the_modules(network, relu, kept, examples, seed):
    built = build_network(network, seed, changed(Settings(), relu_after_convolutions=relu))
    masks = masked(built, seed, kept)
    chain = check(built, masks, *batch(seed, examples))
    sparse = {
        name for name, tensor in chain.parameters.items() if tensor.shape != masks[name].shape
    }
    few = {
        name
        for name, mask in masks.items()
        if name.startswith("fc") and mask.count_nonzero() < DENSITY * mask.numel()
    }
    assert sparse == few and bool(few) == (kept < DENSITY)


@pytest.mark.parametrize(
    "layers",
    [
        # A layer that stands in the chain twice.
        [nn.Flatten(), nn.Linear(784, 30), RELU, nn.Linear(30, 20), RELU, nn.Linear(20, 10)],
        # A linear layer of rows.
        [nn.Linear(28, 5), nn.ReLU(), nn.Flatten(), nn.Linear(140, 10)],
        # Layers before the first parameters, odd shapes, one channel whose gradient is needed.
        [
            *[nn.ReLU(), nn.Conv2d(1, 3, 4), nn.MaxPool2d((2, 2)), nn.Identity()],
            *[nn.Conv2d(3, 1, 3, padding="valid"), nn.Identity(), nn.MaxPool2d(2, stride=2)],
            *[nn.Conv2d(1, 2, 2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 10, bias=False)],
        ],
    ],
)
def test_other_chains(layers):
    network = nn.Sequential(*layers)
    images, labels = batch(0, 6)
    before = images.clone()
    check(network, None, images, labels)
    assert torch.equal(images, before)


class Shifted(nn.Linear):
    """Not what its operation says."""


class Doubled(nn.Sequential):
    """Not what its layers say."""


def dense(change=None):
    layer = nn.Linear(784, 10)
    if change:
        change(layer)
    return nn.Sequential(nn.Flatten(), layer)


def tied():
    one, other = nn.Linear(784, 784), nn.Linear(784, 784)
    other.weight = one.weight
    return nn.Sequential(nn.Flatten(), one, other)


def convolution(pooling=(nn.MaxPool2d(2),), **options):  # noqa: B008
    return nn.Sequential(nn.Conv2d(1, 1, 5, **options), *pooling)


@pytest.mark.parametrize(
    "network",
    [
        Doubled(nn.Flatten(), nn.Linear(784, 10)),
        nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(784, 10)),
        nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(784, 10))),
        nn.Sequential(nn.Flatten(2), nn.Linear(784, 10)),
        nn.Sequential(nn.Flatten(), Shifted(784, 10)),
        dense().double(),
        dense(lambda layer: layer.bias.requires_grad_(False)),
        dense(lambda layer: layer.register_forward_hook(print)),
        dense(lambda layer: layer.register_full_backward_hook(print)),
        dense(lambda layer: layer.weight.register_hook(print)),
        dense(lambda layer: setattr(layer, "forward", torch.tanh)),
        dense(lambda layer: layer.register_parameter("third", nn.Parameter(torch.ones(1)))),
        dense(nn.utils.parametrizations.weight_norm),
        tied(),
        nn.Sequential(nn.Flatten(), *[nn.Linear(784, 784)] * 2),
        nn.Sequential(nn.Flatten()),
        nn.Linear(784, 10),
        nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(196, 10)),
        nn.Sequential(nn.Conv2d(2, 2, 5, groups=2), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(1, 2, (5, 3)), nn.MaxPool2d(2)),
        *(
            convolution(**options)
            for options in (
                {"bias": False},
                {"padding": 1},
                {"stride": 2},
                {"dilation": 2},
                {"pooling": []},
                {"pooling": [nn.MaxPool2d(2, 1)]},
                {"pooling": [nn.MaxPool2d(2, padding=1)]},
                {"pooling": [nn.MaxPool2d(2, ceil_mode=True)]},
                {"pooling": [nn.AvgPool2d(2)]},
                {"pooling": [nn.ReLU(), nn.MaxPool2d(2)]},
            )
        ),
    ],
)
def test_other_networks_are_no_chain(network):
    assert chain_of(network) is None


def test_a_hook_on_all_modules_is_heeded():
    network = dense()
    assert chain_of(network)
    hook = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert chain_of(network) is None
    finally:
        hook.remove()


def test_the_networks_parameters_keep_their_memory_and_get_what_is_held_sparse():
    built = build_network("lenet-5-caffe", 0)
    memory = {name: parameter.data_ptr() for name, parameter in built.named_parameters()}
    masks = masked(built, 0, 0.1)
    chain = chain_of(built, masks)
    for tensor in chain.parameters.values():
        tensor.mul_(2)
    chain.write_back()
    for name, parameter in built.named_parameters():
        held, mask = chain.parameters[name], masks[name]
        assert parameter.data_ptr() == memory[name]
        if held.shape == mask.shape:
            assert held.data_ptr() == memory[name]
        else:
            assert torch.equal(parameter[mask], held) and not parameter[~mask].any()


def test_without_mkl_no_weight_is_held_sparse(monkeypatch):
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    network = build_network("lenet-300-100", 0)
    chain = chain_of(network, masked(network, 0, 0.01))
    assert all(chain.parameters[name].shape == p.shape for name, p in network.named_parameters())


@pytest.mark.parametrize("spoilt", [torch.nan, torch.inf, -torch.inf])
def test_outputs_that_are_not_finite_come_without_a_warning(spoilt):
    network = build_network("lenet-5-caffe", 0)
    with torch.no_grad():
        network.conv1.weight[0, 0, 0, 0] = spoilt
    images, _ = batch(0, 3)
    assert not chain_of(network).forward(images).isfinite().all()
