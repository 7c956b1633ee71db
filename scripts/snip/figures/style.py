"""What all figures share: style, colours, small print, saving."""

import io
import textwrap
from collections.abc import Iterable
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.image import AxesImage
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from snip.figures.provenance import Origin, embedded, record
from snip.jobs.failures import SnipError
from snip.jobs.files import write_atomically
from snip.study.names import ERRORS
from snip.tables.collect import csv_bytes

# The widths of a journal's column and page, and the height of a page, in inches.
COLUMN = 3.4
PAGE = 7.0
PAGE_HEIGHT = 9.5
# Dots per inch of the PNG files.
DPI = 300
# seaborn's palette "colorblind": its colours differ for people with any common colour blindness.
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, BROWN, _, GREY, _, SKY = sns.color_palette("colorblind")
# The room for the small print in the sizes that the drawers give their figures, inches.
FOOT = 0.2
SMALL_PRINT = {"fontsize": 6, "color": "0.35"}
# Series differ in colour and in marker, so they also differ in grey. There are 7 colours and 8
# markers, which have no common divisor: the first pair to repeat is that of the 57th series.
COLORS = [BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, BROWN]
MARKERS = "osD^vP<X"
LINES = ["-", "--", ":", "-."]


class FigureError(SnipError):
    """An input that a figure cannot show."""


def use_style() -> None:
    """Set the style of every figure: small sans-serif text, thin lines, editable text in PDFs.

    It starts from matplotlib's own defaults, so a user's matplotlibrc changes nothing.
    """
    matplotlib.rcdefaults()
    sns.set_theme(
        context="paper",
        style="ticks",
        palette="colorblind",
        rc={
            "figure.dpi": DPI,  # text is measured at the resolution at which it is drawn
            "font.size": 8,
            "axes.titlesize": 8,
            "axes.labelsize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.title_fontsize": 7,
            "lines.linewidth": 1.2,
            "axes.linewidth": 0.7,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "font.family": "DejaVu Sans",
            "pdf.fonttype": 42,
            "figure.constrained_layout.use": True,
        },
    )


def series_looks(names: Iterable[str]) -> dict[str, dict]:
    """Return a colour, a marker and a line style for each of any number of series."""
    return {
        name: {
            "color": COLORS[index % len(COLORS)],
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": LINES[index // len(COLORS) % len(LINES)],
        }
        for index, name in enumerate(names)
    }


def panel_title(index: int, count: int, *parts: str) -> str:
    """Return `(a) LeNet-300-100, MNIST` for the first panel; a single one has no letter."""
    letter = f"({chr(ord('a') + index)}) " if count > 1 else ""
    return letter + ", ".join(parts)


def error_label(error: str) -> str:
    """Return what a scale of test errors (a column of runs) shows: `Test error (%)`."""
    name = ERRORS[error]
    return textwrap.fill(f"{name[0].upper()}{name[1:]} (%)", 26)


def log_errors(axis: plt.Axes) -> None:
    """Make the vertical scale logarithmic, for errors of 2 to 90 %, with ticks in plain numbers."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def legend_entries(axes: Iterable[plt.Axes]) -> tuple[list, list[str]]:
    """Return the handles and labels of all axes, each label once."""
    entries = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    return list(entries.values()), list(entries)


def share_scale(figure: plt.Figure, image: AxesImage, axis: plt.Axes) -> None:
    """Draw the colour bar of mask images into `axis`, from 0 to the highest share in the figure."""
    bar = figure.colorbar(image, cax=axis)
    highest = image.get_clim()[1]
    below = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, highest)
    ticks = [*below[below < 0.85 * highest], highest]
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.tick_params(length=2, pad=2)
    bar.set_label("Share kept", fontsize=7, labelpad=2)
    bar.outline.set_linewidth(0.5)


def small_print(figure: plt.Figure, origin: Origin, *parts: str) -> float:
    """Write along the foot of a figure its study, what of it is not the paper's, and other notes.

    The figure grows by what has no room in FOOT.

    Returns:
        The height of the text, inches.
    """
    foot = figure.supxlabel("", **SMALL_PRINT)
    text = "; ".join([f"Study: {origin.study}", *origin.unlike, *parts]) + "."
    wrap(foot, text, 0.96 * figure.get_figwidth())
    height = foot.get_window_extent().height / figure.dpi
    figure.set_figheight(figure.get_figheight() + max(0, height - FOOT))
    return height


def set_height(figure: plt.Figure, height: float) -> None:
    """Set the height (inches) of a figure laid out by hand; its small print stays at the foot."""
    figure.set_figheight(height)
    figure._supxlabel.set_y(0.04 / height)


def wrap(artist: Text, text: str, width: float) -> str:
    """Break a text into as few lines as fit into `width` inches.

    Args:
        artist: gets the lines.

    Returns:
        The lines.
    """
    available = width * artist.figure.dpi
    for characters in range(len(text), 10, -1):
        artist.set_text(textwrap.fill(text, characters))
        if artist.get_window_extent().width <= available:
            break
    return artist.get_text()


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
        figure.savefig(buffer, format=form, dpi=DPI, metadata=embedded(form, fields))
        content[form] = buffer.getvalue()
    for form, data in content.items():
        write_atomically(prefix.with_name(f"{prefix.name}.{form}"), data)
    plt.close(figure)
