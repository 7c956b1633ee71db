"""Means over seeds and their confidence intervals: the one place that computes intervals.

The distributions are scipy's, the intervals are not. scipy's t intervals (`stats.t.interval` and
`ttest_1samp(...).confidence_interval`) ignore the resolution of the numbers and differ from ours in
the last bit. `stats.dunnett` takes samples that are not paired by seed, and integrates by random
draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

# Test errors are counted on 10,000 images, so they come in steps of 0.01 percentage points.
ERROR_STEP = 0.01
# In single precision a smaller loss is the same as 0, which has no logarithm.
SMALLEST_LOSS = 1e-7

Losses = TypeVar("Losses", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class Interval:
    """The mean over n seeds and its limits; not numbers with no seeds, or fewer than two.

    Attributes:
        comparison: which of several comparisons this is, in print.
    """

    value: float
    lower: float
    upper: float
    n: int
    comparison: str = ""


def interval(
    values: Iterable[float], level: float = 0.95, resolution: float = 0.0, comparison: str = ""
) -> Interval:
    """Return the mean and Student's t interval.

    Args:
        values: one number per seed.
        level: the confidence of the interval.
        resolution: the step in which the numbers are known. Equal numbers do not prove that the
            next one would be equal, so the standard deviation counts as at least one step.
    """
    values = np.asarray(list(values), float)
    if len(values) < 2:
        value = values[0] if len(values) else math.nan
        return Interval(float(value), math.nan, math.nan, len(values), comparison)
    factor = stats.t.ppf((1 + level) / 2, len(values) - 1)
    return _around(values.mean(), factor, values.std(ddof=1), resolution, len(values), comparison)


def simultaneous_intervals(
    table: pd.DataFrame, level: float, resolution: float = 0.0
) -> list[Interval]:
    """Return t intervals that hold all at once with confidence `level` (Bonferroni).

    Args:
        table: one row per seed, one column per comparison.
        resolution: see `interval`.
    """
    level_of_each = 1 - (1 - level) / max(1, table.shape[1])
    return [interval(table[column], level_of_each, resolution, str(column)) for column in table]


def dunnett_intervals(table: pd.DataFrame, level: float, resolution: float = 0.0) -> list[Interval]:
    """Return the differences from a reference, with Dunnett's simultaneous intervals.

    Runs of one seed share the split and the order of the examples. So the model is a block design:
    a number is the sum of the seed's effect, the setting's effect and noise, and the noise has the
    same variance in all settings. The variance is estimated from all settings together, with
    (seeds − 1) · (settings − 1) degrees of freedom.

    Args:
        table: one row per seed, one column per setting, the reference first.
        resolution: see `interval`.

    Returns:
        One interval per setting but the reference.
    """
    values = table.to_numpy(float)
    n, treatments = len(values), table.shape[1] - 1
    differences = (values[:, 1:] - values[:, :1]).mean(0) if n else np.full(treatments, math.nan)
    if n < 2:
        columns = zip(table.columns[1:], differences, strict=True)
        return [Interval(float(d), math.nan, math.nan, n, str(c)) for c, d in columns]
    noise = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    freedom = (n - 1) * treatments
    deviation = math.sqrt(2 * (noise**2).sum() / freedom)
    factor = dunnett_factor(level, treatments, freedom)
    return [
        _around(difference, factor, deviation, resolution, n, str(column))
        for column, difference in zip(table.columns[1:], differences, strict=True)
    ]


def _around(
    value: float, factor: float, deviation: float, resolution: float, n: int, comparison: str
) -> Interval:
    """Return value ± factor · deviation / √n; deviation and width are at least one step."""
    half = max(factor * max(deviation, resolution) / math.sqrt(n), resolution / 2)
    return Interval(float(value), float(value - half), float(value + half), n, comparison)


@cache
def dunnett_factor(level: float, treatments: int, freedom: int) -> float:
    """Return the two-sided critical value for several treatments against one reference.

    It is the c with P(max |Z_i − Z_0| / (√2 S) ≤ c) = level, where the Z are standard normal and S²
    is χ²/freedom (Dunnett, 1955). Given Z_0 and S the treatments are independent, so the
    probability is a double integral. The trapezoidal rule gives it to many digits.
    """
    z = np.linspace(-9, 9, 181)
    density = stats.norm.pdf(z) * (z[1] - z[0])
    # Integrate over log S: with few degrees of freedom S spreads over many powers of ten.
    ends = np.log(stats.chi.ppf([1e-14, 1 - 1e-14], freedom))
    log_s = np.linspace(ends[0], ends[1], 301)
    weights = stats.chi.pdf(np.exp(log_s), freedom) * np.exp(log_s) * (log_s[1] - log_s[0])
    s = np.exp(log_s)[:, None] / math.sqrt(freedom)

    def excess(c: float) -> float:
        reach = c * math.sqrt(2) * s
        inside = (stats.norm.cdf(z + reach) - stats.norm.cdf(z - reach)) ** treatments
        return float(weights @ (inside @ density)) - level

    # The critical value lies between that of one treatment and Bonferroni's bound.
    low, high = stats.t.ppf([(1 + level) / 2, 1 - (1 - level) / (2 * treatments)], freedom)
    return float(high) if treatments == 1 else brentq(excess, 0.99 * low, 1.01 * high)


def pseudo_values(statistic: Callable[[list[int]], pd.Series], seeds: list[int]) -> pd.DataFrame:
    """Return the jackknife's pseudo-values: one row per seed, one column per number.

    A statistic of pairs of seeds has no number per seed. The pseudo-value n·θ − (n − 1)·θ₋ᵢ takes
    its place: the mean of the pseudo-values estimates the statistic, and their scatter over seeds
    estimates its error.

    Args:
        statistic: maps two or more seeds to one number per comparison.
        seeds: three or more.
    """
    n, whole = len(seeds), statistic(seeds)
    without = [statistic([other for other in seeds if other != seed]) for seed in seeds]
    return pd.DataFrame([n * whole - (n - 1) * part for part in without], index=seeds)


def log_loss(losses: Losses) -> Losses:
    """Return the logarithms of losses to base ten."""
    return losses.clip(lower=SMALLEST_LOSS).apply(np.log10)


def geometric_mean(losses: pd.Series) -> float:
    """Return the geometric mean of losses, which claims judge and figures draw."""
    return float(10 ** log_loss(losses).mean())


def add_intervals(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return `table` with the mean of test errors, its 95 % limits and n, over each group `by`."""
    means = [
        (*key, mean.value, mean.lower, mean.upper, mean.n)
        for key, group in table.groupby(by, sort=False)
        for mean in [interval(group[value], resolution=ERROR_STEP)]
    ]
    return table.merge(pd.DataFrame(means, columns=[*by, "mean", "lower", "upper", "n"]), on=by)


def differences_from_reference(runs: pd.DataFrame, error: str, level: float = 0.95) -> pd.DataFrame:
    """Return how much the test error at each sparsity differs from that of the reference.

    Args:
        runs: those of Figure 1. The reference of a network and data set serves every criterion.
        error: the column of test errors, percent.
        level: the confidence that all intervals of a network, data set and criterion hold at once.

    Returns:
        Columns network, dataset, criterion, sparsity, mean, lower, upper (percentage points), n.
        There is no row for a sparsity that lacks one of the reference's seeds.
    """
    rows = []
    for (network, dataset), panel in runs.groupby(["network", "dataset"], sort=False):
        references = panel[panel["sparsity"] == 0].drop_duplicates("seed")
        for criterion, pruned in panel[panel["sparsity"] > 0].groupby("criterion", sort=False):
            curve = pd.concat([references, pruned])
            errors = curve.pivot(index="seed", columns="sparsity", values=error)
            errors = errors.loc[references["seed"]].dropna(axis=1)
            if 0 in errors.columns and errors.shape[1] > 1:
                differences = dunnett_intervals(errors, level, ERROR_STEP)
                rows += [
                    [network, dataset, criterion, sparsity, i.value, i.lower, i.upper, i.n]
                    for sparsity, i in zip(errors.columns[1:], differences, strict=True)
                ]
    columns = ["network", "dataset", "criterion", "sparsity", "mean", "lower", "upper", "n"]
    return pd.DataFrame(rows, columns=columns)


def runs_phrase(counts: Iterable[int]) -> str:
    """Return `5 runs` or `3 to 5 runs`."""
    counts = sorted(set(counts))
    if counts == [1]:
        return "1 run"
    return f"{counts[0]} runs" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} runs"
