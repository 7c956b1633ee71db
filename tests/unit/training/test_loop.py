"""Steps, the schedule and the result of a run, beside their formulas."""

import io
import itertools
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from quick import QUICK, RUN, changed, quietly
from snip.training import progress
from snip.training.loop import Training, train
from snip.training.start import TrainingError, batches, prepare


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
    max_examples=8,
)
@given(
    network=st.sampled_from(["lenet-300-100", "lenet-5-caffe"]),
    sparsity=st.sampled_from([0, 50, 90, 99]),
    decay=st.sampled_from(["0", "0.0005", "0.1"]),
    momentum=st.sampled_from([0.0, 0.9]),
    seed=st.integers(0, 100),
    batch=st.integers(1, 40),
)
def test_training_follows_the_textbook_formulas(
    dataset, network, sparsity, decay, momentum, seed, batch
):
    run = changed(RUN, network=network, sparsity=sparsity, weight_decay=decay, seed=seed)
    changes = {"training_batch_size": batch, "learning_rate": 0.01, "momentum": momentum}
    run_settings = changed(QUICK, decay_every=2, **changes)
    fast = Training(run, run_settings, dataset)
    for _ in range(4):
        fast.step()
    expected, weights = plain_steps(run, run_settings, dataset, 4)
    # Single against double precision, over four steps.
    assert fast.losses == pytest.approx(expected, rel=1e-3, abs=1e-4)
    trained = {name: p.detach().double() for name, p in fast.network.named_parameters()}
    if not all(torch.allclose(trained[n], w, rtol=1e-3, atol=1e-4) for n, w in weights.items()):
        assume(not rounding_decides(run, run_settings, dataset, weights))
    for name, weight in weights.items():
        torch.testing.assert_close(trained[name], weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
def test_our_networks_are_trained_without_autograd(dataset, network):
    training = Training(changed(RUN, network=network), QUICK, dataset)
    with patch.object(training.network, "forward", side_effect=AssertionError):
        training.step()


def test_errors_are_shares_of_wrong_predictions_on_validation_and_test_images(dataset):
    training = Training(RUN, QUICK, dataset)
    training.step()
    training.evaluate()
    _, held_out = dataset.split(RUN.seed, QUICK.validation_share)
    expected = {"iteration": 1}
    for name, images, labels in [
        ("validation_error", dataset.train_images[held_out], dataset.train_labels[held_out]),
        ("test_error", dataset.test_images, dataset.test_labels),
    ]:
        predicted = training.network(dataset.standardise(images)).argmax(1).numpy()
        expected[name] = 100 * (predicted != labels).mean()
    assert training.evaluations == [pytest.approx(expected, rel=1e-12)]
    assert 0 < expected["test_error"] < 100 and len(held_out) == 60


def test_points_are_logged_and_errors_evaluated_at_their_intervals_and_at_the_end(dataset):
    training = Training(RUN, QUICK, dataset)
    for _ in range(12):
        training.step()
    losses, result = training.losses, quietly(dataset)
    means = [np.mean(losses[:5]), np.mean(losses[5:10]), np.mean(losses[10:])]
    assert [point[0] for point in result["curve"]] == [5, 10, 12]
    assert [point[1] for point in result["curve"]] == pytest.approx(means, rel=1e-12)
    assert [each["iteration"] for each in result["evaluations"]] == [4, 8, 12]
    assert result["train_loss"] == result["curve"][-1][1]


def test_reported_errors_are_the_last_the_best_and_that_of_the_best_validation(dataset):
    training = Training(RUN, QUICK, dataset)
    training.curve = [(5, 2.0), (12, 1.5)]
    errors = [(30, 20), (10, 15), (10, 12), (20, 18)]
    training.evaluations = [{"validation_error": v, "test_error": t} for v, t in errors]
    result = training.result()
    assert (result["validation_error"], result["test_error"], result["train_loss"]) == (20, 18, 1.5)
    assert result["best_validation_test_error"] == 15 and result["best_test_error"] == 12


def test_a_diverging_run_is_named_with_iteration_and_rate(dataset):
    said = f"run {RUN.path} diverged: .* at iteration 2 with learning rate 1e\\+30"
    with pytest.raises(TrainingError, match=said):
        quietly(dataset, settings=changed(QUICK, learning_rate=1e30))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_and_a_file_lines(dataset):
    terminal, file = Terminal(), io.StringIO()
    assert train(RUN, QUICK, dataset, log=terminal) == train(RUN, QUICK, dataset, log=file)
    assert "12/12" in terminal.getvalue() and "loss " in terminal.getvalue()
    *lines, last = file.getvalue().splitlines()
    assert len(lines) == 3 and progress.seconds_trained(last) is not None
    assert all(progress.seconds_left(line) is not None for line in lines)


@pytest.mark.parametrize(
    ("labels", "rate", "warned"),
    [("correct", 1e-9, True), ("correct", 0.05, False), ("random", 1e-9, False)],
)
def test_a_run_that_ends_at_chance_warns(dataset, labels, rate, warned):
    run, log = changed(RUN, labels=labels), io.StringIO()
    result = train(run, changed(QUICK, learning_rate=rate, iterations=40), dataset, log=log)
    assert (result["test_error"] > progress.CHANCE_ERROR) == (rate == 1e-9)
    said = f"warning: run {run.path} ends at chance: test error {result['test_error']:.1f} %\n"
    assert (said in log.getvalue()) == warned == ("warning" in log.getvalue())
