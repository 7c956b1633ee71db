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


def paired_differences(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return how far pruned networks are from the references of the same seeds.

    Returns:
        Per network, dataset, criterion and sparsity above 0: mean, lower, upper, n of the
        differences in `value` (see `mean_interval`).
    """
    same = ["network", "dataset", "seed"]
    references = table.loc[table["sparsity"] == 0, [*same, value]]
    pairs = table[table["sparsity"] > 0].merge(references, on=same, suffixes=("", "_reference"))
    pairs["difference"] = pairs[value] - pairs[f"{value}_reference"]
    by = ["network", "dataset", "criterion", "sparsity"]
    if pairs.empty:
        return pd.DataFrame(columns=[*by, "mean", "lower", "upper", "n"])
    summary = pairs.groupby(by, sort=False)["difference"].apply(mean_interval).unstack()
    return summary.reset_index().astype({"n": int})
