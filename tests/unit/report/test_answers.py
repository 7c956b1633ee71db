import math
from collections import Counter
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snip.claims.readable import short_text
from snip.claims.verdicts import VERDICTS, verdict_of
from snip.report.answers import answer, answers

LIMITS = {"supported": (0.3, 0.5), "inconclusive": (-0.1, 0.9), "contradicted": (-0.7, -0.1)}


def stated(name, figure, verdict, n=5):
    """A row of the table of claims: a number that should be above 0."""
    lower, upper = LIMITS[verdict]
    limits = {"value": (lower + upper) / 2, "lower": lower, "upper": upper}
    region = {"low": 0.0, "high": float("nan"), "n": n, "statistic": "difference"}
    return {
        "name": name,
        "claim": name.partition("-")[0],
        "figure": figure,
        "verdict": verdict,
        **limits,
        **region,
    }


def test_a_figure_has_one_row_with_the_statement_that_decides():
    claims = pd.DataFrame(
        [
            stated("3a-approach", "fig3", "supported"),
            stated("3b-trend", "fig3", "inconclusive"),
            stated("3b-fall-1-100", "fig3", "contradicted"),
            stated("2a-mnist-told", "fig2", "supported"),
            stated("2a-mnist-like-bright", "fig2", "contradicted"),  # a reading of ours
            stated("6a-mnist-size-differ", "fig6", "contradicted"),  # alone: no row
            stated("1a-mnist-equal", "fig1", "supported"),
            stated("1b-mnist-equal", "fig1", "inconclusive", n=0),
        ]
    )
    table = answers(claims).set_index("figure")
    assert table.index.tolist() == ["fig1", "fig2", "fig3"]
    assert table["answer"].tolist() == [
        "holds (1 statement not run)",
        "holds",
        "1 of 3 hold, 1 does not, 1 open",
    ]
    assert table["name"].tolist() == ["1a-mnist-equal", "2a-mnist-told", "3b-fall-1-100"]
    assert table["found"].tolist() == ["0.40 [0.30, 0.50]"] * 2 + ["-0.40 [-0.70, -0.10]"]


def test_of_several_that_decide_the_weakest_is_shown():
    datasets = ["mnist", "fashion-mnist", "mnist-3000"]
    rows = [stated(f"6c-{name}-signed-inverted", "fig6", "inconclusive") for name in datasets]
    rows[1] |= {"lower": -0.4}  # most of its interval lies outside
    rows.append(stated("6a-mnist-signed-differ", "fig6", "supported") | {"lower": 0.001})
    [shown] = answers(pd.DataFrame(rows))["name"]
    assert shown == "6c-fashion-mnist-signed-inverted"


def test_the_number_names_its_data_set_and_the_comparison_that_is_shown():
    rows = [
        stated("2a-fashion-mnist-like-size", "fig2", "supported") | {"statistic": "mean (10 %)"},
        stated("7-rise", "fig7", "supported") | {"statistic": "ratio (80 to 90 %)"},
    ]
    assert answers(pd.DataFrame(rows))["what"].tolist() == [
        "correlation with the class, Fashion-MNIST (10 %)",
        "loss at one sparsity over that before (80 to 90 %)",
    ]


def test_verdicts_of_one_kind_have_one_word():
    words = {verdict: answer(Counter([verdict] * 3)) for verdict in VERDICTS}
    assert words == {
        "supported": "holds",
        "contradicted": "does not hold",
        "inconclusive": "open",
    }


@given(
    st.floats(-1e3, 1e3),
    st.floats(1e-6, 1e3),
    st.floats(1e-6, 1e3),
    st.sampled_from([(-0.26, 0.26), (0.5, float("inf")), (float("-inf"), 0.1)]),
)
def test_an_interval_in_few_digits_has_the_same_verdict(value, below, above, region):
    """As in the table, its limits have four digits."""
    lower, upper = (float(f"{limit:.4g}") for limit in (value - below, value + above))
    if not lower < value < upper:
        return
    low, high = region
    verdict = verdict_of(lower, upper, low, high)
    blank = {limit: float("nan") for limit in (float("-inf"), float("inf"))}
    row = SimpleNamespace(
        value=value,
        lower=lower,
        upper=upper,
        low=blank.get(low, low),
        high=blank.get(high, high),
        verdict=verdict,
        statistic="difference",
    )
    _, _, printed = short_text(row).partition(" ")
    found = [float(number) for number in printed.strip("[]").split(", ")]
    assert verdict_of(*found, low, high) == verdict


@pytest.mark.parametrize(
    ("numbers", "printed"),
    [
        ((8.527, 0.6902, 105.4), "8.5 [0.69, 110]"),
        ((0.9927, 0.9747, 1.011), "0.993 [0.974, 1.02]"),
        ((1.995, 0.0, math.inf), "2.0 [0, ∞]"),
        ((0.9995, 0.993, 1.006), "0.9995 [0.9930, 1.006]"),
    ],
)
def test_factors_have_as_many_digits_on_both_sides_and_limits_go_outwards(numbers, printed):
    columns = ["value", "lower", "upper"]
    row = stated("7-rise", "fig7", "inconclusive") | dict(zip(columns, numbers, strict=True))
    row |= {"statistic": "ratio, geometric mean", "low": 1.0}
    assert answers(pd.DataFrame([row]))["found"].tolist() == [printed]


def test_a_statement_without_an_interval_decides_only_alone():
    alone = stated("3b-trend", "fig3", "inconclusive", n=1) | {"lower": math.nan, "upper": math.nan}
    rows = [alone, stated("3b-fall-1-100", "fig3", "inconclusive")]
    assert answers(pd.DataFrame(rows))["name"].tolist() == ["3b-fall-1-100"]
    assert answers(pd.DataFrame(rows[:1]))["name"].tolist() == ["3b-trend"]
