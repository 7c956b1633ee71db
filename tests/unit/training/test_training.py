import io
import itertools
import operator
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from snip.datasets.dataset import load_dataset
from snip.study.axes import Run
from snip.study.settings import CHOICES, Settings
from snip.training import progress as run_lines
from snip.training.run import (
    DeviceError,
    DivergedError,
    Training,
    batches,
    evaluate,
    prepare,
    train,
    training_labels,
)

RUN = Run("generated", "lenet-300-100", "snip", "90", 20, "true", "0.0005", 0)
QUICK = Settings(
    iterations=12,
    decay_every=5,
    training_batch_size=20,
    log_every=5,
    evaluate_every=4,
    learning_rate=0.05,
)


def plain_steps(run, given, dataset, steps):
    """The same training as textbook formulas, in double precision: the losses and weights."""
    network, masks = prepare(run, given, dataset)
    network = network.double()
    training, _ = dataset.split(run.seed, given.validation_share)
    mean, deviation = dataset.train_images.mean(), dataset.train_images.std()
    weights = {n: p.detach() * masks[n] for n, p in network.named_parameters()}
    velocity = {n: torch.zeros_like(p) for n, p in weights.items()}
    losses = []
    stream = batches(training, given.training_batch_size, run.seed)
    for iteration, chosen in enumerate(itertools.islice(stream, steps)):
        images = torch.tensor((dataset.train_images[chosen] - mean) / deviation)[:, None]
        labels = torch.tensor(dataset.train_labels[chosen].astype(int))
        weights = {n: p.detach().requires_grad_() for n, p in weights.items()}
        logits = torch.func.functional_call(network, weights, (images,))
        loss = -torch.log_softmax(logits, 1)[range(len(labels)), labels].mean()
        loss.backward()
        losses.append(loss.item())
        rate = given.learning_rate * 0.1 ** (iteration // given.decay_every)
        for name, weight in weights.items():
            step = (weight.grad + float(run.weight_decay) * weight) * masks[name]
            velocity[name] = given.momentum * velocity[name] + step
            weights[name] = weight - rate * velocity[name]
    return losses, weights


def rounding_decides(run, given, dataset, weights):
    """Whether the formulas leave open to which corner of a pooling window a gradient goes.

    Shifts of the corners by little more than rounding make near ties go one way, then the other.
    """
    pool = nn.functional.max_pool2d
    for size in (5e-6, -5e-6):

        def shifted(images, window, size=size):
            rows, columns = (torch.arange(length) % 2 for length in images.shape[2:])
            return pool(images + size * (2 * rows[:, None] + columns), window)

        with patch.object(nn.functional, "max_pool2d", shifted):
            _, others = plain_steps(run, given, dataset, 4)
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
    seed=st.integers(0, 100),
    batch=st.integers(1, 40),
)
def test_training_follows_the_textbook_formulas(generated, network, sparsity, decay, seed, batch):
    dataset = load_dataset("generated", generated)
    run = replace(RUN, network=network, sparsity=sparsity, weight_decay=decay, seed=seed)
    given_settings = replace(QUICK, decay_every=2, training_batch_size=batch, learning_rate=0.01)
    fast = Training(run, given_settings, dataset)
    losses = [fast.step() for _ in range(4)]
    expected, weights = plain_steps(run, given_settings, dataset, 4)
    # Single against double precision, over four steps.
    assert losses == pytest.approx(expected, rel=1e-3, abs=1e-4)
    found = {name: operator.attrgetter(name)(fast.network).double() for name in weights}
    if not all(torch.allclose(found[n], w, rtol=1e-3, atol=1e-4) for n, w in weights.items()):
        assume(not rounding_decides(run, given_settings, dataset, weights))
    for name, weight in weights.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_layout_of_gradients_in_memory_does_not_matter(generated, optimizer):
    dataset = load_dataset("generated", generated)
    given = replace(QUICK, optimizer=optimizer)
    one, other = (Training(replace(RUN, network="lenet-5-caffe"), given, dataset) for _ in "ab")
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(p.shape, generator=generator) for p in one.parameters]
    layouts = {
        1: lambda tensor: tensor,
        2: lambda tensor: tensor.mT.contiguous().mT,
        4: lambda tensor: tensor.to(memory_format=torch.channels_last),
    }
    turned = [layouts[g.dim()](g) for g in gradients]
    assert any(g.stride() != t.stride() for g, t in zip(gradients, turned, strict=True))
    one.update(gradients, 0.1)
    other.update(turned, 0.1)
    for parameter, same in zip(one.parameters, other.parameters, strict=True):
        assert torch.equal(parameter, same)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("sparsity", ["50", "95"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pruned_weights_and_what_updates_remember_of_them_stay_exactly_zero(
    generated, network, sparsity, optimizer
):
    run = replace(RUN, network=network, sparsity=sparsity)
    given = replace(QUICK, optimizer=optimizer)
    training = Training(run, given, load_dataset("generated", generated))
    for _ in range(12):
        training.step()
    for name, mask in training.masks.items():
        assert not mask.all()
        assert (operator.attrgetter(name)(training.network)[~mask] == 0).all()
    names = list(dict(training.network.named_parameters()))
    assert ("fc1.values" in names) == (sparsity == "95")
    remembered = [tensor for tensor in training.update.state if tensor.dim()]
    assert len(remembered) == len(names) * {"sgd": 1, "adam": 2}[optimizer]
    moving = 0
    each = len(remembered) // len(names)
    for tensor, name in zip(remembered, np.repeat(names, each), strict=True):
        if name in training.masks:
            assert (tensor[~training.masks[name]] == 0).all()
        moving += name.startswith("fc1") and bool(tensor.any())
    assert moving


@settings(deadline=None)
@given(seed=st.integers(0, 1000), size=st.integers(1, 17), examples=st.integers(1, 30))
def test_each_epoch_shows_each_example_once_in_full_batches(seed, size, examples):
    drawn = list(itertools.islice(batches(np.arange(100, 100 + examples), size, seed), 60))
    assert all(len(batch) == size for batch in drawn)
    joined = np.concatenate(drawn)
    for start in range(0, len(joined) - examples + 1, examples):
        epoch = joined[start : start + examples]
        assert sorted(epoch) == list(range(100, 100 + examples))


def test_result_reports_the_errors_as_documented(generated):
    dataset = load_dataset("generated", generated)
    result = train(RUN, QUICK, dataset, log=io.StringIO())
    assert [point[0] for point in result["curve"]] == [5, 10, 12]
    assert result["train_loss"] == result["curve"][-1][1]
    evaluations = result["evaluations"]
    assert [entry["iteration"] for entry in evaluations] == [4, 8, 12]
    assert result["test_error"] == evaluations[-1]["test_error"]
    assert result["best_test_error"] == min(entry["test_error"] for entry in evaluations)
    best = min(entry["validation_error"] for entry in evaluations)
    first = next(entry for entry in evaluations if entry["validation_error"] == best)
    assert result["best_validation_test_error"] == first["test_error"]
    assert result["parameters"] == 266_610 and result["kept"] == 26_661
    assert sum(layer["kept"] for layer in result["layers"].values()) == 26_661


def test_curve_is_the_mean_loss_since_the_point_before(generated):
    dataset = load_dataset("generated", generated)
    training = Training(RUN, QUICK, dataset)
    losses = [training.step() for _ in range(12)]
    curve = train(RUN, QUICK, dataset, log=io.StringIO())["curve"]
    expected = [np.mean(losses[:5]), np.mean(losses[5:10]), np.mean(losses[10:])]
    assert [point[1] for point in curve] == pytest.approx(expected, rel=1e-12)


def test_error_is_the_share_of_wrong_predictions(generated):
    dataset = load_dataset("generated", generated)
    network = Training(RUN, QUICK, dataset).network
    logits = network(dataset.standardise(dataset.test_images))
    wrong = (logits.argmax(1).numpy() != dataset.test_labels).mean()
    assert evaluate(network, dataset.test_images, dataset.test_labels, dataset) == 100 * wrong


@pytest.mark.parametrize("how", CHOICES["random_labels"])
def test_random_labels_are_trained_on_and_true_ones_scored(generated, how):
    dataset = load_dataset("generated", generated)
    random, given = replace(RUN, labels="random"), replace(QUICK, random_labels=how)
    true_training, random_training = Training(RUN, given, dataset), Training(random, given, dataset)
    assert (true_training.labels.numpy() == dataset.train_labels).all()
    agree = (random_training.labels == true_training.labels)[true_training.examples]
    agree = agree.double().mean().item()
    assert 0.02 < agree < 0.2
    for name, mask in true_training.masks.items():
        assert torch.equal(mask, random_training.masks[name])
    assert torch.equal(random_training.labels, Training(random, given, dataset).labels)


@pytest.mark.parametrize("name", ["generated", "generated-150"])
def test_shuffled_labels_are_a_permutation_of_the_runs_true_ones(generated, name):
    dataset = load_dataset(name, generated)
    random = replace(RUN, dataset=name, labels="random")
    training = Training(random, QUICK, dataset)
    found = training.labels.numpy()[training.examples]
    true = dataset.train_labels[training.examples]
    assert (np.bincount(found) == np.bincount(true)).all() and (found != true).mean() > 0.7
    for changed in ({"sparsity": "0"}, {"weight_decay": "0"}, {"network": "lenet-5-caffe"}):
        same = training_labels(replace(random, **changed), QUICK, dataset)
        assert torch.equal(same, training.labels)
    other = training_labels(replace(random, seed=1), QUICK, dataset)
    assert not torch.equal(other, training.labels)
    uniform = training_labels(random, replace(QUICK, random_labels="uniform"), dataset).numpy()
    assert (np.bincount(uniform[training.examples]) != np.bincount(true)).any()


def test_redrawn_weights_keep_the_mask(generated):
    dataset = load_dataset("generated", generated)
    kept, redrawn = (
        Training(RUN, replace(QUICK, initial_weights=how), dataset) for how in ("keep", "redraw")
    )
    for name, mask in kept.masks.items():
        assert torch.equal(mask, redrawn.masks[name])
    assert not torch.equal(kept.network.fc1.weight, redrawn.network.fc1.weight)


def test_runs_of_one_seed_share_weights_split_and_order(generated):
    dataset = load_dataset("generated", generated)
    one = Training(replace(RUN, sparsity="0"), QUICK, dataset)
    other = Training(replace(RUN, sparsity="50", criterion="random"), QUICK, dataset)
    both = other.masks["fc1.weight"]  # random, yet trained from the same redrawn weights
    assert torch.equal(one.network.fc1.weight[both], other.network.fc1.weight[both])
    assert (one.validation == other.validation).all()
    assert (next(one.batches) == next(other.batches)).all()


def test_a_diverging_run_is_named_with_iteration_and_rate(generated):
    dataset = load_dataset("generated", generated)
    with pytest.raises(DivergedError) as caught:
        train(RUN, replace(QUICK, learning_rate=1e30), dataset, log=io.StringIO())
    message = str(caught.value)
    assert RUN.path in message and "iteration 2" in message and "1e+30" in message


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_and_a_file_lines(generated):
    dataset = load_dataset("generated", generated)
    terminal, file = Terminal(), io.StringIO()
    assert train(RUN, QUICK, dataset, log=terminal) == train(RUN, QUICK, dataset, log=file)
    assert "12/12" in terminal.getvalue() and "loss " in terminal.getvalue()
    assert "\r" in terminal.getvalue() and "\r" not in file.getvalue()
    *lines, last = file.getvalue().splitlines()
    assert len(lines) == 3 and last.startswith("trained in ")
    assert all(" images/s  " in line and line.endswith(" s left") for line in lines)


def test_auto_is_the_processor_where_there_is_no_other(generated):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    dataset = load_dataset("generated", generated)
    automatic = train(RUN, replace(QUICK, device="auto"), dataset, log=io.StringIO())
    plain = train(RUN, replace(QUICK, device="cpu"), dataset, log=io.StringIO())
    assert automatic | {"settings": plain["settings"]} == plain
    with pytest.raises(DeviceError, match="device is 'cuda', but .* no CUDA device .*cpu, auto"):
        train(RUN, replace(QUICK, device="cuda"), dataset, log=io.StringIO())
    with pytest.raises(DeviceError, match="device is 'tpu', allowed: auto, cpu, cuda"):
        train(RUN, replace(QUICK, device="tpu"), dataset, log=io.StringIO())


@pytest.mark.parametrize(("sparsity", "decay"), [("0", "0"), ("90", "0"), ("90", "0.1")])
def test_adam_follows_its_textbook_formulas(generated, sparsity, decay):
    dataset = load_dataset("generated", generated)
    run = replace(RUN, sparsity=sparsity, weight_decay=decay)
    given_settings = replace(QUICK, optimizer="adam", learning_rate=0.002, decay_every=2)
    fast = Training(run, given_settings, dataset)
    losses = [fast.step() for _ in range(4)]
    network, masks = prepare(run, given_settings, dataset)
    network = network.double()
    weights = {n: p.detach() * masks[n] for n, p in network.named_parameters()}
    first = {n: torch.zeros_like(p) for n, p in weights.items()}
    second = {n: torch.zeros_like(p) for n, p in weights.items()}
    for step, chosen in enumerate(itertools.islice(batches(fast.examples, 20, run.seed), 4), 1):
        images = dataset.standardise(dataset.train_images[chosen]).double()
        labels = torch.tensor(dataset.train_labels[chosen].astype(int))
        weights = {n: p.detach().requires_grad_() for n, p in weights.items()}
        logits = torch.func.functional_call(network, weights, (images,))
        loss = torch.nn.functional.cross_entropy(logits, labels)
        assert losses[step - 1] == pytest.approx(loss.item(), rel=1e-3)
        loss.backward()
        rate = 0.002 * 0.1 ** ((step - 1) // 2)
        for name, weight in weights.items():
            gradient = (weight.grad + float(decay) * weight.detach()) * masks[name]
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            size = (second[name] / (1 - 0.999**step)).sqrt() + 1e-8
            weights[name] = weight.detach() - rate * first[name] / (1 - 0.9**step) / size
    for name, weight in weights.items():
        found = operator.attrgetter(name)(fast.network)
        # Where a gradient is about zero, rounding decides its sign and Adam's whole step.
        close = (found.double() - weight).abs() < 1e-4
        assert close.double().mean() > 0.999, name


@pytest.mark.parametrize(
    ("labels", "rate", "warned"),
    [("true", 1e-9, True), ("true", 0.05, False), ("random", 1e-9, False)],
)
def test_a_run_that_ends_at_chance_says_so(generated, labels, rate, warned):
    dataset, log = load_dataset("generated", generated), io.StringIO()
    run, given = replace(RUN, labels=labels), replace(QUICK, learning_rate=rate, iterations=40)
    result = train(run, given, dataset, log=log)
    assert (result["test_error"] > run_lines.CHANCE_ERROR) == (rate == 1e-9)
    found = run_lines.error_at_chance(log.getvalue())
    assert found == (round(result["test_error"], 1) if warned else None)
