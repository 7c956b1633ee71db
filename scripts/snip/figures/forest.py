"""A forest plot of the claims: a row per statement, its interval in front of its region.

Every row has a scale of its own, which puts the limits of its region at the same places as in every
other row.
"""

import math
from dataclasses import dataclass

import pandas as pd

from snip.claims.readable import number_text
from snip.claims.verdicts import CONFIRMATORY, EXPLORATORY
from snip.figures import style
from snip.figures.provenance import Origin
from snip.figures.style import plt

LOOKS = {
    "supported": {"marker": "o", "color": style.BLUE},
    "contradicted": {"marker": "X", "color": style.VERMILLION},
    "inconclusive": {"marker": "D", "color": style.ORANGE},
}
SEEDS = (CONFIRMATORY, EXPLORATORY)
# The layout, in inches: a line of text, the gap between rows, the heading of a figure, the legend.
LINE, GAP, GROUP, TOP = 0.095, 0.035, 0.18, 0.5
# The left ends of the columns; PLOT_END and RUNS are right ends.
STATEMENT, PLOT, PLOT_END, FOUND, NEEDED, RUNS = 0.62, 3.55, 4.45, 4.52, 6.25, 6.95
FONT = 6
# The scale of a row: the limits of its region lie at -1 and 1. An open region ends at ±EDGE, where
# the plot ends.
EDGE = 3.0


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the statements in the table's order, under a heading per figure.

    Args:
        table: the table of claims, see `claims.verdicts.judge`.

    Returns:
        The figure, and the table.
    """
    style.use_style()
    groups = list(table.groupby("figure", sort=False))
    figure = plt.figure(figsize=(style.PAGE, 1))
    figure.set_layout_engine("none")
    foot = style.small_print(
        figure,
        origin,
        "each row on a scale of its own, its region shaded; an arrow leads to a limit outside",
        "in brackets the limits that decide",
    )
    statements = {index: _wrapped(figure, text) for index, text in table["statement"].items()}
    rows = sum(_height(lines) for lines in statements.values()) + GROUP * len(groups)
    height = TOP + rows + foot + 0.2
    style.set_height(figure, height)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, style.PAGE), ylim=(height, 0))  # inches, downwards
    axis.set_axis_off()
    _draw_head(axis)
    y = TOP
    for name, rows_of_group in groups:
        axis.text(0.08, y + GROUP - 0.04, figure_name(name), weight="bold", fontsize=FONT + 1)
        y += GROUP
        for row in rows_of_group.itertuples():
            high = _height(statements[row.Index])
            _draw_row(axis, row, statements[row.Index], y, high)
            y += high
    return figure, table


def figure_name(name: str) -> str:
    """Return what a figure is called in print: `Figure 1` for `fig1`."""
    return f"Figure {name.removeprefix('fig')}" if name.startswith("fig") else name


def _wrapped(figure: plt.Figure, statement: str) -> str:
    """Return a statement in lines that fit into its column."""
    artist = figure.text(0, 0, "", fontsize=FONT)
    lines = style.wrap(artist, statement, PLOT - STATEMENT - 0.12)
    artist.remove()
    return lines


def _height(lines: str) -> float:
    return LINE * (lines.count("\n") + 1) + GAP


def _draw_head(axis: plt.Axes) -> None:
    """Draw the legend and the heads of the columns."""
    x = 0.12
    for verdict in LOOKS:
        _draw_point(axis, x, 0.13, verdict, CONFIRMATORY)
        axis.text(x + 0.1, 0.13, verdict, va="center", fontsize=FONT + 1)
        x += 1.0
    for seeds in SEEDS:
        axis.plot(
            x + 0.4, 0.13, "s", ms=4, color="0.3", mfc="0.3" if seeds == CONFIRMATORY else "none"
        )
        axis.text(x + 0.5, 0.13, f"{seeds} seeds", va="center", fontsize=FONT + 1)
        x += 1.35
    heads = {STATEMENT: "statement", FOUND: "found", NEEDED: "region", RUNS: "n"}
    for left, head in heads.items():
        side = "right" if left == RUNS else "left"
        axis.text(left, TOP - 0.08, head, ha=side, fontsize=FONT, color="0.35")
    axis.plot([0.08, RUNS], [TOP - 0.04] * 2, color="0.6", lw=0.5)


def _draw_point(axis: plt.Axes, x: float, y: float, verdict: str, seeds: str) -> None:
    """Draw the marker of a verdict; on confirmatory seeds it is filled."""
    look = LOOKS[verdict]
    axis.plot(
        x,
        y,
        look["marker"],
        color=look["color"],
        mfc=look["color"] if seeds == CONFIRMATORY else "white",
        ms=4.5,
        mew=0.9,
        zorder=3,
    )


def _draw_row(axis: plt.Axes, row, statement: str, y: float, high: float) -> None:
    """Draw the row of a statement from `y` downwards, `high` inches high."""
    middle = y + high / 2
    text = {"va": "center", "fontsize": FONT}
    axis.text(0.12, middle, row.claim, **text)
    axis.text(STATEMENT, middle, statement, linespacing=1.1, **text)
    axis.text(NEEDED, middle, region_label(row.low, row.high), **text)
    axis.text(RUNS, middle, f"{row.n:g}", ha="right", **text)
    scale = RowScale.of(row)
    edges = [_inches(place) for place in scale.region]
    axis.fill_between(edges, y + 0.01, y + high - 0.01, color="0.88", lw=0)
    if not row.n:
        axis.text(_inches(0), middle, "no runs", ha="center", color="0.35", **text)
        return
    axis.text(FOUND, middle, mean_label(row.value, row.lower, row.upper), **text)
    if not math.isnan(row.lower):
        _draw_interval(axis, scale, row, middle)
    _draw_point(axis, _inches(scale.place(row.value)), middle, row.verdict, row.seeds)


def _draw_interval(axis: plt.Axes, scale: "RowScale", row, y: float) -> None:
    """Draw the interval of a row, with an arrow at each end that lies outside the plot."""
    color = LOOKS[row.verdict]["color"]
    places = [scale.place(limit) for limit in (row.lower, row.upper)]
    ends = [_inches(place) for place in places]
    axis.plot(ends, [y, y], color=color, lw=1.1, solid_capstyle="butt", zorder=2)
    for end, place, arrow in zip(ends, places, "<>", strict=True):
        axis.plot(end, y, arrow if abs(place) > EDGE else "|", color=color, ms=3.5, zorder=2)


def _inches(place: float) -> float:
    """Return where in the figure a place on a row's scale lies; places outside lie at the edge."""
    inside = min(max(place, -EDGE), EDGE)
    return PLOT + (inside + EDGE) / (2 * EDGE) * (PLOT_END - PLOT)


@dataclass(frozen=True)
class RowScale:
    """The scale of a row, which puts the limits of its region at -1 and 1, whatever they are.

    Attributes:
        origin, unit, anchor: the value v lies at anchor + (v - origin) / unit.
        region: the places of the region's ends.
    """

    origin: float
    unit: float
    anchor: float
    region: tuple[float, float]

    @classmethod
    def of(cls, row) -> "RowScale":
        """Return the scale of a row of the table of claims.

        A region with two limits decides the unit. With one limit, the unit is such that the
        farthest of the mean and the ends of its interval lies two units from it.
        """
        if row.low < row.high:
            return cls((row.low + row.high) / 2, (row.high - row.low) / 2, 0, (-1, 1))
        limit, anchor, region = (
            (row.low, -1, (-1, EDGE)) if math.isnan(row.high) else (row.high, 1, (-EDGE, 1))
        )
        distances = [abs(value - limit) for value in (row.value, row.lower, row.upper)]
        farthest = max((d for d in distances if math.isfinite(d)), default=0)
        return cls(limit, farthest / 2 or 1, anchor, region)

    def place(self, value: float) -> float:
        """Return the place of a value."""
        return self.anchor + (value - self.origin) / self.unit


def region_label(low: float, high: float) -> str:
    """Return a region in short: `−0.25 to 0.25`, `> 0.5`, `< 0.1`."""
    if math.isnan(high):
        return f"> {_number(low)}"
    return f"< {_number(high)}" if math.isnan(low) else f"{_number(low)} to {_number(high)}"


def mean_label(value: float, lower: float, upper: float) -> str:
    """Return a mean with its limits: `0.38 [0.31, 0.45]`; limits that are NaN are left out."""
    if math.isnan(value):
        return "–"
    limits = "" if math.isnan(lower) else f" [{_number(lower)}, {_number(upper)}]"
    return _number(value) + limits


def _number(value: float) -> str:
    return number_text(value).replace("-", "\N{MINUS SIGN}")
