"""The losses at full length on the page of results are those of the run files in the clone."""

import math

import numpy as np
import pytest
from scipy import stats

from pages import NUMBER, assert_rounded, judged, prose, rows
from studies import shipped_runs

PAGE = "docs/results.md"
PAPER = judged("paper")
HALF = stats.t.ppf((1 + 1 - 0.05 / 45) / 2, 4) / math.sqrt(5)  # in standard deviations of 5 runs
LEAST = 1e-3  # a thousandth of a decade counts as noise
# How many training images a class has.
MNIST = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
# The curves of Figure 4 in the order of the page, and their control.
CURVES = {
    "4-reference-correct": {"labels": "correct", "sparsity": 0},
    "4-pruned-correct": {"labels": "correct", "sparsity": 99},
    "4-reference-random": {"labels": "random", "sparsity": 0},
    "4-reference-random-l2": {"labels": "random", "sparsity": 0, "weight_decay": 0.0005},
    "4-pruned-random": {"labels": "random", "sparsity": 99},
    "4-capacity": {"labels": "random", "sparsity": 99, "control": "shuffled"},
}


def runs(labels, sparsity, weight_decay=0, control="none"):
    setting = {"labels": labels, "sparsity": sparsity, "weight_decay": weight_decay}
    place = {"network": "lenet-5-caffe", "dataset": "mnist-54000", "control": control}
    return shipped_runs(seeds=range(200, 205), **setting, **place)


def losses(**curve):
    return np.array([run["train_loss"] for run in runs(**curve)])


def digits(number):
    """Three significant ones, above one four."""
    digits = 4 if number > 1 else 3
    return np.format_float_positional(number, digits, unique=False, fractional=False)


@pytest.mark.parametrize("name", CURVES)
def test_the_statements_of_figure_4_are_students_intervals_of_the_runs(name):
    logarithms = np.log10(losses(**CURVES[name]))
    half = HALF * max(logarithms.std(ddof=1), LEAST)
    limits = logarithms.mean() + np.array([0, -half, half])
    found = [float(PAPER[name][column]) for column in ("value", "lower", "upper")]
    assert found == pytest.approx(10**limits, rel=1e-3)


def test_figure_4_has_the_losses_of_its_curves_in_both_studies():
    shown = rows(PAGE, "| Figure 4 |")
    for (_, *cells, alone), name in zip(shown, CURVES, strict=True):
        for found, study in zip(cells, (PAPER, judged("default")), strict=True):
            assert len(NUMBER.findall(found)) == 3
            assert_rounded(found, study[name])
            assert found.endswith(f", {study[name]['verdict']}"), name
        ends = [digits(end(losses(**CURVES[name]))) for end in (np.min, np.max)]
        assert alone == " to ".join(ends), name


def test_how_far_losses_lie_from_one_another_and_from_guessing():
    text = " ".join(prose(PAGE).split())
    pruned, unpruned = (
        float(PAPER[f"4-{name}-correct"]["value"]) for name in ("pruned", "reference")
    )
    assert f"it ends at {pruned:.3f}, {round(pruned / unpruned, -1):.0f} times the unpruned" in text
    shares = np.array(MNIST) / sum(MNIST)
    frequencies = -(shares * np.log(shares)).sum()
    said = (
        f"below {math.log(10):.3f}, and below {frequencies:.3f}, the loss of guessing by the freq"
    )
    assert said in text and losses(**CURVES["4-pruned-random"]).max() < frequencies
    least = [np.log10(losses(**CURVES[name])).std(ddof=1) for name in [*CURVES][-2:]]
    assert "the last two rows are the least" in text and 2.9 < LEAST / max(least) < 3.1


def test_the_ratio_to_a_random_mask_is_that_of_the_runs():
    pruned, shuffled = (losses(**CURVES[name]) for name in ("4-pruned-random", "4-capacity"))
    ratio = np.log10(pruned / shuffled)
    half = HALF * max(ratio.std(ddof=1), LEAST)
    row = PAPER["4-control-99"]
    found = [float(row[column]) for column in ("value", "lower", "upper")]
    assert found == pytest.approx(10 ** (ratio.mean() + np.array([0, -half, half])), rel=1e-3)
    [shown] = rows(PAGE, "| Figure 4, ratio |")
    for cell, study in zip(shown[1:], (PAPER, judged("default")), strict=True):
        assert_rounded(cell, study["4-control-99"])
        assert cell.endswith(f", {study['4-control-99']['verdict']}")


def test_at_99_percent_random_labels_hold_more_bits_than_the_network():
    """Parameters and the losses of a code for the labels must together hold the labels' bits."""
    [kept] = {run["kept"] for run in runs(**CURVES["4-pruned-random"])}
    # Of shuffled labels: the logarithm of the number of orders. Nine in ten of the training images.
    counts = [0.9 * each for each in MNIST]
    orders = math.lgamma(1 + sum(counts)) - sum(math.lgamma(1 + each) for each in counts)
    of_network, of_label = 32 * kept / 54_000, orders / math.log(2) / 54_000
    text = " ".join(prose(PAGE).split())
    said = f"{kept:,} parameters of 32 bits, {of_network:.1f} bits for each of 54,000 labels"
    assert f"{said}, which have {of_label:.1f}" in text
    least = (of_label - of_network) * math.log(2)
    assert f"mean loss below {math.floor(10 * least) / 10}" in text
    assert f"(3,000 examples, {32 * kept / 3000:.0f} bits each)" in text
