"""The paper's claims under each reading of the protocol: does a verdict hang on a choice?

That two readings have different verdicts does not show that they differ: one interval may cross a
border by a hair. So each number is also compared with that of the study's own settings, seed by
seed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from snip.claims.evidence.gather import evidence_of
from snip.claims.statements import statements
from snip.claims.verdicts import COLUMNS, Missing, Statement, choose_seeds, judge
from snip.study.figures import CLAIMED
from snip.study.grids import PAPER
from snip.study.names import ERRORS
from snip.tables.intervals import Interval, simultaneous_intervals
from snip.tables.reading import read_checked

FIGURE = "readings"
# What statements say about weight decay.
DECAY = re.compile(r",? with(out)? L2( \([\d.]+\))?")
# `number` counts the statements of a claim; `paper` is the verdict under the study's own settings.
PLACE = ["claim", "number"]
DIFFERENCE = ["difference", "difference_lower", "difference_upper", "differs"]
NO_DIFFERENCE = [math.nan] * 3 + [False]
TABLE = ["reading", "number", *COLUMNS, "paper", *DIFFERENCE]


@dataclass(frozen=True)
class Judged:
    """The statements under one reading, and their verdicts.

    Attributes:
        statements: by claim and number.
        rows: the table of claims, with the columns PLACE, without statements that lack evidence.
    """

    statements: dict[tuple[str, int], Statement]
    rows: pd.DataFrame

    @property
    def verdicts(self) -> dict[tuple[str, int], str]:
        """The verdicts by claim and number, in the order of the rows."""
        places = zip(self.rows["claim"], self.rows["number"], strict=True)
        return dict(zip(places, self.rows["verdict"], strict=True))


def table(part: Mapping, results: Path, data: Path) -> pd.DataFrame:
    """Return the verdicts under every reading that the grids of the figure name.

    Each reading is judged as a study of all these statements is: they share `alpha`, so the level
    is the same under every reading. The differences from the study's own settings share another
    `alpha`, all of them together.

    Args:
        part: the slice of the figure, see `study.slices.slice_of`.
        results: folder of the study's results.
        data: folder of the fetched data.

    Returns:
        TABLE: one row per reading and statement. A statement that lacks runs or masks under a
        reading has no row there.

    Raises:
        TableError, SettingsError: see `reading.read_checked`.
    """
    runs = read_checked(results / "tables" / FIGURE, "runs", part)
    stated = {name: _stated(part, name, runs, results, data) for name in readings(part)}
    places = _places(stated.values())
    judged = {name: _judged(each, places, part["claims"]) for name, each in stated.items()}
    own = judged[PAPER].verdicts if PAPER in judged else {}
    others = [each for name, each in judged.items() if name != PAPER]
    compared = sum(len(own.keys() & each.verdicts.keys()) for each in others)
    level = 1 - part["claims"]["alpha"] / max(1, compared)
    tables = []
    for name, each in judged.items():
        differences = [
            _difference(each.statements[place], judged[PAPER].statements[place], part, level)
            if name != PAPER and place in own
            else NO_DIFFERENCE
            for place in each.verdicts
        ]
        rows = each.rows.assign(reading=name, paper=[own.get(p, "") for p in each.verdicts])
        rows[DIFFERENCE] = pd.DataFrame(differences, columns=DIFFERENCE, index=rows.index)
        tables.append(rows)
    return pd.concat(tables, ignore_index=True)[TABLE]


def readings(part: Mapping) -> list[str]:
    """Return the readings that the grids name, in their order, the study's own first."""
    named = [name for grid in part["grids"][FIGURE] for name in grid["readings"]]
    return [name for name in dict.fromkeys([PAPER, *named]) if name in named]


def _stated(
    part: Mapping, reading: str, runs: pd.DataFrame, results: Path, data: Path
) -> dict[tuple[str, str, int], Statement]:
    """Return the statements under a reading, by claim, what they are about, and their number."""
    error = part["readings"].get(reading, {}).get("reported_error", part["reported_error"])
    under = {**part, "grids": grids_under(part, reading), "reported_error": error}
    found: dict[tuple[str, str, int], Statement] = {}
    for statement in statements(evidence_of(under, runs, results, data)):
        # The weight decay or the reported error may be what the reading switches.
        subject = DECAY.sub("", statement.statement.replace(ERRORS[error], "test error"))
        number = sum((statement.claim, subject) == key[:2] for key in found)
        # The evidence is looked at again for differences.
        found[statement.claim, subject, number] = replace(
            statement, evidence=cache(statement.evidence)
        )
    return found


def _places(stated: Iterable[Mapping]) -> dict[tuple[str, str, int], tuple[str, int]]:
    """Return the claim of each statement under any reading, and its number there."""
    places: dict[tuple[str, str, int], tuple[str, int]] = {}
    for key in (key for each in stated for key in each):
        if key not in places:
            places[key] = (key[0], 1 + sum(claim == key[0] for claim, _ in places.values()))
    return places


def _judged(stated: Mapping, places: Mapping, claims: Mapping) -> Judged:
    """Return the verdicts on the statements under a reading, among all `places`."""
    share = claims["alpha"] * len(stated) / len(places)  # so that the level is that of all places
    rows = judge(list(stated.values()), share, claims["confirming_from"])
    rows[PLACE] = [places[key] for key in stated]
    by_place = {places[key]: statement for key, statement in stated.items()}
    return Judged(by_place, rows[rows["n"] > 0])


def grids_under(part: Mapping, reading: str) -> dict[str, list[dict[str, Any]]]:
    """Return the grids of each judged figure with this reading alone.

    A grid that does not name the reading stays, without any, so that statements about it are the
    same under every reading, and lack runs or masks.
    """
    grids: dict[str, list[dict[str, Any]]] = {figure: [] for figure in CLAIMED}
    for grid in part["grids"][FIGURE]:
        names = {name: made for name, made in grid["names"].items() if name == reading}
        grids[grid["figure"]].append({**grid, "readings": list(names), "names": names})
    return grids


def _difference(one: Statement, other: Statement, part: Mapping, level: float) -> list:
    """Return by how much the numbers of a statement differ from another's, in the same seeds.

    Of several comparisons, the one whose interval is farthest from 0, in its own widths.

    Returns:
        The mean of the differences and its limits, on the statement's scale (a ratio where that is
        one); whether the limits exclude no difference.
    """
    intervals = list(_intervals(one, other, part["claims"]["confirming_from"], level))
    if not intervals:
        return NO_DIFFERENCE
    clearest = max(intervals, key=lambda each: abs(each.value) / (each.upper - each.lower))
    differs = clearest.lower > 0 or clearest.upper < 0
    limits = (clearest.value, clearest.lower, clearest.upper)
    return [*(float(f"{one.scale(limit):.4g}") for limit in limits), differs]


def _intervals(
    one: Statement, other: Statement, confirming_from: int, level: float
) -> Iterator[Interval]:
    """Yield the intervals of the differences, one per comparison that both have."""
    try:
        these, those = one.evidence(), other.evidence()
    except Missing:
        return
    common = sorted(set(these.seeds) & set(those.seeds))
    seeds, _ = choose_seeds(common, these.least, confirming_from)
    if len(seeds) < these.least:
        return
    differences = (these.numbers(seeds) - those.numbers(seeds)).dropna(axis=1)
    yield from simultaneous_intervals(differences, level, these.resolution)
