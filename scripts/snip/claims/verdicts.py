"""From intervals to verdicts.

A statement holds if a mean over seeds lies in a region: above 0, below a threshold, within a
margin. The interval of the mean decides alone. If it lies inside the region, the statement is
supported; if it lies outside, contradicted; if it crosses a border, the question stays open. Limits
are rounded outwards before they are read, so the printed row gives the same verdict.
"""

from __future__ import annotations

import decimal
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from snip.tables.intervals import Interval, dunnett_intervals, pseudo_values, simultaneous_intervals

CONTRADICTED, INCONCLUSIVE, SUPPORTED = VERDICTS = ("contradicted", "inconclusive", "supported")
CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"
COLUMNS = ["name", "claim", "figure", "statement", "statistic", "value", "lower", "upper", "low"]
COLUMNS += ["high", "level", "verdict", "n", "seeds", "note"]
DIGITS = 4  # of printed numbers


class Missing(Exception):
    """The study lacks what a statement needs; the message names the setting."""


@dataclass(frozen=True)
class Means:
    """Numbers of each seed; a statement is about their means.

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

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the numbers whose means the statement is about: a row per seed."""
        return self.table.loc[seeds]

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per comparison. All hold at once with confidence `level`."""
        return simultaneous_intervals(self.numbers(seeds), level, self.resolution)


def one_mean(numbers: pd.Series, resolution: float) -> Means:
    """Return the means of one comparison, which needs no name."""
    return Means(numbers.to_frame(""), resolution)


def steps(table: pd.DataFrame, resolution: float) -> Means:
    """Return the increase from each sparsity (the columns) to the next, `10 to 50 %`."""
    if table.shape[1] < 2:
        raise Missing("the figure has one sparsity, expected two or more")
    names = [f"{low:g} to {high:g} %" for low, high in itertools.pairwise(table.columns)]
    return Means(table.diff(axis=1).iloc[:, 1:].set_axis(names, axis=1), resolution)


class Differences(Means):
    """Numbers of each seed; a statement is about the differences from the first column."""

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the differences from the first column: a row per seed."""
        return self.table.loc[seeds].iloc[:, 1:].sub(self.table.loc[seeds].iloc[:, 0], axis=0)

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one interval per column but the first. All hold at once (Dunnett)."""
        return dunnett_intervals(self.table.loc[seeds], level, self.resolution)


@dataclass(frozen=True)
class Pairs:
    """Numbers of pairs of different seeds; no seed has one of its own.

    Attributes:
        statistic: maps two or more seeds to one number per comparison.
        seeds: those that have all that the statistic needs.
        resolution, least: as of `Means`; the jackknife leaves one seed out and needs a pair.
    """

    statistic: Callable[[list[int]], pd.Series]
    seeds: list[int]
    resolution: float
    least = 3

    def numbers(self, seeds: list[int]) -> pd.DataFrame:
        """Return the jackknife's pseudo-values: a row per seed."""
        return pseudo_values(self.statistic, seeds)

    def intervals(self, seeds: list[int], level: float) -> list[Interval]:
        """Return one jackknife interval per comparison. All hold at once with `level`."""
        if len(seeds) < self.least:
            value = float(self.statistic(seeds).min()) if len(seeds) == 2 else math.nan
            return [Interval(value, math.nan, math.nan, len(seeds))]
        return simultaneous_intervals(self.numbers(seeds), level, self.resolution)


@dataclass(frozen=True)
class Statement:
    """A sentence about a figure. It holds if all means lie in a region.

    Attributes:
        name: the one key of the statement, the same under every reading.
        claim, figure: the paper's claim that it belongs to, the figure that it is about.
        statement: the sentence.
        statistic: what is measured, in words.
        number: measures it; raises `Missing` if the study lacks the runs or masks.
        low, high: the limits of the region, on the printed scale.
        scale: maps the scale of the numbers to the printed one; it must rise.
        note: returns more about the statement, given its seeds and their intervals.
    """

    name: str
    claim: str
    figure: str
    statement: str
    statistic: str
    number: Callable[[], Means | Pairs]
    low: float = -math.inf
    high: float = math.inf
    scale: Callable[[float], float] = float
    note: Callable[[list[int], list[Interval]], str] = lambda seeds, intervals: ""


def named(*parts: str | float) -> str:
    """Return a statement's name: `4-control-99`, `control-inputs-lenet-5-caffe-snip-99-5`."""
    words = (part if isinstance(part, str) else f"{part:g}" for part in parts)
    return "-".join(words).replace(".", "-")


def share(number: float) -> float:
    """Return a share as it is printed: at most 1."""
    return min(float(number), 1.0)


def power_of_ten(exponent: float) -> float:
    """Return 10 to a power; infinity where that overflows."""
    with np.errstate(over="ignore"):
        return float(np.power(10.0, exponent))


def level_of_each(alpha: float, number: int) -> float:
    """Return the confidence of each statement's intervals.

    Args:
        alpha: the probability of any wrong verdict that is allowed. Each statement gets the same
            part: alpha divided by their number.
        number: of statements.
    """
    return 1 - alpha / max(1, number)


def judge(statements: list[Statement], alpha: float, confirming_from: int) -> pd.DataFrame:
    """Return the table of claims: COLUMNS, one row per statement.

    Args:
        alpha: see `level_of_each`.
        confirming_from: seeds from this one on are confirmatory, others exploratory.
    """
    level = level_of_each(alpha, len(statements))
    rows = [_row(statement, level, confirming_from) for statement in statements]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(statement: Statement, level: float, confirming_from: int) -> list:
    """Return the row of the table for a statement, judged by its weakest comparison."""
    try:
        measured = statement.number()
        if not measured.seeds:
            raise Missing("no seed has all the runs or masks that are compared")
        seeds, kind = choose_seeds(measured.seeds, measured.least, confirming_from)
        intervals = measured.intervals(seeds, level)
        notes = [statement.note(seeds, intervals)]
        if len(seeds) < measured.least:
            notes.insert(0, f"an interval takes {measured.least} seeds, found {len(seeds)}")
    except Missing as missing:
        intervals, kind = [Interval(math.nan, math.nan, math.nan, 0)], EXPLORATORY
        notes = [f"missing: {missing}"]
    low, high = statement.low, statement.high
    printed = [_printed(each, statement.scale) for each in intervals]
    weakest = min(printed, key=lambda each: _strength(each, low, high))
    which = f" ({weakest.comparison})" if weakest.comparison else ""
    return [
        *(statement.name, statement.claim, statement.figure, statement.statement),
        *(statement.statistic + which, weakest.value, weakest.lower, weakest.upper),
        *(limit if math.isfinite(limit) else math.nan for limit in (low, high)),
        *(level, verdict_of(weakest.lower, weakest.upper, low, high), weakest.n, kind),
        "; ".join(filter(None, notes)),
    ]


def choose_seeds(seeds: list[int], least: int, confirming_from: int) -> tuple[list[int], str]:
    """Return the seeds to judge on, and their kind.

    They are the confirmatory seeds alone if there are enough of them for an interval, else all.
    """
    confirmatory = [seed for seed in seeds if seed >= confirming_from]
    if len(confirmatory) >= least:
        return confirmatory, CONFIRMATORY
    return seeds, EXPLORATORY


def verdict_of(lower: float, upper: float, low: float, high: float) -> str:
    """Return the verdict of an interval (lower, upper) about a region (low, high)."""
    if low < lower and upper < high:
        return SUPPORTED
    if upper < low or lower > high:
        return CONTRADICTED
    return INCONCLUSIVE  # also if the limits are not numbers


def _strength(printed: Interval, low: float, high: float) -> tuple[int, float]:
    """Return the rank of an interval's verdict, and how far inside the region it lies.

    The distance is negative where the interval reaches beyond the region's border.
    """
    verdict = verdict_of(printed.lower, printed.upper, low, high)
    return VERDICTS.index(verdict), min(printed.lower - low, high - printed.upper)


def _printed(interval: Interval, scale: Callable[[float], float]) -> Interval:
    """Return an interval as it is printed: on the statement's scale, limits rounded outwards."""

    def rounded(number: float, rounding: str) -> float:
        context = decimal.Context(DIGITS, rounding)
        return float(context.create_decimal_from_float(scale(number)))

    return replace(
        interval,
        value=rounded(interval.value, decimal.ROUND_HALF_EVEN),
        lower=rounded(interval.lower, decimal.ROUND_FLOOR),
        upper=rounded(interval.upper, decimal.ROUND_CEILING),
    )
