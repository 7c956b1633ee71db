"""What the page of results says of the scatter of errors at full length, and what rests on it."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import REPOSITORY
from pages import prose
from snip.study.grids import figure_runs
from snip.tables.intervals import dunnett_factor
from studies import load, shipped_errors

PAGE = "docs/results.md"
SHIPPED = load("paper", "shipped")


def residuals(network, seeds):
    """What Dunnett's intervals pool, seed by sparsity; standard deviations of differences."""
    errors = pd.DataFrame(
        {
            each: shipped_errors(network=network, sparsity=each, seeds=range(200, 200 + seeds))
            for each in range(0, 100, 10)
        }
    )
    differences = errors.sub(errors[0], axis=0).std()
    return without_effects(errors.to_numpy()), differences


def without_effects(values):
    """Less the means of rows and columns, which are the last two axes."""
    rows, columns = values.mean(-1, keepdims=True), values.mean(-2, keepdims=True)
    return values - rows - columns + values.mean((-1, -2), keepdims=True)


def test_the_reach_of_1b_is_as_long_as_the_page_says():
    """Of the intervals that are there, and of those to come if runs go on to scatter so."""
    text = " ".join(prose(PAGE).split())
    [row] = pd.read_csv(REPOSITORY / "docs/figures/claims-paper.csv").query("claim == '1b'").iloc
    reach = (row["upper"] - row["lower"]) / 2
    assert f"Joint intervals reach {reach:.2f} to either side" in text
    there = {r.sparsity for r in figure_runs(SHIPPED, "fig1") if r.network == "lenet-5-caffe"}
    sparsities = len([each for each in there if 0 < each <= 90])

    def expected(sparsities, seeds):
        return dunnett_factor(row["level"], sparsities, sparsities * (seeds - 1)) / math.sqrt(seeds)

    twenty = reach * expected(9, 20) / expected(sparsities, row["n"])
    _, differences = residuals("lenet-5-caffe", 5)
    level = 1 - (1 - row["level"]) / sparsities
    separately = stats.t.ppf((1 + level) / 2, 19) * differences[90] / math.sqrt(20)
    said = f"twenty seeds will give about ±{twenty:.2f} (at 90 %, separately, ±{separately:.2f})"
    assert said in text


@pytest.mark.parametrize(
    ("network", "seeds", "decimals", "said"),
    [
        ("lenet-5-caffe", 5, 2, "and {} by what the intervals pool"),
        ("lenet-300-100", 20, 3, "and {} by what the intervals pool"),
    ],
)
def test_what_is_pooled_scatters_as_unlike_as_the_page_says(network, seeds, decimals, said):
    """Bartlett's statistic, whose distribution is simulated, since residuals are dependent."""

    def unlike(pooled):
        squares = (pooled**2).sum(-2)
        return np.log(squares.mean(-1)) - np.log(squares).mean(-1)

    pooled, differences = residuals(network, seeds)
    alike = np.random.default_rng(0).standard_normal((20000, seeds, 10))
    p = (unlike(without_effects(alike)) >= unlike(pooled)).mean()
    text = " ".join(prose(PAGE).split())
    assert said.format(f"{p:.{decimals}f}") in text
    if network == "lenet-5-caffe":
        model = math.sqrt(2 * (pooled**2).sum() / (9 * (seeds - 1)))
        said = f"differences scatter by {differences[90]:.3f}, where the model has {model:.3f}"
        assert said in text


@pytest.mark.parametrize(
    ("network", "seeds", "said"),
    [
        ("lenet-300-100", 20, "standard deviations are {:.2f} to {:.2f}, Bartlett's p = {:.2f}"),
        ("lenet-5-caffe", 5, "Standard deviations are {:.2f} to {:.2f}; Bartlett's p is {:.2f}"),
    ],
)
def test_the_scatter_by_sparsity_is_that_of_the_files(network, seeds, said):
    """Of the sparsities that a statement judges: Dunnett's intervals assume one scatter."""
    there = {run.sparsity for run in figure_runs(SHIPPED, "fig1") if run.network == network}
    errors = [
        shipped_errors(seeds=range(200, 200 + seeds), network=network, sparsity=each)
        for each in there
        if each <= 90
    ]
    spreads = sorted(each.std(ddof=1) for each in errors)
    said = said.format(spreads[0], spreads[-1], stats.bartlett(*errors).pvalue)
    assert said in " ".join(prose(PAGE).split())
