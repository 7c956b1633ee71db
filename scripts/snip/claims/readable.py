"""The table of claims in print."""

from __future__ import annotations

import decimal
import math
from typing import Any

import numpy as np
import pandas as pd

from snip.claims.verdicts import DIGITS, verdict_of


def readable(table: pd.DataFrame, study: str, alpha: float) -> str:
    """Return the table of claims as Markdown."""
    lines = [
        f"# Claims of the paper, judged on study {study}",
        "",
        "Supported: the interval in brackets lies in the region. Contradicted: it lies outside.",
        "Inconclusive: neither. Of several comparisons the weakest is shown; the intervals of all",
        "hold at once with the level stated, which is the same for each of the "
        f"{len(table)} statements:",
        "if numbers scatter about normally over seeds, any verdict is wrong in at most "
        f"{alpha:.0%} of studies.",
        "n: seeds.",
        "",
        "| claim | statement | statistic | found | region | level | n | seeds | verdict | note |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        cells = [row.claim, row.statement, row.statistic, interval_text(row), region_text(row)]
        cells += [level_text(row), str(row.n), row.seeds, f"**{row.verdict}**", note_text(row.note)]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def interval_text(row: Any) -> str:
    """Return `0.45 [0.3, 0.6]` for a row; `0.45` without an interval, `–` without a mean."""
    if math.isnan(row.value):
        return "–"
    if math.isnan(row.lower):
        return number_text(row.value)
    return f"{number_text(row.value)} [{number_text(row.lower)}, {number_text(row.upper)}]"


def short_text(row: Any) -> str:
    """Return the same in fewer digits, limits outwards, with one verdict.

    Decimals are as many as give the interval's shorter side two digits. On a logarithmic scale
    these are significant digits, so that a small limit keeps its own.
    """
    if math.isnan(row.value) or math.isnan(row.lower):
        return interval_text(row)
    (value, lower, upper), *_ = on_scale(row)
    side = min(filter(None, (upper - value, value - lower)), default=1)
    digits = 1 if math.isinf(side) else 1 - math.floor(math.log10(side))
    logarithmic = is_logarithmic(row)
    low = -math.inf if math.isnan(row.low) else row.low
    high = math.inf if math.isnan(row.high) else row.high
    for more in range(18):  # more digits than a number has
        numbers = [
            _rounded(number, digits + more, rounding, logarithmic)
            for number, rounding in (
                (row.value, decimal.ROUND_HALF_EVEN),
                (row.lower, decimal.ROUND_FLOOR),
                (row.upper, decimal.ROUND_CEILING),
            )
        ]
        if verdict_of(float(numbers[1]), float(numbers[2]), low, high) == row.verdict:
            break
    found, *limits = (f"{number:f}".replace("Infinity", "∞") for number in numbers)
    return f"{found} [{', '.join(limits)}]"


def _rounded(number: float, digits: int, rounding: str, significant: bool) -> decimal.Decimal:
    """Round a number to decimals, or to significant digits: two or more."""
    # Its digits as the table has them: in binary 2.314 is a little more, and would become 2.315.
    shortest = repr(float(number)).removesuffix(".0")
    if significant:
        digits = max(2, digits)
        rounded = decimal.Context(digits, rounding).create_decimal(shortest)
        if not rounded or not rounded.is_finite():
            return rounded
        return rounded.quantize(decimal.Decimal(1).scaleb(rounded.adjusted() - digits + 1))
    exact = decimal.Decimal(shortest)
    if not exact.is_finite():
        return exact
    rounded = exact.quantize(decimal.Decimal(1).scaleb(-max(0, digits)), rounding)
    return rounded if rounded else abs(rounded)


def is_logarithmic(row: Any) -> bool:
    """Return whether a row is about a geometric mean, whose logarithm was judged."""
    return "geometric mean" in row.statistic


def on_scale(row: Any) -> tuple[np.ndarray, float, float]:
    """Return value and limits, and the limits of the region, on the scale that was judged."""
    numbers, low, high = np.array([row.value, row.lower, row.upper]), row.low, row.high
    if is_logarithmic(row):
        with np.errstate(divide="ignore"):
            numbers, low, high = np.log(numbers), np.log(low), np.log(high)
    return numbers, low, high


def region_text(row: Any) -> str:
    """Return where a row's interval must lie: `above 0`, `between -0.26 and 0.26`."""
    if math.isnan(row.high):
        return f"above {row.low:.12g}"
    if math.isnan(row.low):
        return f"below {row.high:.12g}"
    return f"between {row.low:.12g} and {row.high:.12g}"


def level_text(row: Any) -> str:
    """Return the confidence of a row's interval: `99.9 %`."""
    return f"{100 * row.level:.4g} %"


def number_text(value: float) -> str:
    """Return a number with all the digits that the table has."""
    return f"{value:.{DIGITS}g}"


def note_text(note: object) -> str:
    """Return a note; an empty one is read from a file as a missing number."""
    return note if isinstance(note, str) else ""
