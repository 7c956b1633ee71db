import io
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snip.claims.readable import interval_text, readable, region_text
from snip.claims.verdicts import (
    COLUMNS,
    Differences,
    Means,
    Missing,
    Pairs,
    Statement,
    judge,
    power_of_ten,
    reading,
    steps,
)

FROM = 100  # confirming seeds


def statement(evidence, low=-math.inf, high=math.inf, **more):
    return Statement("x", "fig1", "It is so.", "mean", lambda: evidence, low, high, **more)


def means(values, resolution=0.0, of=Means):
    values = np.asarray(values, float)
    values = values[:, None] if values.ndim == 1 else values
    return of(pd.DataFrame(values, columns=[f"c{i}" for i in range(values.shape[1])]), resolution)


def pairs(matrices, seeds, resolution=0.0):
    """As claims 5 and 6 compare: the mean over pairs of different seeds, per comparison."""

    def statistic(chosen):
        index = [seeds.index(seed) for seed in chosen]
        parts = [matrix[np.ix_(index, index)] for matrix in matrices]
        n = len(index)
        values = [(part.sum() - np.trace(part)) / (n * (n - 1)) for part in parts]
        return pd.Series(values, [f"c{i}" for i in range(len(values))])

    return Pairs(statistic, seeds, resolution)


def verdicts(*statements, alpha=0.05):
    return judge(list(statements), alpha, FROM)["verdict"].tolist()


# Few different numbers, so that ties and equal values are frequent.
NUMBERS = st.sampled_from([-1.5, -0.25, 0.0, 0.0, 0.1, 0.11, 0.25, 0.26, 1.0, 1 / 3]) | st.floats(
    -3, 3
)


@st.composite
def any_statement(draw):
    n, k = draw(st.integers(0, 7)), draw(st.integers(1, 4))
    resolution = draw(st.sampled_from([0.0, 1e-4, 0.01, 0.1]))
    kind = draw(st.sampled_from([Means, Differences, Pairs]))
    rows = st.lists(NUMBERS, min_size=k, max_size=k)
    if kind is Pairs:
        size = n * n
        flat = st.lists(NUMBERS, min_size=size, max_size=size)
        evidence = pairs(
            [np.reshape(draw(flat), (n, n)) for _ in range(k)], list(range(n)), resolution
        )
    else:
        columns = k + (kind is Differences)
        rows = st.lists(NUMBERS | st.just(math.nan), min_size=columns, max_size=columns)
        values = np.reshape([draw(rows) for _ in range(n)], (n, columns))
        evidence = means(values, resolution, kind)
    low, high = draw(
        st.sampled_from(
            [(0, math.inf), (-math.inf, 0), (-0.26, 0.26), (0.1, math.inf), (-math.inf, 0.26)]
        )
    )
    if draw(st.booleans()):
        return statement(evidence, low, high)
    low, high = (power_of_ten(limit) if math.isfinite(limit) else limit for limit in (low, high))
    return statement(evidence, low, high, scale=power_of_ten)


def limits_of(text):
    """The numbers of a printed region."""
    numbers = [float(number) for number in re.findall(r"-?\d[\d.e+-]*", text)]
    if text.startswith("above"):
        return numbers[0], math.inf
    return (-math.inf, numbers[0]) if text.startswith("below") else tuple(numbers)


@settings(max_examples=150, deadline=None)
@given(st.lists(any_statement(), min_size=1, max_size=4), st.sampled_from([0.001, 0.05, 0.4]))
def test_every_verdict_can_be_read_off_what_is_printed(statements, alpha):
    table = judge(statements, alpha, FROM)
    text = table.to_csv(index=False)
    for row in pd.read_csv(io.StringIO(text), dtype={"claim": str}).itertuples():
        low = -math.inf if math.isnan(row.low) else row.low
        high = math.inf if math.isnan(row.high) else row.high
        inside = low < row.lower and row.upper < high
        outside = row.upper < low or row.lower > high
        assert (row.verdict == "supported") == inside
        assert (row.verdict == "contradicted") == outside
        assert (row.verdict == "inconclusive") == (not inside and not outside)
        assert math.isnan(row.lower) or row.lower <= row.value <= row.upper
        assert math.isnan(row.lower) == math.isnan(row.upper)
        assert row.level == 1 - alpha / len(statements)
        # The readable form says the same.
        if not math.isnan(row.lower):
            lower, upper = map(float, re.search(r"\[(.*), (.*)\]", interval_text(row)).groups())
            assert (lower, upper) == (row.lower, row.upper)
            assert reading(lower, upper, *limits_of(region_text(row))) == row.verdict
    assert readable(table, "drawn", alpha).count("**") == 2 * len(statements)


@settings(max_examples=60, deadline=None)
@given(any_statement())
def test_the_comparison_shown_is_the_weakest(one):
    evidence = one.evidence()
    [row] = judge([one], 0.05, FROM).itertuples()
    if not evidence.seeds:
        assert (row.verdict, row.n) == ("inconclusive", 0)
        return
    low = -math.inf if math.isnan(row.low) else row.low
    high = math.inf if math.isnan(row.high) else row.high
    each = [
        reading(one.scale(i.lower), one.scale(i.upper), low, high)
        for i in evidence.intervals(evidence.seeds, 0.95)
    ]
    if row.verdict == "supported":
        assert set(each) == {"supported"}
    if row.verdict == "contradicted":
        assert "contradicted" in each


@pytest.mark.parametrize("low,high", [(0, math.inf), (-math.inf, 0), (-1, 1)])
@pytest.mark.parametrize("values", [[], [5.0]])
def test_one_seed_is_inconclusive_whatever_it_shows(values, low, high):
    [row] = judge([statement(means(values), low, high)], 0.05, FROM).itertuples()
    assert (row.verdict, row.n) == ("inconclusive", len(values))
    assert "2 seeds, found 1" in row.note if values else "no seed" in row.note


def test_pairs_of_two_seeds_are_inconclusive():
    two = pairs([np.ones((2, 2))], [0, 1])
    [row] = judge([statement(two, low=0)], 0.05, FROM).itertuples()
    assert (row.verdict, row.n, row.value) == ("inconclusive", 2, 1)
    assert "3 seeds, found 2" in row.note


@pytest.mark.parametrize("n", [2, 3])
def test_equal_errors_of_few_seeds_support_nothing(n):
    # Two runs with the same number of wrong images once gave p = 0.
    equal = statement(means([0.1] * n, resolution=0.01), -0.26, 0.26)
    assert verdicts(*[equal] * 40)[0] == "inconclusive"
    many = statement(means([0.1] * 20, resolution=0.01), -0.26, 0.26)
    assert verdicts(*[many] * 40)[0] == "supported"


def test_limits_are_rounded_outwards():
    # The upper limit lies just inside of the region; as printed, it does not.
    inside = statement(Means(pd.DataFrame({"": [0.1, 0.1]}), 0.01), high=1)
    [row] = judge([inside], 0.05, FROM).itertuples()
    half = 12.706204736174694 * 0.01 / math.sqrt(2)
    assert row.upper >= 0.1 + half and row.lower <= 0.1 - half
    close = statement(Means(pd.DataFrame({"": [0.1, 0.1]}), 0.01), high=0.1 + half + 1e-7)
    assert verdicts(close) == ["inconclusive"]


def test_each_of_many_statements_gets_its_part_of_alpha():
    good = statement(means([0.2, 0.6, 1.0, 0.8, 0.4]), low=0)
    assert verdicts(good) == ["supported"]
    assert verdicts(*[good] * 20)[0] == "inconclusive"
    table = judge([good] * 20, 0.05, FROM)
    assert set(table["level"]) == {1 - 0.05 / 20} and list(table.columns) == COLUMNS


def test_all_comparisons_of_a_statement_must_hold():
    good, bad = [1.0, 1.1, 0.9, 1.0], [-1.0, -1.1, -0.9, -1.0]
    assert verdicts(statement(means(np.transpose([good, good])), low=0)) == ["supported"]
    [row] = judge([statement(means(np.transpose([good, bad])), low=0)], 0.05, FROM).itertuples()
    assert (row.verdict, row.value) == ("contradicted", -1) and row.statistic == "mean (c1)"


def missing():
    raise Missing("figures.fig9 has no runs with labels random")


def test_what_is_missing_is_named():
    one = Statement("x", "fig9", "It is so.", "mean", missing, low=0)
    [row] = judge([one], 0.05, FROM).itertuples()
    assert (row.verdict, row.n) == ("inconclusive", 0) and math.isnan(row.value)
    assert row.note == "missing: figures.fig9 has no runs with labels random"


def seeded(values: dict):
    return Means(pd.DataFrame({"": pd.Series(values, dtype=float)}), 0.0)


def test_confirming_seeds_are_judged_alone():
    explored = {seed: -1 + 0.01 * seed for seed in range(5)}
    confirmed = {100 + seed: 1 + 0.01 * seed for seed in range(5)}
    [row] = judge([statement(seeded(explored | confirmed), low=0)], 0.05, FROM).itertuples()
    assert (row.verdict, row.n, row.seeds) == ("supported", 5, "confirmatory")
    [row] = judge([statement(seeded(explored), low=0)], 0.05, FROM).itertuples()
    assert (row.verdict, row.n, row.seeds) == ("contradicted", 5, "exploratory")
    # One alone cannot confirm.
    one = seeded(explored | {100: 1.0})
    [row] = judge([statement(one, low=0)], 0.05, FROM).itertuples()
    assert (row.n, row.seeds) == (6, "exploratory")
    # Where they begin is the configuration's.
    [row] = judge([statement(seeded(explored), low=0)], 0.05, 3).itertuples()
    assert (row.n, row.seeds) == (2, "confirmatory")


@pytest.mark.parametrize(("confirming", "kind"), [(2, "exploratory"), (3, "confirmatory")])
def test_pairs_take_three_confirming_seeds(confirming, kind):
    seeds = [0, 1, 2, *range(100, 100 + confirming)]
    both = pairs([np.random.default_rng(0).normal(size=(len(seeds), len(seeds)))], seeds)
    [row] = judge([statement(both, low=0)], 0.05, FROM).itertuples()
    assert row.seeds == kind


def test_steps_are_named_by_both_ends():
    found = steps(pd.DataFrame({"10 %": [1.0], "50 %": [3.0], "90 %": [2.0]}))
    assert found.to_dict("list") == {"10 to 50 %": [2.0], "50 to 90 %": [-1.0]}


# Simulations: whatever is said about a truth at the border of the region is wrong.

REPETITIONS, ALPHA = 250, 0.2


def wrong_verdicts(draw, low=-math.inf, high=math.inf, wrong=("supported", "contradicted")):
    random = np.random.default_rng(0)
    return sum(
        verdicts(statement(draw(random), low, high), alpha=ALPHA)[0] in wrong
        for _ in range(REPETITIONS)
    )


# Four standard deviations above the promise.
ALLOWED = REPETITIONS * ALPHA + 4 * math.sqrt(REPETITIONS * ALPHA * (1 - ALPHA))


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("step", [0, 1, 3])
def test_one_mean_at_the_border(n, step):
    def draw(random):
        values = random.normal(1, 1, n)
        return means(np.round(values / step) * step if step else values, resolution=step)

    wrong = wrong_verdicts(draw, low=1)
    assert wrong <= ALLOWED
    assert step or wrong > REPETITIONS * ALPHA / 2  # nor is the interval much too wide


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("of", [Means, Differences])
def test_several_means_at_the_border(n, of):
    def draw(random):
        at_border = random.normal(size=(n, 4)) + random.normal(size=(n, 1))
        if of is Differences:
            at_border[:, 1:] += 1
        else:
            at_border += 1
        return means(at_border, of=of)

    assert wrong_verdicts(draw, low=1) <= ALLOWED
    assert wrong_verdicts(draw, low=-1, high=1) <= ALLOWED


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("of", [Means, Differences])
def test_one_of_several_means_outside(n, of):
    # The others lie well inside, so that this one decides: support is wrong.
    def draw(random):
        return means(random.normal(size=(n, 4)) + [0, 0, 0, 5], of=of)

    assert wrong_verdicts(draw, low=-5, high=5, wrong=["supported"]) <= ALLOWED / 2


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("shared", [0.5])
def test_pairs_of_one_distribution(n, shared):
    # Two kinds of images drawn alike are as alike as one kind is, whatever a seed's two share.
    pattern = np.random.default_rng(1).normal(size=8)

    def draw(random):
        seed = random.normal(size=(n, 8))
        one, other = (pattern + shared * seed + random.normal(size=(n, 8)) for _ in range(2))
        matrix = one @ other.T - (one @ one.T + other @ other.T) / 2
        return pairs([matrix], list(range(n)))

    assert wrong_verdicts(draw, low=0) <= ALLOWED
