"""From intervals to verdicts.

A statement holds if a mean over seeds lies in a region: above 0, below a threshold, within a
margin. The interval of the mean decides alone. If it lies inside the region, the statement is
supported; if it lies outside, contradicted; if it crosses a border, the question stays open. Limits
are rounded outwards before they are read, so the printed row gives the same verdict.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snip.tables.intervals import Interval, control_intervals, pseudo_values, simultaneous_intervals

CONTRADICTED, INCONCLUSIVE, SUPPORTED = VERDICTS = ("contradicted", "inconclusive", "supported")
CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"
COLUMNS = ["claim", "figure", "statement", "statistic", "value", "lower", "upper", "low", "high"]
COLUMNS += ["level", "verdict", "n", "seeds", "note"]
DIGITS = 4  # of printed numbers

# Returns more about a statement, given its seeds and their intervals (before `scale`).
Note = Callable[[list[int], list[Interval]], str]


class Missing(Exception):
    """The study lacks what a statement needs; the message names the setting."""


def single(numbers: pd.Series) -> pd.DataFrame:
    """Return a table with one comparison, which needs no name."""
    return numbers.to_frame("")


def steps(table: pd.DataFrame) -> pd.DataFrame:
    """Return the increase from each column to the next, `10 to 50 %`; columns are named `10 %`."""
    increases = table.diff(axis=1).iloc[:, 1:]
    before = [column.removesuffix(" %") for column in table.columns[:-1]]
    increases.columns = [f"{a} to {b}" for a, b in zip(before, increases.columns, strict=True)]
    return increases


@dataclass(frozen=True)
class Means:
    """Evidence that has a number per seed; the statement is about its mean.

    Attributes:
        table: one row per seed, one column per comparison; incomplete rows do not count.
        resolution: the step in which the numbers are known.
        least: how many seeds an interval takes.
    """

    table: pd.DataFrame
    resolution: float
    least = 2

    @property
    def seeds(self) -> list[int]:
        """The seeds that have a number for every comparison, rising."""
        return sorted(self.table.dropna().index)

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per comparison. All hold at once with confidence `level`."""
        return simultaneous_intervals(self.table.loc[seeds], level, self.resolution)

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the numbers whose means the statement is about: a row per seed."""
        return self.table.loc[seeds]


class Differences(Means):
    """Evidence about the difference of each column from the first, the control."""

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per column but the first. All hold at once (Dunnett)."""
        return control_intervals(self.table.loc[seeds], level, self.resolution)

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the differences from the control: a row per seed."""
        return self.table.loc[seeds].iloc[:, 1:].sub(self.table.loc[seeds].iloc[:, 0], axis=0)


@dataclass(frozen=True)
class Pairs:
    """Evidence about pairs of different seeds, which has no number per seed.

    Attributes:
        statistic: maps two or more seeds to one number per comparison.
        seeds: those that have all that the statistic needs.
        resolution: the step in which the numbers are known.
        least: how many seeds an interval takes: the jackknife leaves one out and needs a pair.
    """

    statistic: Callable[[list[int]], pd.Series]
    seeds: list[int]
    resolution: float
    least = 3

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one jackknife interval per comparison. All hold at once with `level`."""
        if len(seeds) < self.least:
            nan = math.nan
            value = float(self.statistic(seeds).min()) if len(seeds) == 2 else nan
            return [Interval(value, nan, nan, len(seeds))]
        return simultaneous_intervals(self.numbers(seeds), level, self.resolution)

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the jackknife's pseudo-values: a row per seed."""
        return pseudo_values(self.statistic, seeds)


def no_note(seeds: list[int], intervals: list[Interval]) -> str:
    """Return an empty note."""
    return ""


@dataclass(frozen=True)
class Statement:
    """A sentence about a figure. It holds if all means lie in a region.

    Attributes:
        claim: the paper's claim that it belongs to.
        figure: the figure that it is about.
        statement: the sentence.
        statistic: what is measured, in words.
        evidence: returns the numbers; raises `Missing` if the study lacks them.
        low, high: the limits of the region, on the printed scale.
        scale: maps the scale of the numbers to the printed one; it must rise.
        note: returns more about the statement.
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
    """Return 10 to a power; infinity where that overflows."""
    with np.errstate(over="ignore"):
        return float(np.power(10.0, exponent))


def verdict_of(lower: float, upper: float, low: float, high: float) -> str:
    """Return the verdict of an interval (lower, upper) about a region (low, high)."""
    if low < lower and upper < high:
        return SUPPORTED
    if upper < low or lower > high:
        return CONTRADICTED
    return INCONCLUSIVE  # also if the limits are not numbers


def judge(statements: list[Statement], alpha: float, confirming_from: int) -> pd.DataFrame:
    """Return the table of claims.

    Args:
        alpha: the probability of any wrong verdict that is allowed. Each statement gets the same
            part: alpha divided by their number.
        confirming_from: seeds from this one on are confirmatory, others exploratory.

    Returns:
        COLUMNS, one row per statement.
    """
    level = 1 - alpha / max(1, len(statements))
    rows = [_row(statement, level, confirming_from) for statement in statements]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(statement: Statement, level: float, confirming_from: int) -> list:
    """Return the row of the table for a statement, judged by its weakest comparison."""
    try:
        evidence = statement.evidence()
        if not evidence.seeds:
            raise Missing("no seed has all the runs or masks that are compared")
        seeds, kind = choose_seeds(evidence.seeds, evidence.least, confirming_from)
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
    verdict, _, weakest = min(
        (_ranked(_printed(each, statement.scale), low, high) for each in intervals),
        key=lambda ranked: (VERDICTS.index(ranked[0]), ranked[1]),
    )
    which = f" ({weakest.comparison})" if weakest.comparison else ""
    region = [limit if math.isfinite(limit) else math.nan for limit in (low, high)]
    return [
        *(statement.claim, statement.figure, statement.statement, statement.statistic + which),
        *(weakest.value, weakest.lower, weakest.upper, *region, level),
        *(verdict, weakest.n, kind, note),
    ]


def choose_seeds(seeds: list[int], least: int, confirming_from: int) -> tuple[list[int], str]:
    """Return the seeds to judge on, and their kind.

    They are the confirmatory seeds alone if there are enough of them for an interval, else all.
    """
    confirmatory = [seed for seed in seeds if seed >= confirming_from]
    if len(confirmatory) >= least:
        return confirmatory, CONFIRMATORY
    return seeds, EXPLORATORY


def _ranked(printed: Interval, low: float, high: float) -> tuple[str, float, Interval]:
    """Return an interval's verdict, its distance to the region's border, and the interval.

    The distance is negative if the interval reaches beyond the border.
    """
    distance = min(printed.lower - low, high - printed.upper)
    return verdict_of(printed.lower, printed.upper, low, high), distance, printed


def _printed(interval: Interval, scale: Callable[[float], float]) -> Interval:
    """Return an interval as it is printed: on the statement's scale, limits rounded outwards."""
    exact = (interval.value, interval.lower, interval.upper)
    rounding = (decimal.ROUND_HALF_EVEN, decimal.ROUND_FLOOR, decimal.ROUND_CEILING)
    numbers = (
        float(decimal.Context(DIGITS, how).create_decimal_from_float(scale(number)))
        for how, number in zip(rounding, exact, strict=True)
    )
    return Interval(*numbers, interval.n, interval.comparison)
