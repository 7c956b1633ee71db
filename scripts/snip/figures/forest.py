"""A forest plot of the claims: a row per statement, its interval in front of its region.

Every row has a scale of its own, which puts the limits of its region at the same places as in every
other row.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from snip.claims.readable import interval_text, on_scale, region_text
from snip.claims.verdicts import CONFIRMATORY
from snip.figures import style
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.figures import FIGURES

LOOKS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o", "color": style.BLUE},
    "contradicted": {"marker": "X", "color": style.VERMILLION},
    "inconclusive": {"marker": "D", "color": style.ORANGE},
}
ROW, HEADING = 0.135, 0.26  # heights, inches
# The scale of a row: the limits of its region lie at -1 and 1. An open region ends at ±EDGE, where
# the plot ends.
EDGE = 3.0
# The columns of text beside the plot, points from its right end.
COLUMNS = {"found": 6, "region": 130, "seeds": 214}


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the statements in the table's order, a panel per figure.

    Args:
        table: the table of claims, see `claims.verdicts.judge`.

    Returns:
        The figure, and the table.
    """
    style.use_style()
    figure, axes = panels(table, 0.3)
    for axis, (_, panel) in zip(axes, style.groups(table, "figure"), strict=True):
        for y, row in enumerate(style.rows(panel)):
            _draw_row(axis, row, y)
    _write(axes[0], -1, {column: column for column in COLUMNS}, color="0.35")
    verdict_legend(figure, axes[0])
    style.small_print(
        figure,
        origin,
        "each row on a scale of its own, its region shaded; an arrow leads to a limit outside",
        "in brackets the limits that decide; losses and their ratios on logarithmic scales",
        *["hollow: exploratory seeds"] * bool(table["seeds"].ne(CONFIRMATORY).any()),
        "the statements by name: claims.md",
    )
    return figure, table


def panels(table: pd.DataFrame, above: float) -> tuple[plt.Figure, list[plt.Axes]]:
    """Return a figure with a panel per figure of the statements, a row per name.

    Args:
        table: has the columns figure and name.
        above: room above the panels, inches.
    """
    panels = [(figure, rows["name"].unique()) for figure, rows in style.groups(table, "figure")]
    counts = [len(names) for _, names in panels]
    height = ROW * sum(counts) + HEADING * len(counts) + above
    figure, grid = plt.subplots(
        len(counts), 1, figsize=(style.PAGE, height), height_ratios=counts, squeeze=False
    )
    for axis, (name, names) in zip(grid[:, 0], panels, strict=True):
        axis.set_title(FIGURES[name].title, weight="bold", y=1, pad=2)
        axis.set_yticks(range(len(names)), names, size=6)
        axis.set(xlim=(-EDGE, EDGE), ylim=(len(names) - 0.5, -0.5), xticks=[])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
    return figure, list(grid[:, 0])


def verdict_legend(figure: plt.Figure, axis: plt.Axes) -> None:
    """Put above a figure what the markers of the verdicts are."""
    for verdict, look in LOOKS.items():
        axis.plot([], [], linestyle="none", label=verdict, **look)
    style.legend(figure, [axis], len(LOOKS))


def _write(axis: plt.Axes, y: int, texts: Mapping[str, str], color: str = "0.15") -> None:
    """Write the texts of a row in their columns."""
    for column, text in texts.items():
        beside = (COLUMNS[column], 0)
        note = axis.annotate(text, (EDGE, y), beside, textcoords="offset points", va="center")
        note.set(size=6, color=color, annotation_clip=False)


def _draw_row(axis: plt.Axes, row: Any, y: int) -> None:
    """Draw the row of a statement: its region, interval, marker and numbers."""
    look = LOOKS[row.verdict]
    (value, *limits), (left, right) = row_scale(row)
    axis.barh(y, right - left, left=left, height=0.9, color="0.9")
    found = interval_text(row) if row.n else "no runs"
    texts = {"found": found, "region": region_text(row), "seeds": f"{row.n:g}"}
    _write(axis, y, {name: text.replace("-", "\N{MINUS SIGN}") for name, text in texts.items()})
    if not math.isnan(row.lower):
        axis.plot(np.clip(limits, -EDGE, EDGE), [y, y], color=look["color"], lw=1.2)
        for limit, arrow in zip(limits, "<>", strict=True):
            mark, end = arrow if abs(limit) > EDGE else "|", np.clip(limit, -EDGE, EDGE)
            axis.plot(end, y, mark, color=look["color"], ms=3.5, clip_on=False)
    if row.n:
        face = look["color"] if row.seeds == CONFIRMATORY else "w"
        axis.plot(np.clip(value, -EDGE, EDGE), y, mfc=face, ms=4.5, clip_on=False, zorder=3, **look)


def row_scale(row: Any) -> tuple[np.ndarray, tuple[float, float]]:
    """Return where in a row its value, its limits and the ends of its region lie.

    The region's limits lie at -1 and 1; an open region ends at ±EDGE. If it has one limit, the
    farthest of the value and its limits lies two units from it. The scale of geometric means is
    logarithmic.
    """
    numbers, low, high = on_scale(row)
    region = (-EDGE if math.isnan(row.low) else -1, EDGE if math.isnan(row.high) else 1)
    if low < high:
        return (2 * numbers - low - high) / (high - low), region
    distances = numbers - (high if math.isnan(low) else low)
    farthest = np.abs(distances[np.isfinite(distances)]).max(initial=0)
    return distances / (farthest / 2 or 1) + (1 if math.isnan(row.low) else -1), region
