"""From intervals to verdicts.

A statement holds if the mean over seeds lies in a region: above 0, below a threshold, within a
margin. Its interval alone decides: inside the region, the statement is supported; outside, it is
contradicted; across a border, the question stays open. What is read is what is printed, so limits
are rounded outwards first.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snip.tables.intervals import (
    Interval,
    control_intervals,
    pseudo_values,
    simultaneous_intervals,
)

CONTRADICTED, INCONCLUSIVE, SUPPORTED = VERDICTS = ("contradicted", "inconclusive", "supported")
CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"
COLUMNS = ["claim", "figure", "statement", "statistic", "value", "lower", "upper", "low", "high"]
COLUMNS += ["level", "verdict", "n", "seeds", "note"]
DIGITS = 4  # of printed numbers

# Says more about a statement, given the seeds used and their intervals (before `scale`).
Note = Callable[[list[int], list[Interval]], str]


class Missing(Exception):
    """A study does not have what a statement needs; the message names the setting."""


def single(numbers: pd.Series) -> pd.DataFrame:
    """Return a table of one comparison, which needs no name."""
    return numbers.to_frame("")


def steps(table: pd.DataFrame) -> pd.DataFrame:
    """Return the increases from each column to the next; columns are named `10 %`."""
    increases = table.diff(axis=1).iloc[:, 1:]
    before = [column.removesuffix(" %") for column in table.columns[:-1]]
    increases.columns = [f"{a} to {b}" for a, b in zip(before, increases.columns, strict=True)]
    return increases


@dataclass(frozen=True)
class Means:
    """Numbers per seed, whose means are asked for.

    Attributes:
        table: one row per seed, one column per comparison; incomplete rows do not count.
        resolution: the step in which the numbers are known.
    """

    table: pd.DataFrame
    resolution: float
    least = 2  # seeds that an interval takes

    @property
    def seeds(self) -> list[int]:
        """The seeds that have every comparison."""
        return sorted(self.table.dropna().index)

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per comparison; all hold at once with confidence `level`."""
        return simultaneous_intervals(self.table.loc[seeds], level, self.resolution)


class Differences(Means):
    """As `Means`, for the difference of each column from the first, the control."""

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per column but the first (Dunnett)."""
        return control_intervals(self.table.loc[seeds], level, self.resolution)


@dataclass(frozen=True)
class Pairs:
    """A statistic of pairs of different seeds.

    Attributes:
        statistic: maps two or more seeds to one number per comparison.
        seeds: those that have all that the statistic needs.
        resolution: the step in which the numbers are known.
    """

    statistic: Callable[[list[int]], pd.Series]
    seeds: list[int]
    resolution: float
    least = 3  # the jackknife leaves one out and still needs a pair

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one jackknife interval per comparison; all hold at once."""
        if len(seeds) < self.least:
            nan = math.nan
            value = float(self.statistic(seeds).min()) if len(seeds) == 2 else nan
            return [Interval(value, nan, nan, len(seeds))]
        values = pseudo_values(self.statistic, seeds)
        return simultaneous_intervals(values, level, self.resolution)


def no_note(seeds: list[int], intervals: list[Interval]) -> str:
    """Return nothing to add."""
    return ""


@dataclass(frozen=True)
class Statement:
    """A sentence about a figure, and what must hold for it: every mean lies in the region.

    Attributes:
        claim, figure, statement: which claim, of which figure, in words.
        statistic: what is measured, in words.
        evidence: returns the numbers; raises `Missing` if the study does not have them.
        low, high: the region, on the printed scale.
        scale: from the numbers' scale to the printed one, rising.
        note: says more.
    """

    claim: str
    figure: str
    statement: str
    statistic: str
    evidence: Callable[[], Means | Pairs]
    low: float = -math.inf
    high: float = math.inf
    scale: Callable[[float], float] = float
    note: Note = no_note


def power_of_ten(exponent: float) -> float:
    """Return 10 to a power; infinite where that is too large for a number."""
    with np.errstate(over="ignore"):
        return float(np.power(10.0, exponent))


def reading(lower: float, upper: float, low: float, high: float) -> str:
    """Return the verdict that an interval gives about a region, as a reader of both would."""
    if low < lower and upper < high:
        return SUPPORTED
    if upper < low or lower > high:
        return CONTRADICTED
    return INCONCLUSIVE  # limits that are not numbers, too


def judge(statements: list[Statement], alpha: float, confirming_from: int) -> pd.DataFrame:
    """Return the table of claims.

    Args:
        alpha: the probability allowed for any wrong verdict at all. Each statement gets the same
            part of it, alpha divided by their number.
        confirming_from: seeds from here on confirm; others explore.

    Returns:
        COLUMNS, one row per statement.
    """
    level = 1 - alpha / max(1, len(statements))
    rows = [_row(statement, level, confirming_from) for statement in statements]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(statement: Statement, level: float, confirming_from: int) -> list:
    """Judge a statement by its weakest comparison, and return its row of the table."""
    try:
        evidence = statement.evidence()
        if not evidence.seeds:
            raise Missing("no seed has all the runs or masks that are compared")
        seeds, kind = chosen(evidence.seeds, evidence.least, confirming_from)
        intervals = evidence.intervals(seeds, level)
        note = statement.note(seeds, intervals)
    except Missing as missing:
        nan = math.nan
        intervals, kind, note = [Interval(nan, nan, nan, 0)], EXPLORATORY, f"missing: {missing}"
    else:
        if len(seeds) < evidence.least:
            needed = f"an interval takes {evidence.least} seeds, found {len(seeds)}"
            note = "; ".join(filter(None, [needed, note]))
    low, high = statement.low, statement.high
    verdict, _, shown = min(
        (_ranked(_printed(each, statement.scale), low, high) for each in intervals),
        key=lambda ranked: (VERDICTS.index(ranked[0]), ranked[1]),
    )
    where = f" ({shown.comparison})" if shown.comparison else ""
    region = [limit if math.isfinite(limit) else math.nan for limit in (low, high)]
    return [
        *(statement.claim, statement.figure, statement.statement, statement.statistic + where),
        *(shown.value, shown.lower, shown.upper, *region, level),
        *(verdict, shown.n, kind, note),
    ]


def chosen(seeds: list[int], least: int, confirming_from: int) -> tuple[list[int], str]:
    """Return the seeds to judge on, and of which kind they are.

    Confirming seeds are used alone if there are enough of them for an interval.
    """
    confirming = [seed for seed in seeds if seed >= confirming_from]
    if len(confirming) >= least:
        return confirming, CONFIRMATORY
    return seeds, EXPLORATORY


def _ranked(shown: Interval, low: float, high: float) -> tuple[str, float, Interval]:
    """Return an interval's verdict, its room to the region's border (negative: beyond), itself."""
    room = min(shown.lower - low, high - shown.upper)
    return reading(shown.lower, shown.upper, low, high), room, shown


def _printed(found: Interval, scale: Callable[[float], float]) -> Interval:
    """Return an interval as printed: on the statement's scale, limits rounded outwards."""
    rounding = (decimal.ROUND_HALF_EVEN, decimal.ROUND_FLOOR, decimal.ROUND_CEILING)
    numbers = (
        float(decimal.Context(DIGITS, how).create_decimal_from_float(scale(number)))
        for how, number in zip(rounding, (found.value, found.lower, found.upper), strict=True)
    )
    return Interval(*numbers, found.n, found.comparison)
