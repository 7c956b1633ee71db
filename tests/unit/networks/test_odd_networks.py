"""Networks of one's own are trained as they are written: beside a plain loop of PyTorch's."""

import copy
import itertools

import pytest
import torch
from odd_networks import (
    ODD,
    Centred,
    Difference,
    Double,
    Frozen,
    Noisy,
    Remembering,
    Scaled,
    Skipping,
    Tied,
    Twice,
    WithState,
)
from torch import nn
from torch.nn.functional import cross_entropy

from own_networks import QUICK, RUN, register
from quick import changed
from snip.layers.weights import build_network, connections
from snip.masks.anatomy import anatomy
from snip.training.loop import Training
from snip.training.start import TrainingError, batches, prepare


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
@pytest.mark.parametrize("sparsity", ["0", "95"])
def test_they_are_trained_as_they_are_written(monkeypatch, dataset, make, sparsity):
    register(monkeypatch, make)
    run = changed(RUN, sparsity=sparsity)
    training = Training(run, QUICK, dataset)
    for _ in range(4):
        training.step()
    expected, network = plain_losses(run, dataset)
    assert training.losses == pytest.approx(expected, rel=1e-5)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(training.network.state_dict()[name], value)
    training.evaluate()
    assert type(training.network) is make


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("criterion", ["grasp", "synflow"])
def test_every_criterion_scores_them(monkeypatch, dataset, make, criterion):
    register(monkeypatch, make)
    counts = Training(changed(RUN, criterion=criterion), QUICK, dataset).layers.values()
    kept = sum(count["kept"] for count in counts)
    assert kept == round(0.2 * sum(count["parameters"] for count in counts))


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


@pytest.mark.parametrize("make", [Twice, Tied, WithState])
def test_a_dead_unit_is_dead_wherever_it_is_used(make):
    network = make()
    masks = masks_of(network, 1)
    masks["fc1.weight"][3] = False
    counts = anatomy(network, masks)
    assert counts["fc1.weight"]["dead_units"] == 1 and counts["fc1.bias"]["effective"] == 29
    # What follows has an input less, but for a module that is used twice.
    assert counts["fc2.weight"]["effective"] == (300 if make is not WithState else 290)


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
    training = Training(RUN, QUICK, dataset)
    before = training.network.projection.weight.clone()
    training.step()
    assert torch.equal(training.network.projection.weight, before) and before.all()
    assert set(training.layers) == {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    assert "projection.weight" not in training.parameters
    assert training.masks["projection.weight"].all()


def test_pruned_weights_that_a_network_revives_are_refused(monkeypatch, dataset):
    register(monkeypatch, Centred)
    for sparsity in ("0", "50"):
        training = Training(changed(RUN, sparsity=sparsity), QUICK, dataset)
        training.step()
        if sparsity == "0":
            training.evaluate()
    said = r"network own gives pruned weights values: found \d+ of fc1.weight other than 0 after"
    with pytest.raises(TrainingError, match=said):
        training.evaluate()


@pytest.mark.parametrize("make", [Remembering, Skipping, Double, Noisy])
def test_state_noise_skipped_layers_and_double_precision_go_on_after_an_interruption(
    monkeypatch, dataset, make
):
    register(monkeypatch, make)
    whole, first, second = (Training(RUN, QUICK, dataset) for _ in range(3))
    for training in (whole, first):
        for _ in range(4):
            training.step()
        training.evaluate()  # is a call, too
    second.restore(copy.deepcopy(first.state()))
    for _ in range(4):
        whole.step(), second.step()
    assert second.losses == whole.losses
