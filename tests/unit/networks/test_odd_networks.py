"""Networks of one's own are trained as they are written: beside a plain loop of PyTorch's."""

import copy
import io
import itertools
import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from odd_networks import (
    ODD,
    Centred,
    Difference,
    Double,
    Frozen,
    Own,
    Remembering,
    Renormalised,
    Scaled,
    Skipping,
    Tied,
    Twice,
    WithState,
)
from torch import nn
from torch.nn.functional import cross_entropy

from own_networks import QUICK, RUN, register
from snip.layers.weights import build_network, connections
from snip.masks.anatomy import anatomy
from snip.masks.scoring import make_problem
from snip.training import loop
from snip.training.checkpoints import Checkpoint
from snip.training.examples import batches
from snip.training.loop import PrunedError, Training, prepare
from snip.training.run import InterruptedRunError, train


def plain_losses(run, dataset):
    """Train by torch.optim.SGD with masked gradients; return the losses and the network."""
    network, masks = prepare(run, QUICK, dataset)
    trained = [(p, masks[name]) for name, p in network.named_parameters() if p.requires_grad]
    for parameter, mask in trained:
        parameter.data.mul_(mask)
    decay = float(run.weight_decay)
    optimizer = torch.optim.SGD(
        [parameter for parameter, _ in trained], QUICK.learning_rate, 0.9, weight_decay=decay
    )
    examples, _ = dataset.split(run.seed, QUICK.validation_share)
    order = batches(examples, QUICK.training_batch_size, run.seed)
    losses = []
    for batch in itertools.islice(order, 4):
        images = dataset.standardise(dataset.train_images[batch])
        loss = cross_entropy(network(images), torch.tensor(dataset.train_labels[batch].astype(int)))
        optimizer.zero_grad()
        loss.backward()
        for parameter, mask in trained:
            parameter.grad.mul_(mask)
        optimizer.step()
        losses.append(loss.item())
    return losses, network


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("sparsity", ["0", "50", "95"])
def test_they_are_trained_as_they_are_written(monkeypatch, dataset, make, sparsity):
    register(monkeypatch, make)
    run = replace(RUN, sparsity=sparsity)
    training = Training(run, QUICK, dataset)
    losses = [training.step() for _ in range(4)]
    expected, network = plain_losses(run, dataset)
    assert losses == pytest.approx(expected, rel=1e-5)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(training.network.state_dict()[name], value)
    assert (
        type(training.network) is make and type(training.network.last) is nn.Linear
        if (make is Scaled)
        else type(training.network.fc1) is nn.Linear
    )
    assert training.errors()["test_error"] <= 100


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("criterion", ["grasp", "synflow"])
def test_every_criterion_scores_them(monkeypatch, dataset, make, criterion):
    register(monkeypatch, make)
    training = Training(replace(RUN, criterion=criterion, sparsity="90"), QUICK, dataset)
    counts = training.layers
    kept = sum(count["kept"] for count in counts.values())
    assert kept == round(0.1 * sum(count["parameters"] for count in counts.values()))
    assert training.step() > 0


def masks_of(network, share, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight_of = connections(network)
    return {
        name: torch.rand(p.shape, generator=generator) < (share if name in weight_of else 1)
        for name, p in network.named_parameters()
    }


@pytest.mark.parametrize("make", ODD)
def test_counting_changes_nothing_and_a_whole_network_is_effective(make):
    network = make()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for counts in anatomy(network, masks_of(network, 1)).values():
        assert counts["effective"] == counts["kept"] == counts["parameters"]
        assert counts["dead_units"] == 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("make", [Twice, Tied, Renormalised, WithState])
def test_a_dead_unit_is_dead_wherever_it_is_used(make):
    network = make()
    masks = masks_of(network, 1)
    masks["fc1.weight"][3] = False
    counts = anatomy(network, masks)
    assert counts["fc1.weight"]["dead_units"] == 1 and counts["fc1.bias"]["effective"] == 29
    # What follows has an input less: another module, or the module that is used twice.
    follower = next(
        name for name in ("middle.weight", "one.weight", "fc2.weight") if name in counts
    )
    missing = 0 if follower != "fc2.weight" else 10
    assert counts[follower]["effective"] == counts[follower]["parameters"] - missing


def test_both_branches_of_a_difference_count():
    network = Difference()
    masks = masks_of(network, 0.02)
    counts = anatomy(network, masks)
    ends = masks["fc2.weight"].any(0)
    for name in ("fc1.weight", "minus.weight"):
        assert counts[name]["effective"] == int((masks[name] & ends[:, None]).sum()) > 0
    either = masks["fc1.weight"].any(1) | masks["minus.weight"].any(1)
    assert counts["fc2.weight"]["effective"] == int((masks["fc2.weight"] & either).sum())
    # Also where both have equal masks, and a unit's rest is nothing at all.
    masks["minus.weight"] = masks["fc1.weight"].clone()
    assert anatomy(network, masks)["fc1.weight"]["effective"] > 0


def test_a_shared_weight_has_the_biases_of_both_layers():
    assert connections(Tied()) == {
        **dict.fromkeys(("fc1.weight", "fc1.bias"), "fc1.weight"),
        **dict.fromkeys(("fc2.weight", "fc2.bias"), "fc2.weight"),
        **dict.fromkeys(("one.weight", "one.bias", "other.bias"), "one.weight"),
    }
    assert set(connections(Twice())) == {
        f"{layer}.{kind}" for layer in ("fc1", "fc2", "middle") for kind in ("weight", "bias")
    }


def test_a_scale_of_channels_is_no_weight(monkeypatch):
    register(monkeypatch, Scaled)
    network = build_network("own", 0)
    assert "scale" not in connections(network) and (network.scale == 0.5).all()
    assert connections(nn.Linear(5, 1)) == {"weight": "weight", "bias": "weight"}


def test_what_is_frozen_keeps_its_values_and_counts_nowhere(monkeypatch, dataset):
    register(monkeypatch, Frozen)
    training = Training(replace(RUN, sparsity="90"), QUICK, dataset)
    before = training.network.projection.weight.clone()
    training.step()
    assert torch.equal(training.network.projection.weight, before) and before.all()
    assert set(training.layers) == {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    assert "projection.weight" not in training.parameters
    assert training.masks["projection.weight"].all()


class Noisy(Own):
    """Draws from all three global generators in training."""

    def hidden(self, images):
        hidden = super().hidden(images)
        if self.training:
            noise = torch.from_numpy(np.random.normal(size=30)).float()
            hidden = hidden * random.uniform(0.5, 1) + 0.1 * noise * torch.rand(30)
        return hidden


def test_an_interrupted_run_with_noise_of_all_generators_ends_the_same(
    monkeypatch, dataset, tmp_path
):
    register(monkeypatch, Noisy)
    whole = json.dumps(train(RUN, QUICK, dataset, log=io.StringIO()))

    def resume(*stopped):
        np.random.seed(None), random.seed()
        checkpoint = Checkpoint(tmp_path / "checkpoint", "identity", 1e9, io.StringIO())
        return train(RUN, QUICK, dataset, checkpoint, *stopped, log=io.StringIO())

    with pytest.raises(InterruptedRunError):
        resume(lambda: True)
    assert json.dumps(resume()) == whole


def test_pruned_weights_that_a_network_revives_are_refused(monkeypatch, dataset):
    register(monkeypatch, Centred)
    training = Training(replace(RUN, sparsity="0"), QUICK, dataset)
    training.step()
    training.errors()
    training = Training(replace(RUN, sparsity="50"), QUICK, dataset)
    training.step()
    with pytest.raises(PrunedError, match=r"gives pruned weights values: found \d+ of fc1.weight"):
        training.errors()


@pytest.mark.parametrize("make", [Remembering, Skipping, Double])
def test_state_skipped_layers_and_double_precision_go_on_after_an_interruption(
    monkeypatch, dataset, make
):
    register(monkeypatch, make)
    whole, first, second = (Training(RUN, QUICK, dataset) for _ in range(3))
    expected = [whole.step() for _ in range(4)]
    losses = [first.step() for _ in range(4)]
    for training in (whole, first):
        training.errors()  # an evaluation is a call, too
    expected += [whole.step() for _ in range(4)]
    second.restore(copy.deepcopy(first.state()))
    assert losses + [second.step() for _ in range(4)] == expected
    counts = anatomy(
        whole.network, {n: torch.ones_like(p) > 0 for n, p in whole.parameters.items()}
    )
    assert all(each["dead_units"] == 0 for each in counts.values())


def test_a_generator_of_the_file_draws_one_structure(monkeypatch, dataset):
    generator = np.random.default_rng(0)

    class Permuted(Own):
        def __init__(self):
            super().__init__()
            self.register_buffer("order", torch.from_numpy(generator.permutation(784)))

        def hidden(self, images):
            return super().hidden(images.flatten(1)[:, self.order])

    scored = []
    register(monkeypatch, Permuted)
    monkeypatch.setattr(loop, "make_problem", lambda *a: scored.append(a[0]) or make_problem(*a))
    for settings in (QUICK, replace(QUICK, initial_weights="keep")):
        network, _ = prepare(RUN, settings, dataset)
        assert torch.equal(network.order, scored[-1].order)
        kept = torch.equal(network.fc1.weight, scored[-1].fc1.weight)
        assert kept == (settings.initial_weights == "keep")
