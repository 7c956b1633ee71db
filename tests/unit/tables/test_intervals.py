import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from snip.tables.intervals import (
    ERROR_STEP,
    SMALLEST_LOSS,
    add_intervals,
    differences_from_reference,
    dunnett_factor,
    dunnett_intervals,
    geometric_mean,
    interval,
    log_loss,
    pseudo_values,
    runs_phrase,
    simultaneous_intervals,
)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9989])
def test_interval_is_students(level):
    values = [2.1, 2.4, 2.2, 2.9]
    ours, scipys = interval(values, level), stats.ttest_1samp(values, 0).confidence_interval(level)
    assert (ours.lower, ours.upper) == pytest.approx((scipys.low, scipys.high))
    assert ours.value == pytest.approx(2.4) and ours.n == 4


def test_one_run_has_no_interval():
    one, none = interval([2.0]), interval([])
    assert (one.value, one.n, none.n) == (2, 1, 0)
    assert np.isnan([one.lower, one.upper, none.value, none.lower]).all()


@pytest.mark.parametrize("n", [2, 3, 20, 1000])
def test_equal_numbers_are_not_certain(n):
    """The deviation counts as one step, and so does the width."""
    equal, half = interval([2.37] * n, resolution=0.01), stats.t.ppf(0.975, n - 1) * 0.01 / n**0.5
    expected = (2.37 - max(half, 0.005), 2.37 + max(half, 0.005))
    assert (equal.lower, equal.upper) == pytest.approx(expected)


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


@pytest.mark.parametrize("level", [0.9, 0.9989])
@pytest.mark.parametrize(("treatments", "freedom"), [(2, 1), (2, 2), (4, 5), (9, 36), (3, 200)])
def test_dunnetts_factor_is_exceeded_as_rarely_as_promised(level, treatments, freedom):
    """The definition, integrated by other nodes: Gauss's over Z_0, adaptive ones over S."""
    factor = dunnett_factor(level, treatments, freedom)
    z, weights = np.polynomial.hermite_e.hermegauss(120)

    def density(s):
        reach = factor * math.sqrt(2) * s
        inside = (stats.norm.cdf(z + reach) - stats.norm.cdf(z - reach)) ** treatments
        of_s = stats.chi.pdf(s * math.sqrt(freedom), freedom) * math.sqrt(freedom)
        return weights @ inside / weights.sum() * of_s

    found, _ = integrate.quad(density, 0, np.inf, epsabs=1e-11, epsrel=1e-11, limit=400)
    assert found == pytest.approx(level, abs=1e-12)


def test_noise_is_what_neither_the_seed_nor_the_setting_explains():
    """As a regression on both says: the limits are ± factor · √(2 · noise / seeds)."""
    random = np.random.default_rng(0)
    values = random.normal(size=(5, 4)) + 100 * random.normal(size=(5, 1))
    seeds, settings = np.repeat(np.eye(5), 4, axis=0), np.tile(np.eye(4), (5, 1))
    design = np.hstack([seeds, settings[:, 1:]])
    _, [squares], rank, _ = np.linalg.lstsq(design, values.ravel(), rcond=None)
    freedom = values.size - rank
    half = dunnett_factor(0.95, 3, freedom) * math.sqrt(2 * squares / freedom / 5)
    found = dunnett_intervals(pd.DataFrame(values, columns=["reference", *"abc"]), 0.95)
    assert [each.comparison for each in found] == ["a", "b", "c"]
    assert [each.upper - each.value for each in found] == pytest.approx([half] * 3)
    assert [each.value for each in found] == pytest.approx(
        (values.mean(0) - values[:, 0].mean())[1:]
    )


def test_one_treatment_is_a_paired_t_test():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 2)), columns=["reference", "a"])
    [difference] = dunnett_intervals(table, 0.95)
    expected = interval(table["a"] - table["reference"], 0.95)
    assert (difference.lower, difference.upper) == pytest.approx((expected.lower, expected.upper))


@pytest.mark.parametrize(("seeds", "expected"), [(1, [1, 3]), (0, [math.nan] * 2)])
def test_differences_of_one_seed_have_no_limits(seeds, expected):
    found = dunnett_intervals(pd.DataFrame([[2.0, 3.0, 5.0]] * seeds, columns=list("rab")), 0.95)
    assert [each.value for each in found] == pytest.approx(expected, nan_ok=True)
    assert np.isnan([limit for each in found for limit in (each.lower, each.upper)]).all()
    assert [(each.n, each.comparison) for each in found] == [(seeds, "a"), (seeds, "b")]


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
    assert table["mean"].tolist() == [2, 2, 5, 5] and table["n"].tolist() == [2] * 4
    half = 12.7062  # Student's t of 95 % with one degree of freedom; σ/√n is 1, and the step / √2
    assert table["upper"].tolist() == pytest.approx([2 + half] * 2 + [5 + 0.01 * half / 2**0.5] * 2)
    assert table["lower"].tolist() == pytest.approx([2 - half] * 2 + [5 - 0.01 * half / 2**0.5] * 2)


def test_losses_are_compared_by_their_logarithm_and_0_counts_as_the_smallest():
    losses = pd.Series([0.0, 1e-9, 1e-5, 10.0])
    assert log_loss(losses).tolist() == pytest.approx([-7, -7, -5, 1])
    assert geometric_mean(pd.Series([1e-2, 1.0])) == pytest.approx(0.1)
    assert SMALLEST_LOSS == 1e-7


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
    # They are exact, so the limits are those of one step: ±0.01 · c / √3.
    half = dunnett_factor(0.95, 2, 4) * ERROR_STEP / math.sqrt(3)
    assert (differences["upper"] - differences["mean"]).tolist() == pytest.approx([half] * 4)
    assert differences["criterion"].tolist() == ["snip"] * 2 + ["magnitude"] * 2
    assert differences["sparsity"].tolist() == [50, 90, 50, 90]
    assert differences["mean"].tolist() == pytest.approx([0.5, 0.9, 0.5, 0.9])
    assert (differences["n"] == 3).all()


def test_differences_without_a_seed_or_a_reference():
    runs = fig1()
    one = runs.drop(runs[(runs["sparsity"] == 50) & (runs["seed"] == 1)].index)
    differences = differences_from_reference(one, "test_error")
    # At 50 % the seeds cannot all be compared; at 90 % they are.
    assert differences["sparsity"].tolist() == [90, 90] and set(differences["n"]) == {3}
    assert not len(differences_from_reference(one[one["sparsity"] < 90], "test_error"))
    assert not len(differences_from_reference(runs[runs["sparsity"] > 0], "test_error"))


@pytest.mark.parametrize(
    ("counts", "phrase"), [([1, 1], "1 run"), ([5, 5], "5 runs"), ([5, 3], "3 to 5 runs")]
)
def test_numbers_of_runs_in_words(counts, phrase):
    assert runs_phrase(counts) == phrase
