import itertools
import operator
import os
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from quick import QUICK, RUN
from snip.training.examples import batches
from snip.training.loop import Training, choose_device, prepare


def plain_steps(run, run_settings, dataset, steps):
    """Train by the textbook formulas in double precision; return the losses and weights."""
    network, masks = prepare(run, run_settings, dataset)
    network = network.double()
    training, _ = dataset.split(run.seed, run_settings.validation_share)
    mean, deviation = dataset.train_images.mean(), dataset.train_images.std()
    weights = {n: p.detach() * masks[n] for n, p in network.named_parameters()}
    velocity = {n: torch.zeros_like(p) for n, p in weights.items()}
    losses = []
    stream = batches(training, run_settings.training_batch_size, run.seed)
    for iteration, batch in enumerate(itertools.islice(stream, steps)):
        images = torch.tensor((dataset.train_images[batch] - mean) / deviation)[:, None]
        labels = torch.tensor(dataset.train_labels[batch].astype(int))
        weights = {n: p.detach().requires_grad_() for n, p in weights.items()}
        logits = torch.func.functional_call(network, weights, (images,))
        loss = -torch.log_softmax(logits, 1)[range(len(labels)), labels].mean()
        loss.backward()
        losses.append(loss.item())
        rate = run_settings.learning_rate * 0.1 ** (iteration // run_settings.decay_every)
        for name, weight in weights.items():
            step = (weight.grad + float(run.weight_decay) * weight) * masks[name]
            velocity[name] = run_settings.momentum * velocity[name] + step
            weights[name] = weight - rate * velocity[name]
    return losses, weights


def rounding_decides(run, run_settings, dataset, weights):
    """Return whether rounding decides to which corner of a pooling window a gradient goes.

    Shifts of the corners by little more than rounding send the gradients of near ties one way, then
    the other.
    """
    pool = nn.functional.max_pool2d
    for size in (5e-6, -5e-6):

        def shifted(images, window, size=size):
            rows, columns = (torch.arange(length) % 2 for length in images.shape[2:])
            return pool(images + size * (2 * rows[:, None] + columns), window)

        with patch.object(nn.functional, "max_pool2d", shifted):
            _, others = plain_steps(run, run_settings, dataset, 4)
        if not all(torch.allclose(others[n], w, rtol=5e-4, atol=5e-5) for n, w in weights.items()):
            return True
    return False


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=12,
)
@given(
    network=st.sampled_from(["lenet-300-100", "lenet-5-caffe"]),
    sparsity=st.sampled_from(["0", "50", "90", "99"]),
    decay=st.sampled_from(["0", "0.0005", "0.1"]),
    momentum=st.sampled_from([0.0, 0.9]),
    seed=st.integers(0, 100),
    batch=st.integers(1, 40),
)
def test_training_follows_the_textbook_formulas(
    dataset, network, sparsity, decay, momentum, seed, batch
):
    run = replace(RUN, network=network, sparsity=sparsity, weight_decay=decay, seed=seed)
    changes = {"training_batch_size": batch, "learning_rate": 0.01, "momentum": momentum}
    run_settings = replace(QUICK, decay_every=2, **changes)
    fast = Training(run, run_settings, dataset)
    losses = [fast.step() for _ in range(4)]
    expected, weights = plain_steps(run, run_settings, dataset, 4)
    # Single against double precision, over four steps.
    assert losses == pytest.approx(expected, rel=1e-3, abs=1e-4)
    trained = {name: operator.attrgetter(name)(fast.network).double() for name in weights}
    if not all(torch.allclose(trained[n], w, rtol=1e-3, atol=1e-4) for n, w in weights.items()):
        assume(not rounding_decides(run, run_settings, dataset, weights))
    for name, weight in weights.items():
        torch.testing.assert_close(trained[name], weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("sparsity", ["50", "95"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pruned_weights_and_the_optimisers_memory_of_them_stay_exactly_zero(
    dataset, network, sparsity, optimizer
):
    run = replace(RUN, network=network, sparsity=sparsity)
    training = Training(run, replace(QUICK, optimizer=optimizer), dataset)
    for _ in range(12):
        training.step()
    for name, mask in training.masks.items():
        assert not mask.all()
        assert (operator.attrgetter(name)(training.network)[~mask] == 0).all()
    names = list(training.parameters)
    assert (training.parameters["fc1.weight"].dim() == 1) == (sparsity == "95")
    memory = [tensor for tensor in training.update.state if tensor.dim()]
    assert len(memory) == len(names) * {"sgd": 1, "adam": 2}[optimizer]
    moving = 0
    per_name = len(memory) // len(names)
    for tensor, name in zip(memory, np.repeat(names, per_name), strict=True):
        if tensor.shape == training.masks[name].shape:
            assert (tensor[~training.masks[name]] == 0).all()
        moving += name.startswith("fc1") and bool(tensor.any())
    assert moving


def test_redrawn_weights_keep_the_mask(dataset):
    kept, redrawn = (
        Training(RUN, replace(QUICK, initial_weights=how), dataset) for how in ("keep", "redraw")
    )
    for name, mask in kept.masks.items():
        assert torch.equal(mask, redrawn.masks[name])
    assert not torch.equal(kept.network.fc1.weight, redrawn.network.fc1.weight)


def test_runs_of_one_seed_share_weights_split_and_order(dataset):
    one = Training(replace(RUN, sparsity="0"), QUICK, dataset)
    other = Training(replace(RUN, sparsity="50", criterion="random"), QUICK, dataset)
    kept = other.masks["fc1.weight"]
    assert torch.equal(one.network.fc1.weight[kept], other.network.fc1.weight[kept])
    assert (one.validation == other.validation).all()
    assert (next(one.batches) == next(other.batches)).all()


def test_a_cuda_device_is_asked_for_equal_bytes(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    try:
        assert choose_device("cpu").type == "cpu"
        assert not torch.are_deterministic_algorithms_enabled()
        assert choose_device("cuda").type == "cuda"
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("sparsity", ["0", "95"])
def test_our_networks_are_trained_without_autograd(dataset, network, sparsity):
    training = Training(replace(RUN, network=network, sparsity=sparsity), QUICK, dataset)
    with patch.object(training.network, "forward", side_effect=AssertionError):
        assert training.step() > 0
