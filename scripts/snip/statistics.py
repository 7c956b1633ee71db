"""Means and intervals over runs."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats


def mean_interval(values: Iterable[float]) -> pd.Series:
    """Return `mean` and the limits `lower`, `upper` of its 95 % t interval, and `n`.

    A single value has no interval: its limits are not a number.
    """
    values = np.asarray(list(values), float)
    mean = values.mean()
    if len(values) < 2:
        return pd.Series({"mean": mean, "lower": np.nan, "upper": np.nan, "n": len(values)})
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return pd.Series({"mean": mean, "lower": mean - half, "upper": mean + half, "n": len(values)})


def add_intervals(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return `table` with the columns mean, lower, upper, n of `value` over each group `by`."""
    summary = table.groupby(by, sort=False)[value].apply(mean_interval).unstack().reset_index()
    return table.merge(summary, on=by).astype({"n": int})


def runs_phrase(counts: Iterable[int]) -> str:
    """Return `5 runs` or `3 to 5 runs`."""
    counts = sorted(set(counts))
    if counts == [1]:
        return "1 run"
    return f"{counts[0]} runs" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} runs"
