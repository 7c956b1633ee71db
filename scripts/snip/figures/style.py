"""What all figures share: style, colours, small print, saving."""

import io
import textwrap
from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.image import AxesImage
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from snip.figures.provenance import Origin, embedded, record
from snip.jobs.failures import SnipError
from snip.jobs.files import write_atomically
from snip.tables.collect import csv_bytes

# Widths of a journal's column and page, and the height of a page, in inches.
COLUMN = 3.4
PAGE = 7.0
PAGE_HEIGHT = 9.5
# Dots per inch of a PNG.
DPI = 300
# seaborn's "colorblind": told apart with any common colour blindness.
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, BROWN, _, GREY, _, SKY = sns.color_palette("colorblind")
SMALL_PRINT = {"fontsize": 6, "color": "0.35"}
# Series differ in colour and in marker, so that they are told apart in grey, too. The numbers of
# both have no common divisor: 56 series pass before a pair comes again.
COLORS = [BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, BROWN]
MARKERS = "osD^vP<X"
LINES = ["-", "--", ":", "-."]


class FigureError(SnipError):
    """Input that a figure cannot show."""


def use_style() -> None:
    """Set the style of every figure: small sans-serif text, thin lines, editable PDF text.

    It begins with matplotlib's own defaults, so a user's matplotlibrc changes nothing.
    """
    matplotlib.rcdefaults()
    sns.set_theme(
        context="paper",
        style="ticks",
        palette="colorblind",
        rc={
            "figure.dpi": DPI,  # so that text is measured as it is drawn
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
    """Return a colour, marker and line for each of any number of series."""
    return {
        name: {
            "color": COLORS[index % len(COLORS)],
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": LINES[index // len(COLORS) % len(LINES)],
        }
        for index, name in enumerate(names)
    }


def panel_title(index: int, count: int, *parts: str) -> str:
    """Return `(a) LeNet-300-100, MNIST` for the first of `count` panels; one has no letter."""
    letter = f"({chr(ord('a') + index)}) " if count > 1 else ""
    return letter + ", ".join(parts)


def iterations_phrase(table: pd.DataFrame) -> str:
    """Return `1,080 iterations a run` for a table of runs."""
    counts = sorted(table["iterations"].unique())
    return " or ".join(f"{count:,}" for count in counts) + " iterations a run"


def legend_entries(axes: Iterable[plt.Axes]) -> tuple[list, list[str]]:
    """Return the handles and labels of all axes, each label once."""
    entries = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    return list(entries.values()), list(entries)


def share_scale(figure: plt.Figure, image: AxesImage, axis: plt.Axes) -> None:
    """Draw into `axis` the colour bar of mask images, from 0 to the highest value shown."""
    bar = figure.colorbar(image, cax=axis)
    highest = image.get_clim()[1]
    below = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, highest)
    ticks = [*below[below < 0.85 * highest], highest]
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.tick_params(length=2, pad=2)
    bar.set_label("Share kept", fontsize=7, labelpad=2)
    bar.outline.set_linewidth(0.5)


def small_print(figure: plt.Figure, origin: Origin, *parts: str) -> float:
    """State the study and what else the reader must know at the figure's foot, as wide as it is.

    Returns:
        The height of the text, inches.
    """
    drawn = figure.supxlabel("", **SMALL_PRINT)
    wrap(drawn, "; ".join([f"Study: {origin.study}", *parts]) + ".", 0.96 * figure.get_figwidth())
    return drawn.get_window_extent().height / figure.dpi


def set_height(figure: plt.Figure, height: float) -> None:
    """Set the height, inches, of a figure that is laid out by hand; its small print stays low."""
    figure.set_figheight(height)
    figure._supxlabel.set_y(0.04 / height)


def wrap(drawn: Text, text: str, width: float) -> str:
    """Give a drawn text as few line breaks as keep it within `width` inches; return it so."""
    available = width * drawn.figure.dpi
    for characters in range(len(text), 10, -1):
        drawn.set_text(textwrap.fill(text, characters))
        if drawn.get_window_extent().width <= available:
            break
    return drawn.get_text()


def save(figure: plt.Figure, shown: pd.DataFrame, origin: Origin, prefix: Path) -> None:
    """Write PREFIX.pdf, PREFIX.png and PREFIX.csv: the figure and exactly the numbers it shows.

    Nothing in the files depends on when they are made, and on where only the versions do that
    they state.
    """
    table = csv_bytes(shown)
    content = {"csv": table}
    fields = record(origin, table)
    for form in ("pdf", "png"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=DPI, metadata=embedded(form, fields))
        content[form] = buffer.getvalue()
    for form, data in content.items():
        write_atomically(prefix.with_name(f"{prefix.name}.{form}"), data)
    plt.close(figure)
