import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from quick import QUICK, RUN
from snip.training import progress
from snip.training.evaluation import evaluate
from snip.training.loop import DeviceError, DivergedError, Training
from snip.training.run import train


def test_result_reports_the_errors_as_documented(dataset):
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


def test_curve_is_the_mean_loss_since_the_point_before(dataset):
    training = Training(RUN, QUICK, dataset)
    losses = [training.step() for _ in range(12)]
    curve = train(RUN, QUICK, dataset, log=io.StringIO())["curve"]
    expected = [np.mean(losses[:5]), np.mean(losses[5:10]), np.mean(losses[10:])]
    assert [point[1] for point in curve] == pytest.approx(expected, rel=1e-12)


def test_error_is_the_share_of_wrong_predictions(dataset):
    network = Training(RUN, QUICK, dataset).network
    logits = network(dataset.standardise(dataset.test_images))
    wrong = (logits.argmax(1).numpy() != dataset.test_labels).mean()
    assert evaluate(network, dataset.test_images, dataset.test_labels, dataset) == 100 * wrong


def test_a_diverging_run_is_named_with_iteration_and_rate(dataset):
    with pytest.raises(DivergedError) as caught:
        train(RUN, replace(QUICK, learning_rate=1e30), dataset, log=io.StringIO())
    message = str(caught.value)
    assert RUN.path in message and "iteration 2" in message and "1e+30" in message


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_and_a_file_lines(dataset):
    terminal, file = Terminal(), io.StringIO()
    assert train(RUN, QUICK, dataset, log=terminal) == train(RUN, QUICK, dataset, log=file)
    assert "12/12" in terminal.getvalue() and "loss " in terminal.getvalue()
    assert "\r" in terminal.getvalue() and "\r" not in file.getvalue()
    *lines, last = file.getvalue().splitlines()
    assert len(lines) == 3 and progress.seconds_trained(last) is not None
    assert all(" images/s  " in line for line in lines)
    assert all(progress.seconds_left(line) is not None for line in lines)


def test_a_device_that_is_not_there_is_named(dataset, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="device is 'cuda', but .* no CUDA device .*: cpu"):
        train(RUN, replace(QUICK, device="cuda"), dataset, log=io.StringIO())
    for device in ("auto", "tpu"):  # what `auto` trains on, its result would not say
        with pytest.raises(DeviceError, match=f"device is '{device}', allowed: cpu, cuda"):
            train(RUN, replace(QUICK, device=device), dataset, log=io.StringIO())


@pytest.mark.parametrize(
    ("labels", "rate", "warned"),
    [("correct", 1e-9, True), ("correct", 0.05, False), ("random", 1e-9, False)],
)
def test_a_run_that_ends_at_chance_warns(dataset, labels, rate, warned):
    run, log = replace(RUN, labels=labels), io.StringIO()
    result = train(run, replace(QUICK, learning_rate=rate, iterations=40), dataset, log=log)
    assert (result["test_error"] > progress.CHANCE_ERROR) == (rate == 1e-9)
    error = progress.error_at_chance(log.getvalue())
    assert error == (round(result["test_error"], 1) if warned else None)
