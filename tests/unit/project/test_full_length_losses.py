"""The losses at full length on the page of results are those of the run files in the clone."""

import decimal
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pages import NUMBER, assert_rounded, judged, prose, rows
from studies import shipped_runs

PAGE = "docs/results.md"
PAPER = judged("paper")
LEVEL = 1 - 0.05 / 45  # of one statement
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
SPARSITIES = [0, 50, 80, 90, 95, 99]  # of Figure 7


def runs(labels, sparsity, weight_decay=0, control="none"):
    setting = {"labels": labels, "sparsity": sparsity, "weight_decay": weight_decay}
    place = {"network": "lenet-5-caffe", "dataset": "mnist-54000", "control": control}
    return shipped_runs(seeds=range(200, 205), **setting, **place)


def losses(**curve):
    return np.array([run["train_loss"] for run in runs(**curve)])


def interval(logarithms, level):
    """Mean and limits of Student's interval, no narrower than noise, as losses or ratios."""
    factor = stats.t.ppf((1 + level) / 2, len(logarithms) - 1) / math.sqrt(len(logarithms))
    half = factor * max(logarithms.std(ddof=1), LEAST)
    return 10 ** (logarithms.mean() + np.array([0, -half, half]))


def digits(number):
    """Three significant ones, above one four."""
    return f"{decimal.Context(4 if number > 1 else 3).create_decimal(number):f}"


@pytest.mark.parametrize("name", CURVES)
def test_the_statements_of_figure_4_are_students_intervals_of_the_runs(name):
    expected = interval(np.log10(losses(**CURVES[name])), LEVEL)
    found = [float(PAPER[name][column]) for column in ("value", "lower", "upper")]
    assert found == pytest.approx(expected, rel=1e-3)


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


def test_the_ratios_to_a_random_mask_are_those_of_the_runs():
    shown = rows(PAGE, "| Figure 4, ratio |")
    for (text, *cells), sparsity in zip(shown, (90, 99), strict=True):
        assert text.endswith(f", {sparsity} %")
        pruned, shuffled = (
            losses(labels="random", sparsity=sparsity, control=each)
            for each in ("none", "shuffled")
        )
        name = f"4-control-{sparsity}"
        found = [float(PAPER[name][column]) for column in ("value", "lower", "upper")]
        assert found == pytest.approx(interval(np.log10(pruned / shuffled), LEVEL), rel=1e-3)
        for cell, study in zip(cells, (PAPER, judged("default")), strict=True):
            assert_rounded(cell, study[name])
            assert cell.endswith(f", {study[name]['verdict']}")


def test_at_90_percent_the_random_mask_ends_higher_on_every_seed():
    kinds = {
        each: losses(labels="random", sparsity=90, control=each) for each in ("none", "shuffled")
    }
    pruned, shuffled = kinds.values()
    [kept] = {run["kept"] for run in runs("random", 90)}
    said = f"At 90 % ({kept:,} parameters, {kept / 54_000:.1f} an example) the loss is "
    said += "{:.2f} with the sensitivity's mask and {:.2f} with".format(
        *(stats.gmean(each) for each in kinds.values())
    )
    assert said in " ".join(prose(PAGE).split()) and (pruned < shuffled).all()


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
    [denser] = {run["kept"] for run in runs("random", 95)}
    assert "at lower sparsities counting bits forbids nothing" in text
    assert 32 * denser / 54_000 > of_label


def steps_of_figure_7():
    """The logarithms of the losses by sparsity, and of the ratios from one to the next."""
    table = pd.DataFrame(
        {each: np.log10(losses(labels="random", sparsity=each)) for each in SPARSITIES}
    )
    return table, table.diff(axis=1).iloc[:, 1:]


def test_the_statement_of_figure_7_is_its_weakest_step():
    table, rises = steps_of_figure_7()
    level = 1 - (1 - LEVEL) / rises.shape[1]  # all steps at once
    found = {each: interval(rises[each], level) for each in rises}
    weakest = min(found, key=lambda each: found[each][1])
    row = PAPER["7-rise"]
    before = SPARSITIES[SPARSITIES.index(weakest) - 1]
    assert row["statistic"].endswith(f"({before} to {weakest} %)")
    numbers = [float(row[column]) for column in ("value", "lower", "upper")]
    assert numbers == pytest.approx(found[weakest], rel=1e-3)


def test_figure_7_has_the_losses_of_its_runs_and_their_ratios():
    table, rises = steps_of_figure_7()
    level = 1 - (1 - LEVEL) / rises.shape[1]
    shown = rows(PAGE, "| Figure 7 |")
    for (_, loss, alone, ratio), sparsity in zip(shown, SPARSITIES, strict=True):
        for cell, numbers in (
            (loss, interval(table[sparsity], 0.95)),
            (ratio, interval(rises[sparsity], level) if sparsity else None),
        ):
            assert len(NUMBER.findall(cell)) == (0 if numbers is None else 3)
            if numbers is not None:
                exact = dict(zip(("value", "lower", "upper"), map(str, numbers), strict=True))
                assert_rounded(cell, exact | {"name": f"{sparsity} %"})
        ends = [digits(end(10 ** table[sparsity])) for end in (np.min, np.max)]
        assert alone == " to ".join(ends), sparsity
    means = [float(interval(table[each], 0.95)[0]) for each in SPARSITIES]
    unpruned, *pruned = (f"{decimal.Context(3 if n > 1 else 2).create_decimal(n):f}" for n in means)
    at = [f"{mean} at {each} %" for mean, each in zip(pruned, SPARSITIES[1:], strict=True)]
    said = f"from {unpruned} unpruned to {', '.join(at[:-1])} and {at[-1]}"
    assert said in " ".join(prose(PAGE).split())


def test_how_far_the_losses_of_figure_7_fall_before_the_last_rate():
    falls = {}
    for sparsity in SPARSITIES:
        curves = [dict(run["curve"]) for run in runs("random", sparsity)]
        ratio = stats.gmean([curve[50_000] / curve[40_000] for curve in curves])
        falls[sparsity] = 100 * (1 - ratio)
    said = (
        "fell by {:.0f} % unpruned, by {:.0f} % at 50 %, by {:.0f} % at 80 %, and by less than 2 %"
    )
    text = " ".join(prose(PAGE).split())
    assert said.format(*falls.values()) in text and max([*falls.values()][3:]) < 2


def test_the_interval_of_figure_7_at_99_percent_is_the_least():
    table, _ = steps_of_figure_7()
    spreads = table.std(ddof=1)
    assert list(spreads.index[spreads < LEAST]) == [99]
    text = prose(PAGE).partition("\n### Figure 7\n")[2]
    assert "at 99 % is the least that [counts as noise]" in text
    assert "three times what the runs scatter by." in text and 2.9 < LEAST / spreads[99] < 3.1
