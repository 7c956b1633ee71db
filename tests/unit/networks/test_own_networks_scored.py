"""Scoring and counting networks that have other layers than the shipped ones."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from own_networks import QUICK, RUN, Functional, convolutions, layers, register
from snip.benchmark.operations import count_operations
from snip.layers.weights import build_network, connections
from snip.masks import problem as pruning_problem
from snip.masks import scoring
from snip.masks.anatomy import anatomy
from snip.training.loop import prepare


def test_what_is_no_connection_keeps_its_modules_values_and_is_never_pruned(network, dataset):
    module = build_network("own", 3)
    expected = {
        "functional": {"scale"},
        "convolutions": {"1.weight", "1.bias", "2.weight", "6.weight", "6.bias"},
        "layers": {"0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "8.weight"},
    }[network]
    left_out = {n: p for n, p in module.named_parameters() if n not in connections(module)}
    assert set(left_out) == expected
    for name, parameter in left_out.items():
        value = {"scale": None, "2.weight": 0.25, "8.weight": 0.25}.get(
            name, 0.0 if name.endswith("bias") else 1.0
        )
        assert value is None or (parameter == value).all(), name
    assert scoring.prunable_parameters(module, "weights-and-biases") == list(connections(module))
    weights_only = scoring.prunable_parameters(module, "weights")
    assert weights_only == [n for n in connections(module) if not n.endswith("bias")]
    _, mask = prepare(replace(RUN, sparsity="99"), QUICK, dataset)
    assert all(mask[name].all() for name in expected)


class Wired(Functional):
    """Draws a permutation of the pixels and signs by all three global generators."""

    def __init__(self):
        super().__init__()
        self.register_buffer("order", torch.randperm(784))
        self.register_buffer("signs", torch.from_numpy(np.random.choice([-1.0, 1.0], 784)))
        self.first = random.random()

    def forward(self, images):
        pixels = images.flatten(1)[:, self.order] * self.signs.float() * self.first
        return super().forward(pixels.view_as(images))


def test_the_networks_of_a_seed_differ_in_weights_alone(monkeypatch):
    register(monkeypatch, Wired)
    drawn = []
    for state in (1, 2):
        torch.manual_seed(state), np.random.seed(state), random.seed(state)
        drawn.append(build_network("own", 3))
    rest = torch.rand(3), np.random.rand(3), random.random()
    torch.manual_seed(2), np.random.seed(2), random.seed(2)
    assert torch.equal(rest[0], torch.rand(3)) and (rest[1] == np.random.rand(3)).all()
    assert rest[2] == random.random()
    one, same = drawn
    redrawn, other = build_network("own", 3, None, "redrawn weights"), build_network("own", 4)
    assert one.first == same.first == redrawn.first != other.first
    state = {
        name: [net.state_dict()[name] for net in (same, redrawn, other)]
        for name in one.state_dict()
    }
    for name, value in one.state_dict().items():
        as_before, anew, of_another_seed = state[name]
        assert torch.equal(value, as_before)
        assert torch.equal(value, anew) == (name not in ("weight", "last.weight"))
        if name in ("order", "signs", "scale", "weight"):
            assert not torch.equal(value, of_another_seed)


def masks_after_seeding_torch(seed, run, dataset):
    """Return a run's masks, made while torch's own generator is in the state of a seed."""
    torch.manual_seed(seed)
    return prepare(run, QUICK, dataset)[1]


def test_scores_are_those_of_evaluation_mode(network, dataset):
    first, second = (masks_after_seeding_torch(seed, RUN, dataset) for seed in (1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    network = build_network("own", 0).train()
    problem = scoring.make_problem(network, RUN.masks, RUN.seed, QUICK, dataset)
    of_one_batch = problem.gradient
    del problem.__dict__["gradient"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pruning_problem, "CHUNK", 7
        )  # batch statistics would differ from chunk to chunk
        torch.testing.assert_close(problem.gradient, of_one_batch, rtol=1e-4, atol=1e-6)


def test_a_criterion_that_draws_from_torch_itself_follows_the_seed(monkeypatch, dataset):
    register(monkeypatch, layers)
    monkeypatch.setattr(
        "snip.masks.criteria.magnitude.score",
        lambda problem: torch.rand(problem.weights.shape),
    )
    run = replace(RUN, criterion="magnitude")
    first, second = (masks_after_seeding_torch(seed, run, dataset) for seed in (1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_criterion_that_changes_its_network_changes_no_training(monkeypatch, dataset):
    register(monkeypatch, layers)
    untouched, _ = prepare(replace(RUN, criterion="magnitude"), QUICK, dataset)

    def spoil(problem):
        scores = problem.weights.abs()
        problem.network.train()(problem.images)
        with torch.no_grad():
            for parameter in problem.network.parameters():
                parameter.zero_()
        return scores

    monkeypatch.setattr("snip.masks.criteria.magnitude.score", spoil)
    trained, _ = prepare(replace(RUN, criterion="magnitude"), QUICK, dataset)
    for name, value in untouched.state_dict().items():
        assert torch.equal(value, trained.state_dict()[name]), name


def bare(module):
    """Return the network with only its linear layers, convolutions and pooling."""
    kept = (nn.Linear, nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)
    return nn.Sequential(*(m if isinstance(m, kept) else nn.Identity() for m in module))


@pytest.mark.parametrize("make", [convolutions, layers])
@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_the_anatomy_is_that_of_the_linear_layers_alone(make, share):
    module = make()
    generator = torch.Generator().manual_seed(0)
    weight_of = connections(module)
    mask = {
        name: torch.rand(p.shape, generator=generator) < (share if name in weight_of else 1)
        for name, p in module.named_parameters()
    }
    buffers = {name: b.clone() for name, b in module.named_buffers()}
    counts = anatomy(module, mask)
    assert list(counts) == list(weight_of)
    assert counts == anatomy(bare(module), {name: mask[name] for name in weight_of})
    assert all(torch.equal(b, buffers[name]) for name, b in module.named_buffers())
    if share == 1:
        assert all(c["effective"] == c["parameters"] for c in counts.values())


def test_the_anatomy_sees_through_functions():
    module = Functional()
    mask = {name: torch.ones_like(p, dtype=torch.bool) for name, p in module.named_parameters()}
    mask["last.weight"][:, 4] = False
    counts = anatomy(module, mask)
    assert counts["weight"]["effective"] == 29 * 784 and counts["weight"]["dead_units"] == 1
    assert counts["bias"]["effective"] == 29 and "scale" not in counts


def test_operations_are_counted_with_any_layer(network):
    forward, both = count_operations(build_network("own", 0))
    assert 0 < forward < both
