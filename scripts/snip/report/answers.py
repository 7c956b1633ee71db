"""The answer in seven rows: for each figure of the paper, what its caption says and what holds."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from snip.claims.readable import on_scale, region_text, short_text
from snip.claims.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED, VERDICTS
from snip.study.names import dataset_name

# What each caption says, in our words; of Figure 4 what section 5.6 says, too.
CAPTIONS = {
    "fig1": "Pruned up to 90 %, networks have the unpruned network's test error.",
    "fig2": "The mask of a class shows the class, and the sparser it is, the more.",
    "fig3": "As the pruning batch grows, the mask approaches the mean image and the error falls.",
    "fig4": "Unpruned, a network fits correct and random labels; at 99 %, correct ones only.",
    "fig5": "Inverted images give the same masks.",
    "fig6": "Masks by ∂L/∂w differ from the sensitivity's, by sparsity, by class, and in some "
    "cases when inverted.",
    "fig7": "On random labels the final loss rises with sparsity.",
}
# Statements that no caption makes: other readings of one, and controls.
OURS = ("-like-bright", "-size-", "4-capacity", "4-control")
COLUMNS = ["figure", "says", "answer", "what", "name", "found", "region", "n"]
# What the number of a statement is, by its name; the group is the data set.
NUMBERS = {
    "1a-.+": "points above the unpruned network's error, LeNet-300-100",
    "1b-.+": "points above the unpruned network's error, LeNet-5-Caffe",
    "2a-(.+)-told.*": "share of classes told",
    "2a-(.+)-like-.+": "correlation with the class",
    "2b-(.+)-strokes": "rise of the share on the strokes",
    "3a-.+": "rise of the correlation",
    "3b-trend": "slope of the error, points per factor of ten",
    "3b-fall-.+": "fall of the error, points",
    "3c-.+": "correlation",
    "4-reference-correct": "final loss, unpruned, correct labels",
    "4-pruned-correct": "final loss, pruned, correct labels",
    "4-reference-random": "final loss, unpruned, random labels",
    "4-reference-random-l2": "final loss, unpruned with L2, random labels",
    "4-pruned-random": "final loss, pruned, random labels",
    "5-(.+)-same": "correlation between original and inverted, less that within each",
    "6a-(.+)-signed-.+": "correlation between the criteria, less that within each",
    "6b-(.+)-signed-.+": "change beyond that of the sensitivity's masks",
    "6c-(.+)-signed-.+": "correlation between original and inverted, less that within each",
    "7-.+": "loss at one sparsity over that before",
}
# Of several comparisons the statistic ends with the one that is shown.
COMPARISON = re.compile(r" \([^()]+\)$")


def is_ours(name: str) -> bool:
    """Return whether a statement is a reading or a control of ours, by its name."""
    return any(part in name for part in OURS)


def answers(claims: pd.DataFrame) -> pd.DataFrame:
    """Return COLUMNS, one row per figure of the paper that the study judges.

    The number is that of the statement that decides: of the contradicted ones, else of the
    inconclusive ones, else of all, that which is farthest from its region or the least inside it,
    in widths of its interval.

    Args:
        claims: the table of claims.
    """
    rows = []
    for figure, sentence in CAPTIONS.items():
        stated = claims[claims["figure"].eq(figure) & ~claims["name"].map(is_ours)]
        judged = stated[stated["n"] > 0]
        if judged.empty:
            continue
        said = answer(Counter(judged["verdict"]))
        if idle := len(stated) - len(judged):
            said += f" ({idle} statement{'s' if idle > 1 else ''} not run)"
        worst = judged[judged["verdict"].eq(min(judged["verdict"], key=VERDICTS.index))]
        candidates: Iterable[Any] = worst.itertuples()
        row = min(candidates, key=_strength)
        named = [row.name, short_text(row), region_text(row), row.n]
        rows.append([figure, sentence, said, _what(row), *named])
    return pd.DataFrame(rows, columns=COLUMNS)


def _what(row: Any) -> str:
    """Return what the number of a statement is, its data set, and which comparison is shown."""
    [(words, match)] = (
        (words, match) for name, words in NUMBERS.items() if (match := re.fullmatch(name, row.name))
    )
    parts = [words, *(dataset_name(name) for name in match.groups())]
    compared = COMPARISON.search(row.statistic)
    return ", ".join(parts) + (compared[0] if compared else "")


def _strength(row: Any) -> float:
    """Return how far inside its region an interval lies, in its widths."""
    (_, lower, upper), low, high = on_scale(row)
    width = upper - lower
    if math.isnan(width):  # no interval: others decide
        return math.inf
    return -1 if math.isinf(width) else float(np.nanmin([lower - low, high - upper])) / (width or 1)


def answer(verdicts: Counter[str]) -> str:
    """Return in a few words what a figure's verdicts say: `holds`, `2 of 5 hold, 3 open`."""
    total = verdicts.total()
    if verdicts[SUPPORTED] == total:
        return "holds"
    if verdicts[CONTRADICTED] == total:
        return "does not hold"
    if verdicts[INCONCLUSIVE] == total:
        return "open"
    counts = [f"{verdicts[SUPPORTED]} of {total} hold"]
    no = verdicts[CONTRADICTED]
    counts += [f"{no} {'do' if no > 1 else 'does'} not"] * bool(no)
    counts += [f"{verdicts[INCONCLUSIVE]} open"] * bool(verdicts[INCONCLUSIVE])
    return ", ".join(counts)
