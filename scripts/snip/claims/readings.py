"""The paper's claims under each reading of the protocol: does a verdict hang on a choice?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from snip.claims.evidence.gather import evidence_of
from snip.claims.statements import statements
from snip.claims.verdicts import COLUMNS, judge
from snip.study.figures import CLAIMED
from snip.study.grids import PAPER
from snip.tables.reading import read_checked

FIGURE = "readings"
# `number` counts the statements of a claim; `paper` is the verdict under the study's own settings.
TABLE = ["reading", "number", *COLUMNS, "paper"]


def table(part: Mapping, results: Path, data: Path) -> pd.DataFrame:
    """Return the verdicts under every reading that the grids of the figure name.

    Each reading is judged as the study itself is: its statements share `alpha`.

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
    claims = part["claims"]
    verdicts = []
    for reading in readings(part):
        error = part["readings"].get(reading, {}).get("reported_error", part["reported_error"])
        evidence = evidence_of(
            {**part, "grids": grids_under(part, reading), "reported_error": error},
            runs,
            results,
            data,
        )
        judged = judge(statements(evidence), claims["alpha"], claims["confirming_from"])
        numbers = judged.groupby("claim").cumcount() + 1
        verdicts.append(judged.assign(reading=reading, number=numbers))
    rows = pd.concat(verdicts, ignore_index=True)
    rows = rows[rows["n"] > 0]
    place = ["claim", "number"]
    paper = rows[rows["reading"] == PAPER].set_index(place)["verdict"].rename("paper")
    return rows.join(paper, on=place)[TABLE].reset_index(drop=True)


def readings(part: Mapping) -> list[str]:
    """Return the readings that the grids name, in their order, the study's own first."""
    named = [name for grid in part["grids"][FIGURE] for name in grid["readings"]]
    return [name for name in dict.fromkeys([PAPER, *named]) if name in named]


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
