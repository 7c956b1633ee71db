"""Training networks that have other layers than the shipped ones."""

import io
import itertools
import json
import operator
from dataclasses import replace

import pytest
import torch
from torch import nn

from own_networks import QUICK, RUN, convolutions, register
from snip.layers.weights import connections
from snip.training.checkpoints import Checkpoint
from snip.training.evaluation import evaluate
from snip.training.loop import Training
from snip.training.run import InterruptedRunError, train


def test_errors_are_those_of_evaluation_mode_and_training_goes_on(network, dataset):
    training = Training(RUN, QUICK, dataset)
    for _ in range(3):
        training.step()
    test_data = dataset.test_images, dataset.test_labels, dataset
    before = {name: b.clone() for name, b in training.network.named_buffers()}
    error = evaluate(training.network, *test_data)
    assert error == evaluate(training.network, *test_data)
    assert all(module.training for module in training.network.modules())
    assert all(torch.equal(b, before[name]) for name, b in training.network.named_buffers())
    logits = training.network.eval()(dataset.standardise(dataset.test_images))
    assert error == 100 * (logits.argmax(1).numpy() != dataset.test_labels).mean()


def test_dropout_drops_in_training(monkeypatch, dataset):
    def losses(rate):
        register(
            monkeypatch,
            lambda: nn.Sequential(nn.Flatten(), nn.Dropout(rate), nn.Linear(784, 10)),
        )
        training = Training(RUN, QUICK, dataset)
        return [training.step() for _ in range(3)]

    assert losses(0.5) == losses(0.5) != losses(0.0)


def test_an_interrupted_run_ends_with_the_same_bytes(network, dataset, tmp_path):
    torch.manual_seed(1)
    whole = json.dumps(train(RUN, QUICK, dataset, log=io.StringIO()))
    path = tmp_path / "checkpoint"

    def resume(*stopped):
        checkpoint = Checkpoint(path, "identity", 1e9, io.StringIO())
        return train(RUN, QUICK, dataset, checkpoint, *stopped, log=io.StringIO())

    for number in range(5):
        countdown = itertools.count(1)
        torch.manual_seed(number)
        with pytest.raises(InterruptedRunError):
            resume(lambda: next(countdown) == 1)  # noqa: B023
    assert json.dumps(resume()) == whole


def test_buffers_go_through_a_checkpoint(monkeypatch, dataset):
    register(monkeypatch, convolutions)
    one, other = Training(RUN, QUICK, dataset), Training(RUN, QUICK, dataset)
    one.step()
    changed = [
        not torch.equal(a, b)
        for a, b in zip(one.state()["buffers"], other.state()["buffers"], strict=True)
    ]
    assert changed == [True] * 3  # mean, variance, number of batches
    other.restore(one.state())
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state()["buffers"], other.state()["buffers"], strict=True)
    )
    assert [one.step(), one.step()] == [other.step(), other.step()]


def test_pruned_connections_stay_zero_and_other_parameters_are_trained(network, dataset):
    training = Training(replace(RUN, sparsity="60"), QUICK, dataset)
    before = {n: p.detach().clone() for n, p in training.network.named_parameters()}
    for _ in range(3):
        training.step()
    weight_of = connections(training.network)
    for name, parameter in training.network.named_parameters():
        mask = training.masks[name]
        assert (parameter[~mask] == 0).all()
        assert name in weight_of or not torch.equal(parameter, before[name])
    assert operator.attrgetter(list(weight_of)[0])(training.network).any()
