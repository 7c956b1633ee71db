import io
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_evidence import CONFIRMING_FROM, judged, means, pairs, statement, verdicts
from snip.claims.readable import interval_text, readable, region_text
from snip.claims.verdicts import (
    Differences,
    Means,
    Pairs,
    judge,
    named,
    power_of_ten,
    steps,
    verdict_of,
)

# Few different numbers, so that ties and equal values are frequent.
NUMBERS = st.sampled_from([-1.5, -0.25, 0.0, 0.0, 0.1, 0.11, 0.25, 0.26, 1.0, 1 / 3]) | st.floats(
    -3, 3
)


@st.composite
def any_statement(draw):
    n, k = draw(st.integers(0, 7)), draw(st.integers(1, 4))
    resolution = draw(st.sampled_from([0.0, 1e-4, 0.01, 0.1]))
    kind = draw(st.sampled_from([Means, Differences, Pairs]))
    if kind is Pairs:
        flat = st.lists(NUMBERS, min_size=n * n, max_size=n * n)
        matrices = [np.reshape(draw(flat), (n, n)) for _ in range(k)]
        evidence = pairs(matrices, list(range(n)), resolution)
    else:
        columns = k + (kind is Differences)
        rows = st.lists(NUMBERS | st.just(math.nan), min_size=columns, max_size=columns)
        values = np.reshape([draw(rows) for _ in range(n)], (n, columns))
        evidence = means(values, resolution, kind)
    regions = [(0, math.inf), (-math.inf, 0), (-0.26, 0.26), (0.1, math.inf), (-math.inf, 0.26)]
    low, high = draw(st.sampled_from(regions))
    if draw(st.booleans()):
        return statement(evidence, low, high)
    low, high = (power_of_ten(limit) if math.isfinite(limit) else limit for limit in (low, high))
    return statement(evidence, low, high, scale=power_of_ten)


def limits_of(text):
    """The limits of a printed region."""
    numbers = [float(number) for number in re.findall(r"-?\d[\d.e+-]*", text)]
    if text.startswith("above"):
        return numbers[0], math.inf
    return (-math.inf, numbers[0]) if text.startswith("below") else tuple(numbers)


@settings(max_examples=150, deadline=None)
@given(st.lists(any_statement(), min_size=1, max_size=4), st.sampled_from([0.001, 0.05, 0.4]))
def test_every_verdict_can_be_read_off_what_is_printed(statements, alpha):
    table = judge(statements, alpha, CONFIRMING_FROM)
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
        # The readable form gives the same verdict.
        if not math.isnan(row.lower):
            lower, upper = map(float, re.search(r"\[(.*), (.*)\]", interval_text(row)).groups())
            assert (lower, upper) == (row.lower, row.upper)
            assert verdict_of(lower, upper, *limits_of(region_text(row))) == row.verdict
    assert readable(table, "drawn", alpha).count("**") == 2 * len(statements)


@pytest.mark.parametrize(
    ("offsets", "region", "verdict", "weakest"),
    [  # Each comparison has an interval of about ±0.4 around its offset.
        ([5, 2, 3], (0, math.inf), "supported", "c1"),
        ([-5, -2, -3], (-math.inf, 0), "supported", "c1"),
        ([-2, 1, 3], (-9, 9), "supported", "c2"),
        ([-4, 1, 3], (-9, 9), "supported", "c0"),
        ([5, 0.1, 0.2], (0, math.inf), "inconclusive", "c1"),
        ([-5, -0.2, -0.1], (-math.inf, 0), "inconclusive", "c2"),
        ([8.8, 9.1, 0], (-9, 9), "inconclusive", "c1"),
        ([0.1, -2, -5], (0, math.inf), "contradicted", "c2"),
        ([12, -11, 0], (-9, 9), "contradicted", "c0"),
        ([-2, 5, 0.1], (0, math.inf), "contradicted", "c0"),
    ],
)
def test_the_comparison_shown_is_the_weakest(offsets, region, verdict, weakest):
    noise = np.array([-0.1, 0, 0, 0.1])
    row = judged(statement(means(noise[:, None] + offsets), *region))
    assert (row.verdict, row.statistic) == (verdict, f"mean ({weakest})")
    assert row.value == pytest.approx(offsets[int(weakest[1])])


def test_each_verdict_follows_from_the_region():
    """Limits in the region; a limit on its border is not."""
    for lower, upper, verdict in [
        (0.1, 0.9, "supported"),
        (0, 0.9, "inconclusive"),
        (0.1, 1, "inconclusive"),
        (-1, 0, "inconclusive"),
        (1, 2, "inconclusive"),
        (-1, 2, "inconclusive"),
        (-1, -0.1, "contradicted"),
        (1.1, 2, "contradicted"),
        (math.nan, math.nan, "inconclusive"),
    ]:
        assert verdict_of(lower, upper, 0, 1) == verdict


@pytest.mark.parametrize("low,high", [(0, math.inf), (-math.inf, 0), (-1, 1)])
@pytest.mark.parametrize("values", [[], [5.0]])
def test_one_seed_is_inconclusive_whatever_it_shows(values, low, high):
    row = judged(statement(means(values), low, high))
    assert (row.verdict, row.n) == ("inconclusive", len(values))
    assert "2 seeds, found 1" in row.note if values else "no seed" in row.note


def test_pairs_of_two_seeds_are_inconclusive():
    two = pairs([np.ones((2, 2))], [0, 1])
    row = judged(statement(two, low=0))
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
    # The upper limit lies just inside the region; as printed, it does not.
    inside = statement(Means(pd.DataFrame({"": [0.1, 0.1]}), 0.01), high=1)
    row = judged(inside)
    half = 12.706204736174694 * 0.01 / math.sqrt(2)
    assert row.upper >= 0.1 + half and row.lower <= 0.1 - half
    close = statement(Means(pd.DataFrame({"": [0.1, 0.1]}), 0.01), high=0.1 + half + 1e-7)
    assert verdicts(close) == ["inconclusive"]


def seeded(values: dict):
    return Means(pd.DataFrame({"": pd.Series(values, dtype=float)}), 0.0)


def test_confirming_seeds_are_judged_alone():
    explored = {seed: -1 + 0.01 * seed for seed in range(5)}
    confirmed = {100 + seed: 1 + 0.01 * seed for seed in range(5)}
    row = judged(statement(seeded(explored | confirmed), low=0))
    assert (row.verdict, row.n, row.seeds) == ("supported", 5, "confirmatory")
    row = judged(statement(seeded(explored), low=0))
    assert (row.verdict, row.n, row.seeds) == ("contradicted", 5, "exploratory")
    # One alone cannot confirm.
    one = seeded(explored | {100: 1.0})
    row = judged(statement(one, low=0))
    assert (row.n, row.seeds) == (6, "exploratory")
    # The configuration decides where they begin.
    row = judged(statement(seeded(explored), low=0), confirming_from=3)
    assert (row.n, row.seeds, row.note) == (2, "confirmatory", "")  # two are enough


@pytest.mark.parametrize(("confirming", "kind"), [(2, "exploratory"), (3, "confirmatory")])
def test_pairs_take_three_confirming_seeds(confirming, kind):
    seeds = [0, 1, 2, *range(100, 100 + confirming)]
    both = pairs([np.random.default_rng(0).normal(size=(len(seeds), len(seeds)))], seeds)
    row = judged(statement(both, low=0))
    assert row.seeds == kind


def test_steps_are_named_by_both_ends():
    increases = steps(pd.DataFrame({10.0: [1.0], 50.0: [3.0], 99.5: [2.0]}), 0.0).table
    assert increases.to_dict("list") == {"10 to 50 %": [2.0], "50 to 99.5 %": [-1.0]}


def test_a_seed_counts_where_it_has_all_comparisons():
    values = means([[1, 2], [math.nan, 2], [3, 4], [5, 6]])
    assert values.seeds == [0, 2, 3]
    assert judged(statement(values, low=0)).n == 3


def test_names_have_neither_dots_nor_capitals():
    assert named("4-control", 99.0) == "4-control-99" and named("x", "a-b", 99.5) == "x-a-b-99-5"
