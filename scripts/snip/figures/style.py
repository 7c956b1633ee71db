"""What all figures share: widths, looks, intervals, scales, legend, small print, saving."""

import io
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.ticker import Locator, LogLocator, MaxNLocator, NullLocator

from snip.figures.provenance import Origin, embedded, record
from snip.jobs.failures import SnipError
from snip.jobs.files import write_atomically
from snip.study.names import ERRORS
from snip.tables.collect import csv_bytes
from snip.tables.intervals import ERROR_STEP, interval

# A journal's column and page, 8.5 and 17.8 cm wide, 24 cm high, in inches.
COLUMN, PAGE, PAGE_HEIGHT = 3.346, 7.008, 9.449
# Dots per inch of PNG files; those of mosaics of masks, whose pixels are small, have twice as many.
DPI = 300
# seaborn's palette "colorblind": its colours differ for people with any common colour blindness.
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, BROWN, *_, YELLOW, SKY = sns.color_palette("colorblind")
# Series differ in colour and in marker, so they also differ in grey. There are 9 colours and 10
# markers, which have no common divisor: the first pair to repeat is that of the 91st series.
COLORS = [BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, BROWN, (0.2, 0.2, 0.2), (0.6, 0.55, 0)]
MARKERS = "osD^vPX*<>"
DASHES: list[tuple[float, ...] | str] = ["", (4, 1.5), (1, 1), (5, 1, 1, 1)]


class FigureError(SnipError):
    """An input that a figure cannot show."""


def use_style() -> None:
    """Set the style of every figure: 7 pt sans-serif text, thin lines, editable text in PDFs.

    It starts from matplotlib's own defaults, so a user's matplotlibrc changes nothing.
    """
    matplotlib.rcdefaults()
    texts = ["axes.title", "axes.label", "xtick.label", "ytick.label", "legend.font", "font."]
    lines = ["axes.linewidth", "xtick.major.width", "ytick.major.width"]
    rc = {
        **{f"{text}size": 7 for text in texts},
        **dict.fromkeys(lines, 0.6),
        "figure.titlesize": 7,
        "figure.dpi": DPI,
        "figure.titleweight": "bold",
        "figure.constrained_layout.use": True,
        "lines.linewidth": 1.1,
        "lines.markersize": 4,
        "lines.solid_capstyle": "butt",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "font.family": "DejaVu Sans",
        "pdf.fonttype": 42,
        "legend.frameon": False,
    }
    sns.set_theme(context="paper", style="ticks", palette="colorblind", rc=rc)


def groups(table: pd.DataFrame, by: str | list[str]) -> list[tuple[Any, pd.DataFrame]]:
    """Return the groups of a table in the order in which they appear, each with its key."""
    return list(table.groupby(by, sort=False))


def rows(table: pd.DataFrame) -> Iterable[Any]:
    """Return the rows of a table as named tuples."""
    return table.itertuples()


def looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return `palette`, `markers` and `dashes`, as seaborn takes them, for any number of series."""
    numbered = list(enumerate(names))
    return {
        "palette": {name: COLORS[i % len(COLORS)] for i, name in numbered},
        "markers": {name: MARKERS[i % len(MARKERS)] for i, name in numbered},
        "dashes": {name: DASHES[i // len(COLORS) % len(DASHES)] for i, name in numbered},
    }


def dodged(
    x: pd.Series, series: pd.Series, names: Iterable[str], room: float | pd.Series
) -> pd.DataFrame:
    """Return places beside each other for series that share their x.

    Args:
        x: where each row belongs.
        series: each row's series.
        names: the series, from left to right.
        room: what all of them share, in units of x; the same for all rows, or for each its own.

    Returns:
        Columns `middle`, for a series' mean, and `beside`, for its single runs.
    """
    order = list(names)
    slot = room / len(order)
    middle = x + slot * (series.map(order.index) - (len(order) - 1) / 2)
    return pd.DataFrame({"middle": middle, "beside": middle + 0.4 * slot})


def t_interval(errors: pd.Series) -> tuple[float, float]:
    """Return the limits of the 95 % t interval of test errors, for seaborn's `errorbar`."""
    found = interval(errors, resolution=ERROR_STEP)
    return found.lower, found.upper


def draw_series(
    axis: plt.Axes,
    table: pd.DataFrame,
    y: str,
    series: str,
    look: Mapping[str, dict],
    joined: bool = True,
    intervals: bool = True,
) -> None:
    """Draw the means of series, joined or not, and beside them the runs.

    The scale of `y` must be linear meanwhile: on another one seaborn averages what it shows.

    Args:
        table: one row per run, with the columns of `dodged`.
        y: the column of errors or differences.
        series: the column that tells the series apart.
        look: see `looks`.
        intervals: whether thick bars show the 95 % intervals of the means.
    """
    order = [name for name in look["palette"] if name in set(table[series])]
    shared = {"data": table, "y": y, "hue": series, "hue_order": order, "ax": axis}
    shared |= {"palette": look["palette"]}
    styles = {"style": series, "style_order": order, "markers": look["markers"]}
    runs = {"s": 6, "alpha": 0.5, "linewidth": 0, "legend": False}
    sns.scatterplot(x="beside", **shared, **styles, **runs)
    if intervals:
        thick = 2.5 if len(order) < 4 else 1.5
        bars = {"errorbar": t_interval, "err_style": "bars", "err_kws": {"elinewidth": thick}}
        sns.lineplot(x="middle", alpha=0.35, linewidth=0, legend=False, **shared, **bars)
    means = {"errorbar": None, "dashes": look["dashes"], "mew": 0}
    sns.lineplot(x="middle", linewidth=1.1 * joined, **shared, **styles, **means)


def draw_base(axis: plt.Axes, y: float) -> None:
    """Draw a horizontal line that others are compared with."""
    axis.axhline(y, color="0.4", linestyle="--", linewidth=0.8, zorder=1)


def letter(index: int) -> str:
    """Return what a panel is called: `(a)` for the first."""
    return f"({chr(ord('a') + index)})"


def panel_title(index: int, count: int, *parts: str) -> str:
    """Return `(a) LeNet-300-100, MNIST` for the first panel; a single one has no letter."""
    return (f"{letter(index)} " if count > 1 else "") + ", ".join(parts)


def error_label(error: str) -> str:
    """Return what a scale of test errors (a column of runs) shows: `Test error (%)`."""
    name = ERRORS[error]
    return textwrap.fill(f"{name[0].upper()}{name[1:]} (%)", 26)


def plain_log(axis: Axis, low: float, high: float) -> None:
    """Give a logarithmic scale from `low` to `high` ticks that read 60, not 6×10¹."""
    decades = np.log10(high / low)
    locator: Locator = MaxNLocator(4)
    if decades > 0.7:
        locator = LogLocator(subs=(1,) if decades > 2.5 else (1, 2, 5))
    axis.set_major_locator(locator)
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def log_errors(axis: plt.Axes, errors: pd.Series) -> None:
    """Make a scale of errors (percent) logarithmic, with room for all of them."""
    low, high = 0.85 * errors.min(), min(110, 1.3 * errors.max())
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    plain_log(axis.yaxis, low, high)


def sparsity_scale(axis: plt.Axes, ticks: Iterable[float], low: float, high: float) -> None:
    """Make a scale of what remains (percent) logarithmic; its labels are sparsities.

    Args:
        ticks: sparsities to label if they lie between `low` and `high`, percent.
    """
    shown = [tick for tick in ticks if low - 0.1 <= tick <= high]
    axis.set_xscale("log")
    axis.set_xticks([100 - tick for tick in shown], [f"{tick:g}" for tick in shown])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlim(1.25 * (100 - low), (100 - high) / 1.25)


def decades(sizes: Iterable[Any]) -> dict[Any, float]:
    """Return where each size of a pruning batch stands: its decade, `all` behind the last."""
    places = {size: np.log10(int(size)) for size in sizes if size != "all"}
    return places | {"all": max(places.values(), default=0.0) + 0.7}


def within(axis: plt.Axes, lowest: float, highest: float) -> None:
    """Cut a vertical scale to what is possible, such as 0 to 100 %."""
    bottom, top = axis.get_ylim()
    axis.set_ylim(max(bottom, lowest), min(top, highest))


def legend(figure: plt.Figure, axes: Iterable[plt.Axes], columns: int) -> None:
    """Put one legend of all axes above them, each label once."""
    entries: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
        if own := axis.get_legend():
            own.remove()
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns)


def small_print(figure: plt.Figure, origin: Origin, *notes: str) -> None:
    """Write along the foot of a figure its study, what of it is not the paper's, and notes.

    The figure grows by the text's height.
    """
    text = "; ".join([f"Study: {origin.study}", *origin.unlike, *notes]) + "."
    text = text.replace(" %", "\N{NO-BREAK SPACE}%")
    lines = textwrap.fill(text, int(21.5 * figure.get_figwidth()))
    figure.supxlabel(lines, fontsize=6, fontweight="normal", color="0.35")
    figure.set_figheight(figure.get_figheight() + 0.1 * (lines.count("\n") + 1))


def save(figure: plt.Figure, numbers: pd.DataFrame, origin: Origin, prefix: Path) -> None:
    """Write PREFIX.pdf, PREFIX.png and PREFIX.csv: the figure and exactly the numbers it shows.

    The files do not depend on when they are made. They depend on the machine only through the
    commit and the versions in their record.
    """
    table = csv_bytes(numbers)
    content = {"csv": table}
    fields = record(origin, table)
    for form in ("pdf", "png"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, metadata=embedded(form, fields))
        content[form] = buffer.getvalue()
    for form, data in content.items():
        write_atomically(prefix.with_name(f"{prefix.name}.{form}"), data)
    plt.close(figure)
