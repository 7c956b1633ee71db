"""Verdicts by reading of the protocol: a row per statement, a column per reading."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from snip.claims.readings import readings
from snip.claims.verdicts import CONFIRMATORY
from snip.figures import forest, style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import phrase
from snip.study.runs import PAPER
from snip.study.spec import Spec
from snip.tables.collect import TableError
from snip.tables.reading import read_table

# The study's own settings, in print: on the runs of this figure, which may be fewer than all.
BASELINE = "baseline"
NUMBERS = ["value", "lower", "upper"]
GREY = (0.6, 0.6, 0.6)


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw the verdicts of a study by reading; see `plot`."""
    path = inputs.judged
    table = read_table(path, columns=["reading", "name"])
    columns = {name: switches(inputs.spec, name) for name in readings(inputs.spec)}
    if lacking := [name for name in columns if name not in set(table["reading"])]:
        raise TableError(
            f"table {path} lacks the readings {', '.join(lacking)}, expected {', '.join(columns)}"
        )
    return plot(table, columns, inputs.origin)


def switches(spec: Spec, reading: str) -> dict[str, Any]:
    """Return what a reading switches; the study's own nothing."""
    return {} if reading == PAPER else spec.readings[reading].switches


def plot(
    table: pd.DataFrame, columns: Mapping[str, Mapping], origin: Origin
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the verdict on each statement under each reading, a panel per figure.

    Args:
        table: see `claims.readings.table`.
        columns: the readings from left to right, each with its switches.

    Returns:
        The figure, and the table.
    """
    style.use_style()
    drawn = table.assign(x=table["reading"].map(list(columns).index))
    drawn = drawn.sort_values("claim", kind="stable")  # not all statements have a baseline
    numbers = drawn.set_index("name")[NUMBERS].fillna(math.inf)  # a limit may be missing
    baseline = numbers[(drawn["reading"] == PAPER).to_numpy()]
    same = (numbers.to_numpy() == baseline.reindex(drawn["name"]).to_numpy()).all(axis=1)
    drawn["same"] = same & (drawn["reading"] != PAPER)
    figure, axes = forest.panels(drawn, 1.1)
    for axis, (_, panel) in zip(axes, style.groups(drawn, "figure"), strict=True):
        _draw_panel(axis, panel.assign(y=panel["name"].factorize()[0]))
        axis.set_xlim(-0.5, len(columns) - 0.5)
    heads = [BASELINE if name == PAPER else name for name in columns]
    axes[0].set_xticks(range(len(columns)), heads, rotation=60, ha="left", rotation_mode="anchor")
    axes[0].tick_params(axis="x", labeltop=True, labelbottom=False, pad=14)
    forest.verdict_legend(figure, axes[0])
    style.small_print(
        figure,
        origin,
        f"{BASELINE}: the study's own settings, on the runs of this figure alone; boxed: another "
        "verdict than there, the box solid if the numbers differ seed by seed, too (95 % for all "
        "such comparisons), else dotted; small and grey: the same numbers; hollow: exploratory "
        "seeds; empty: no runs or masks; the statements by name: claims.md",
        *(
            f"{name}: " + ", ".join(phrase(switch, value) for switch, value in changed.items())
            for name, changed in columns.items()
            if changed
        ),
    )
    return figure, table


def _draw_panel(axis: plt.Axes, panel: pd.DataFrame) -> None:
    """Draw the verdicts on the statements about one figure."""
    for y in panel["y"].unique():
        axis.axhline(y + 0.5, color="0.85", lw=0.4)
    for verdict, rows in style.groups(panel, "verdict"):
        look = forest.LOOKS[verdict]
        colors = [GREY if same else look["color"] for same in rows["same"]]
        filled = zip(colors, rows["seeds"] == CONFIRMATORY, strict=True)
        faces = [color if full else (1.0, 1.0, 1.0) for color, full in filled]
        points = {"s": 6 + 12 * ~rows["same"], "marker": look["marker"], "lw": 0.8}
        axis.scatter(rows["x"], rows["y"], fc=faces, ec=colors, **points)
    another = (
        panel["paper"].isin(forest.LOOKS) & panel["paper"].ne(panel["verdict"]) & ~panel["same"]
    )
    for row in style.rows(panel[another]):
        line = ("0.15", "-") if row.differs else ("0.4", ":")
        corner = (row.x - 0.42, row.y - 0.42)
        axis.add_patch(
            plt.Rectangle(corner, 0.84, 0.84, fill=False, lw=0.8, ec=line[0], ls=line[1])
        )
