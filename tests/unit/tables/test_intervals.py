import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snip.tables.intervals import (
    ERROR_STEP,
    add_intervals,
    control_intervals,
    differences_from_reference,
    dunnett_factor,
    interval,
    mean_interval,
    pseudo_values,
    runs_phrase,
    simultaneous_intervals,
)


def test_interval_is_students():
    values = [2.1, 2.4, 2.2, 2.9]
    ours = mean_interval(values)
    scipys = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (ours["lower"], ours["upper"]) == pytest.approx((scipys.low, scipys.high))
    assert ours["mean"] == pytest.approx(np.mean(values)) and ours["n"] == 4


def test_one_run_has_no_interval():
    assert np.isnan(mean_interval([2.0])["lower"])
    assert interval([]).n == 0


@pytest.mark.parametrize("n", [2, 3, 20, 1000])
def test_equal_numbers_are_not_certain(n):
    equal = interval([2.37] * n, resolution=ERROR_STEP)
    assert equal.upper - equal.lower >= 0.999 * ERROR_STEP
    # Two equal errors say very little about a third.
    assert n > 2 or equal.upper - equal.lower > 10 * ERROR_STEP


def test_intervals_that_hold_at_once_are_wider():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 4)), columns=list("abcd"))
    together = simultaneous_intervals(table, 0.9)
    for column, joint in zip(table, together, strict=True):
        alone = interval(table[column], 1 - 0.1 / 4)
        assert (joint.lower, joint.upper, joint.comparison) == (alone.lower, alone.upper, column)


# Dunnett (1964), two-sided, 5 % and 1 %.
@pytest.mark.parametrize(
    ("level", "treatments", "freedom", "published"),
    [(0.95, 3, 20, 2.54), (0.95, 9, 30, 2.86), (0.95, 1, 10, 2.23), (0.99, 2, 12, 3.39)],
)
def test_dunnetts_factor_is_the_published_one(level, treatments, freedom, published):
    assert dunnett_factor(level, treatments, freedom) == pytest.approx(published, abs=0.006)


@pytest.mark.parametrize(("treatments", "freedom"), [(2, 2), (4, 5), (9, 36)])
def test_dunnetts_factor_is_exceeded_as_rarely_as_promised(treatments, freedom):
    random = np.random.default_rng(0)
    draws = 200_000
    z = random.normal(size=(draws, treatments + 1))
    s = np.sqrt(random.chisquare(freedom, draws) / freedom)
    largest = np.abs(z[:, 1:] - z[:, :1]).max(1) / (math.sqrt(2) * s)
    for level in (0.9, 0.999):
        exceeded = (largest > dunnett_factor(level, treatments, freedom)).mean()
        spread = math.sqrt(level * (1 - level) / draws)
        assert exceeded == pytest.approx(1 - level, abs=5 * spread)


def test_scipy_agrees_where_runs_are_not_paired():
    samples = np.random.default_rng(3).normal(size=(4, 8))
    limits = stats.dunnett(
        *samples[1:], control=samples[0], rng=np.random.default_rng(0)
    ).confidence_interval(0.95)
    pooled = math.sqrt(samples.var(1, ddof=1).mean() * 2 / 8)
    half = dunnett_factor(0.95, 3, 4 * 7) * pooled
    assert (limits.high - limits.low) / 2 == pytest.approx(half, rel=0.01)


def test_what_a_seed_does_to_all_settings_is_no_noise():
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(5, 4)), columns=["control", "a", "b", "c"])
    shifted = table.add(random.normal(size=5) * 100, axis=0)
    for one, other in zip(
        control_intervals(table, 0.95), control_intervals(shifted, 0.95), strict=True
    ):
        assert one.comparison == other.comparison
        assert (one.lower, one.upper) == pytest.approx((other.lower, other.upper))


def test_one_treatment_is_a_paired_t_test():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 2)), columns=["control", "a"])
    [difference] = control_intervals(table, 0.95)
    expected = interval(table["a"] - table["control"], 0.95)
    assert (difference.lower, difference.upper) == pytest.approx((expected.lower, expected.upper))


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=8))
def test_pseudo_values_of_a_mean_are_the_numbers(values):
    numbers = pd.Series(values)
    pseudo = pseudo_values(
        lambda chosen: pd.Series({"mean": numbers[chosen].mean()}), range(len(values))
    )
    assert pseudo["mean"].tolist() == pytest.approx(values, abs=1e-9)


def test_pseudo_values_of_pairs_have_the_statistic_as_mean():
    matrix = np.random.default_rng(0).normal(size=(6, 6))

    def pairs(seeds):
        part = matrix[np.ix_(seeds, seeds)]
        n = len(seeds)
        return pd.Series({"": (part.sum() - np.trace(part)) / (n * (n - 1))})

    pseudo = pseudo_values(pairs, range(6))
    assert pseudo[""].mean() == pytest.approx(pairs(list(range(6)))[""])


def test_intervals_are_those_of_each_group():
    table = pd.DataFrame({"sparsity": [0, 0, 90, 90], "error": [1.0, 3.0, 5.0, 5.0]})
    table = add_intervals(table, ["sparsity"], "error")
    assert table["mean"].tolist() == [2, 2, 5, 5]
    assert table["lower"][2] < 5 < table["upper"][2]
    assert (table["lower"][0], table["upper"][0]) == pytest.approx((2 - 12.706, 2 + 12.706), 1e-4)


def fig1():
    rows = [
        ["lenet-300-100", "mnist", criterion, sparsity, seed, 2 + sparsity / 100 + seed / 10]
        for criterion in ("snip", "magnitude")
        for sparsity in (0, 50, 90)
        for seed in (0, 1, 2)
    ]
    names = ["network", "dataset", "criterion", "sparsity", "seed", "test_error"]
    return pd.DataFrame(rows, columns=names)


def test_differences_are_those_from_the_same_seeds_reference():
    runs = fig1()
    # Each network has one reference, under the first criterion's name.
    runs = runs[(runs["sparsity"] > 0) | (runs["criterion"] == "snip")]
    differences = differences_from_reference(runs, "test_error")
    assert differences["criterion"].tolist() == ["snip"] * 2 + ["magnitude"] * 2
    assert differences["sparsity"].tolist() == [50, 90, 50, 90]
    assert differences["mean"].tolist() == pytest.approx([0.5, 0.9, 0.5, 0.9])
    assert (differences["upper"] > differences["mean"]).all() and (differences["n"] == 3).all()


def test_differences_without_a_seed_or_a_reference():
    runs = fig1()
    one = runs.drop(runs[(runs["sparsity"] == 50) & (runs["seed"] == 1)].index)
    differences = differences_from_reference(one, "test_error")
    # At 50 % the seeds cannot all be compared; at 90 % they are.
    assert differences["sparsity"].tolist() == [90, 90] and set(differences["n"]) == {3}
    assert not len(differences_from_reference(runs[runs["sparsity"] > 0], "test_error"))


@pytest.mark.parametrize(
    ("counts", "phrase"), [([1, 1], "1 run"), ([5, 5], "5 runs"), ([5, 3], "3 to 5 runs")]
)
def test_numbers_of_runs_in_words(counts, phrase):
    assert runs_phrase(counts) == phrase


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize(("level", "draws"), [(0.95, 3000), (0.999, 6000)])
def test_intervals_miss_the_truth_as_often_as_they_say(n, level, draws):
    """For normal data, one mean and three treatments against a control; four standard errors."""
    random = np.random.default_rng(n)
    missed = np.zeros(2)
    for _ in range(draws):
        values = random.normal(size=(n, 4)) + random.normal(size=(n, 1))  # a seed's effect
        single = interval(values[:, 0], level)
        several = control_intervals(pd.DataFrame(values), level)
        missed[0] += not single.lower < 0 < single.upper
        missed[1] += not all(each.lower < 0 < each.upper for each in several)
    error = 4 * np.sqrt((1 - level) * level * draws)
    assert np.abs(missed - (1 - level) * draws).max() < error
