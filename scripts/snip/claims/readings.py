"""The paper's claims under each reading of the protocol: does a verdict hang on a choice?

That two readings have different verdicts does not show that they differ: one interval may cross a
border by a hair. So each number is also compared with that of the study's own settings, seed by
seed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from snip.claims.evidence import gather
from snip.claims.statements import statements
from snip.claims.verdicts import COLUMNS, Statement, choose_seeds, judge
from snip.study.figures import CLAIMED
from snip.study.grids import FullGrid
from snip.study.runs import PAPER
from snip.study.spec import Spec
from snip.tables.intervals import simultaneous_intervals
from snip.tables.reading import read_checked

FIGURE = "readings"
# `paper` is the verdict under the study's own settings.
DIFFERENCE = ["difference", "difference_lower", "difference_upper", "differs"]
NO_DIFFERENCE = (math.nan, math.nan, math.nan, False)
TABLE = ["reading", *COLUMNS, "paper", *DIFFERENCE]


def table(spec: Spec, tables: Path, masks: Path, data: Path) -> pd.DataFrame:
    """Return the verdicts under every reading that the grids of the figure name.

    Each reading is judged as a study is. The differences from the study's own settings share
    another `alpha`, all of them together.

    Returns:
        TABLE: one row per reading and statement. A statement that lacks runs or masks under a
        reading has no row there.

    Raises:
        TableError, MaskFileError, SettingsError: see `reading.read_checked` and `evidence.gather`.
    """
    runs, claims = read_checked(tables, "runs", spec), spec.judging
    stated: dict[str, dict[str, Statement]] = {}
    judged: dict[str, pd.DataFrame] = {}
    for reading in readings(spec):
        found = statements(gather(under(spec, reading), runs, masks, data))
        # The numbers are looked at again for differences.
        stated[reading] = {each.name: replace(each, number=cache(each.number)) for each in found}
        rows = judge(list(stated[reading].values()), claims.alpha, claims.confirming_from)
        judged[reading] = rows[rows["n"] > 0].assign(reading=reading)
    rows = pd.concat(judged.values(), ignore_index=True)
    own = judged[PAPER].set_index("name")["verdict"] if PAPER in judged else pd.Series(dtype=str)
    rows["paper"] = rows["name"].map(own).fillna("")
    compared = (rows["reading"].ne(PAPER) & rows["paper"].ne("")).sum()
    level = 1 - claims.alpha / max(1, compared)
    differences = [
        difference(stated[reading][name], stated[PAPER][name], claims.confirming_from, level)
        if reading != PAPER and paper
        else NO_DIFFERENCE
        for reading, name, paper in rows[["reading", "name", "paper"]].to_numpy().tolist()
    ]
    rows[DIFFERENCE] = pd.DataFrame(differences, columns=DIFFERENCE)
    return rows[TABLE]


def readings(spec: Spec) -> list[str]:
    """Return the readings that the grids name, in their order, the study's own first."""
    named = [name for grid in spec.grids[FIGURE] for name in grid.readings]
    return [name for name in dict.fromkeys([PAPER, *named]) if name in named]


def under(spec: Spec, reading: str) -> Spec:
    """Return the specification of this reading alone, with the grids of each figure.

    A grid that does not name the reading stays, without any. So the statements are the same under
    every reading, and some lack runs or masks.
    """
    grids: dict[str, list[FullGrid]] = {figure: [] for figure in CLAIMED}
    for grid in spec.grids[FIGURE]:
        made = {name: names for name, names in grid.made.items() if name == reading}
        alone = grid.model_copy(update={"readings": list(made), "made": made})
        grids[str(grid.figure)].append(alone)
    switches = spec.readings[reading].switches if reading in spec.readings else {}
    error = switches.get("reported_error", spec.reported_error)
    return spec.model_copy(update={"grids": grids, "reported_error": error})


def difference(
    one: Statement, other: Statement, confirming_from: int, level: float
) -> tuple[float, float, float, bool]:
    """Return by how much the numbers of a statement differ from another's, in the same seeds.

    Of several comparisons, the one whose interval is farthest from 0, in its own widths.

    Returns:
        The mean of the differences and its limits, on the statement's scale (a ratio where that is
        one); whether the limits exclude no difference.
    """
    these, those = one.number(), other.number()
    common = sorted(set(these.seeds) & set(those.seeds))
    seeds, _ = choose_seeds(common, these.least, confirming_from)
    if len(seeds) < these.least:
        return NO_DIFFERENCE
    differences = (these.numbers(seeds) - those.numbers(seeds)).dropna(axis=1)
    intervals = simultaneous_intervals(differences, level, these.resolution)
    if not intervals:
        return NO_DIFFERENCE
    clearest = max(intervals, key=lambda each: abs(each.value) / (each.upper - each.lower))
    limits = (clearest.value, clearest.lower, clearest.upper)
    value, lower, upper = (float(f"{one.scale(limit):.4g}") for limit in limits)
    return value, lower, upper, clearest.lower > 0 or clearest.upper < 0
