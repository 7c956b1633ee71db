"""Verdicts by reading of the protocol: a row per statement, a column per reading.

A row has one scale, upwards, which puts the limits of its region at the same places as in every
other row. So a row is a specification curve: what becomes of a number as choices change.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from snip.claims.readings import readings
from snip.claims.verdicts import CONFIRMATORY
from snip.figures import style
from snip.figures.forest import EDGE, LOOKS, RowScale, figure_name
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.grids import PAPER
from snip.study.names import phrase
from snip.tables.collect import TableError
from snip.tables.reading import read_table

# The layout, in inches.
LINE, ROW, GROUP, LEGEND = 0.077, 0.17, 0.15, 0.3
STATEMENT, PLOT, PLOT_END = 0.58, 3.72, 6.95
FONT = 5.5


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw the verdicts of a study by reading and save them."""
    table = read_table(inputs.results / "tables" / f"{inputs.figure}.csv")
    columns = {name: inputs.part["readings"].get(name, {}) for name in readings(inputs.part)}
    lacking = [name for name in columns if name not in set(table.get("reading", []))]
    if lacking:
        raise TableError(
            f"table {inputs.results}/tables/{inputs.figure}.csv lacks the readings "
            f"{', '.join(lacking)}, expected {', '.join(columns)}"
        )
    figure, numbers = plot(table, columns, inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(
    table: pd.DataFrame, columns: Mapping[str, Mapping], origin: Origin
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the statements in the table's order, under a heading per figure.

    Args:
        table: see `claims.readings.table`.
        columns: the readings from left to right, each with its switches.

    Returns:
        The figure, and the table.
    """
    style.use_style()
    figure = plt.figure(figsize=(style.PAGE, 1))
    figure.set_layout_engine("none")
    foot = style.small_print(figure, origin, *_notes(columns))
    head = _head_height(figure, columns)
    ordered = table.drop_duplicates(["claim", "number"]).sort_values(["claim", "number"])
    groups = list(ordered.groupby("figure", sort=False))
    labels = {row.Index: _label(figure, row) for row in ordered.itertuples()}
    rows = sum(_height(label) for label in labels.values()) + GROUP * len(groups)
    height = LEGEND + head + rows + foot + 0.2
    style.set_height(figure, height)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, style.PAGE), ylim=(height, 0))  # inches, downwards
    axis.set_axis_off()
    places = _places(columns)
    _draw_legend(axis)
    y = LEGEND + head
    for name, x in places.items():
        axis.text(x, y - 0.04, name, rotation=60, ha="left", va="bottom", fontsize=FONT + 0.5)
    axis.plot([0.08, PLOT_END], [y, y], color="0.6", lw=0.5)
    for name, statements in groups:
        axis.text(0.08, y + GROUP - 0.03, figure_name(name), weight="bold", fontsize=FONT + 1)
        y += GROUP
        for statement in statements.itertuples():
            of_statement = table[
                table["claim"].eq(statement.claim) & table["number"].eq(statement.number)
            ]
            high = _height(labels[statement.Index])
            axis.text(0.12, y + high / 2, statement.claim, va="center", fontsize=FONT)
            axis.text(
                *(STATEMENT, y + high / 2, labels[statement.Index]),
                va="center",
                fontsize=FONT,
                linespacing=1.1,
            )
            _draw_row(axis, of_statement, places, y, high)
            y += high
    return figure, table


def _notes(columns: Mapping[str, Mapping]) -> list[str]:
    """Return the small print: how to read the picture, and what each reading switches."""
    switches = [
        f"{name}: " + ", ".join(phrase(switch, value) for switch, value in changed.items())
        for name, changed in columns.items()
        if changed
    ]
    return [
        "each row on one scale, its region shaded, an interval that leaves the plot ends in an "
        "arrow; boxed: another verdict than under the study's own settings (paper), the box solid "
        "if the numbers differ seed by seed, too (95 % for all such comparisons), else dotted; "
        "small and grey: the same numbers; empty: no runs or masks under this reading",
        *switches,
    ]


def _label(figure: plt.Figure, row) -> str:
    """Return a statement, without the sparsities in brackets, in lines that fit its column."""
    text = re.sub(r" \([^()]*(sparsit|, )[^()]*%\)", "", row.statement)
    artist = figure.text(0, 0, "", fontsize=FONT)
    lines = style.wrap(artist, text, PLOT - STATEMENT - 0.1)
    artist.remove()
    return lines


def _height(label: str) -> float:
    return max(ROW, LINE * (label.count("\n") + 1) + 0.025)


def _head_height(figure: plt.Figure, columns: Mapping) -> float:
    """Return the height of the columns' heads, which stand upright."""
    heads = [figure.text(0, 0, name, rotation=60, fontsize=FONT + 0.5) for name in columns]
    height = max(head.get_window_extent().height for head in heads) / figure.dpi
    for head in heads:
        head.remove()
    return height + 0.08


def _places(columns: Mapping) -> dict[str, float]:
    """Return where the columns' middles lie, in inches; the last head needs room to lean."""
    width = (PLOT_END - 0.15 - PLOT) / len(columns)
    return {name: PLOT + (index + 0.5) * width for index, name in enumerate(columns)}


def _draw_legend(axis: plt.Axes) -> None:
    x = 0.12
    for verdict, look in LOOKS.items():
        axis.plot(x, 0.13, look["marker"], color=look["color"], ms=4)
        axis.text(x + 0.09, 0.13, verdict, va="center", fontsize=FONT + 1)
        x += 0.95
    axis.plot(x, 0.13, "s", ms=3.5, color="0.3", mfc="none")
    axis.text(x + 0.09, 0.13, "hollow: exploratory seeds", va="center", fontsize=FONT + 1)


def _draw_row(
    axis: plt.Axes, rows: pd.DataFrame, places: Mapping[str, float], y: float, high: float
) -> None:
    """Draw the row of one statement from `y` downwards, `high` inches high."""
    by_reading = {row.reading: row for row in rows.itertuples()}
    own = by_reading.get(PAPER)
    scale = RowScale.of(own or next(iter(by_reading.values())))

    def inches(value: float) -> float:
        inside = min(max(scale.place(value), -EDGE), EDGE)
        return y + high / 2 - inside / EDGE * (high / 2 - 0.015)

    low, top = (y + high / 2 - place / EDGE * (high / 2 - 0.015) for place in scale.region)
    ends = [PLOT, PLOT_END - 0.15]
    axis.fill_between(ends, low, top, color="0.9", lw=0)
    axis.plot(ends, [y + high] * 2, color="0.8", lw=0.3)
    half = 0.45 * (places[list(places)[-1]] - PLOT) / max(len(places) - 0.5, 1)
    for name, x in places.items():
        row = by_reading.get(name)
        if row is None:
            continue
        same = name != PAPER and own is not None and _numbers(row) == _numbers(own)
        look = {"color": "0.6"} if same else {"color": LOOKS[row.verdict]["color"]}
        if not same and row.lower == row.lower:
            axis.plot([x, x], [inches(row.lower), inches(row.upper)], lw=0.9, **look)
            for limit, arrow in ((row.lower, "v"), (row.upper, "^")):
                if abs(scale.place(limit)) > EDGE:
                    axis.plot(x, inches(limit), arrow, ms=2, **look)
        axis.plot(
            x,
            inches(row.value),
            LOOKS[row.verdict]["marker"],
            ms=1.8 if same else 3.4,
            mew=0.6,
            mfc=look["color"] if row.seeds == CONFIRMATORY else "white",
            **look,
        )
        if own is not None and row.verdict != own.verdict:
            corner = (x - half, y + 0.012)
            line = (
                {"ec": "0.15", "lw": 0.7} if row.differs else {"ec": "0.45", "ls": ":", "lw": 0.7}
            )
            axis.add_patch(plt.Rectangle(corner, 2 * half, high - 0.024, fill=False, **line))


def _numbers(row) -> tuple[float, float, float]:
    return row.value, row.lower, row.upper
