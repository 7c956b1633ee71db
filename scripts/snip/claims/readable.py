"""The table of claims in print."""

from __future__ import annotations

import decimal
import itertools
import math
from typing import Any

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
    """Return the same in fewer digits: two of the interval's shorter side, with one verdict."""
    if math.isnan(row.value) or math.isnan(row.lower):
        return interval_text(row)
    low = -math.inf if math.isnan(row.low) else row.low
    high = math.inf if math.isnan(row.high) else row.high
    side = min(filter(None, (row.upper - row.value, row.value - row.lower)), default=1)
    for decimals in itertools.count(max(0, 1 - math.floor(math.log10(side)))):
        lower = _to(row.lower, decimals, decimal.ROUND_FLOOR)  # outwards, as in the table
        upper = _to(row.upper, decimals, decimal.ROUND_CEILING)
        if verdict_of(lower, upper, low, high) == row.verdict:
            break
    value = round(row.value, decimals) + 0.0
    return f"{value:.{decimals}f} [{lower:.{decimals}f}, {upper:.{decimals}f}]"


def _to(number: float, decimals: int, rounding: str) -> float:
    exact = decimal.Decimal(repr(float(number)))
    return float(exact.quantize(decimal.Decimal(1).scaleb(-decimals), rounding)) + 0.0


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
