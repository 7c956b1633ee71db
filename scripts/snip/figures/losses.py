"""Figures 4 and 7: training loss by iteration, a line per labels, sparsity and weight decay."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.axes import KEY
from snip.study.names import criterion_name, dataset_name, network_name
from snip.tables.intervals import geometric_mean, runs_phrase

SETTING = ["labels", "weight_decay", "sparsity"]
LINE = [name for name in KEY if name != "seed"]
COLUMNS = [*LINE, "iteration", "geometric_mean", "lowest", "highest", "n"]
# The line styles of pruned networks where colour tells the labels; the reference's is solid.
PRUNED_LINES = ["--", "-.", (0, (4, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (2, 1))]
LABELS_COLORS = {"correct": style.BLUE, "random": style.ORANGE}
# The distance between two labels, points.
LABEL_STEP = 9.5


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw Figure 4 or 7 of a study and save it."""
    figure, numbers = plot(inputs.table("curves"), inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the losses of each setting: a line for the geometric mean, a band for the range.

    There is a panel per network, data set and criterion. The reference (sparsity 0) belongs to
    every criterion.

    Args:
        table: the table of curves.

    Returns:
        The figure, and the points of its lines: COLUMNS.
    """
    style.use_style()
    # The criterion of a reference means nothing, so it makes a panel only if nothing is pruned.
    pruned = table[table["sparsity"] > 0]
    panelled = pruned if len(pruned) else table
    keys = list(panelled.groupby(["network", "dataset", "criterion"], sort=False).groups)
    panels = len(keys)
    looks = line_looks(table)
    height = max(2.2, LABEL_STEP / 72 * len(looks) + 0.4)
    figure, axes = plt.subplots(
        panels,
        1,
        figsize=(style.PAGE * 0.9, panels * (height + 0.3) + 0.35),
        sharex=True,
        squeeze=False,
    )
    points = []
    for index, (axis, key) in enumerate(zip(axes[:, 0], keys, strict=True)):
        network, dataset, criterion = key
        in_panel = table[["network", "dataset"]].eq([network, dataset]).all(axis=1)
        in_panel &= (table["criterion"] == criterion) | (table["sparsity"] == 0)
        lines = _draw_lines(axis, table[in_panel], looks)
        points.append(lines.assign(criterion=criterion))
        names = [network_name(network), dataset_name(dataset)]
        names += [criterion_name(criterion)] * (panels > 1)
        axis.set_title(style.panel_title(index, panels, *names), loc="left")
        axis.set_ylabel("Training loss")
        axis.set_yscale("log")
    axes[-1, 0].set_xlabel("Iteration")
    axes[-1, 0].set_xlim(0, table["iteration"].max())
    numbers = pd.concat(points)[COLUMNS]
    several = " (line: geometric mean, band: range)" if numbers["n"].max() > 1 else ""
    style.small_print(figure, origin, f"{runs_phrase(numbers['n'])} per line{several}")
    figure.draw_without_rendering()  # lays out the panels; the labels depend on their sizes
    for axis in axes[:, 0]:
        label_ends(axis, axis.get_lines())
    return figure, numbers


def line_looks(table: pd.DataFrame) -> dict[tuple, dict]:
    """Return the label, color, linestyle and linewidth of each setting.

    A label names what differs within the figure. If it has correct and random labels, colour tells
    which; else colour tells the sparsity, from dark to light, so it also does in grey.
    """
    settings = table[SETTING].drop_duplicates()
    both = settings["labels"].nunique() > 1
    decays = sorted(settings["weight_decay"].unique())
    sparsities = sorted(settings["sparsity"].unique())
    # One more than needed, to leave out the faint yellow end of the scale.
    shades = dict(zip(sparsities, sns.color_palette("viridis", len(sparsities) + 1), strict=False))
    looks = {}
    for labels, decay, sparsity in settings.itertuples(index=False):
        reference = sparsity == 0
        regularised = len(decays) > 1 and decay > 0
        words = [f"{labels} labels"] if both else []
        words += ["reference" if reference else f"pruned {sparsity:g} %"]
        words += [f"L2 {decay:g}"] if regularised else []
        dashes = PRUNED_LINES[sparsities.index(sparsity) % len(PRUNED_LINES) - 1]
        looks[labels, decay, sparsity] = {
            "label": ", ".join(words),
            "color": LABELS_COLORS[labels] if both else shades[sparsity],
            "linestyle": (":" if regularised else "-") if reference else dashes if both else "-",
            "linewidth": 0.8 if regularised else 1.2,
        }
    return looks


def _draw_lines(axis: plt.Axes, table: pd.DataFrame, looks: dict[tuple, dict]) -> pd.DataFrame:
    """Draw a line and a band per setting; return the points: COLUMNS."""
    points_of_lines = []
    for setting, runs in table.groupby(SETTING, sort=False):
        points = (
            runs.groupby("iteration")["train_loss"]
            .agg(geometric_mean=geometric_mean, lowest="min", highest="max", n="size")
            .reset_index()
        )
        x, look = points["iteration"], looks[setting]
        axis.plot(x, points["geometric_mean"], **look)
        if points["n"].max() > 1:
            band = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
            axis.fill_between(x, points["lowest"], points["highest"], **band)
        points_of_lines.append(points.assign(**runs[LINE].iloc[0]))
    return pd.concat(points_of_lines)


def label_ends(axis: plt.Axes, lines: Iterable[Line2D]) -> None:
    """Lead each line to its label on the right; labels are in the order of the ends, and apart."""
    to_axes = axis.transData + axis.transAxes.inverted()
    ends = [(line, *to_axes.transform(line.get_xydata()[-1])) for line in lines]
    ends.sort(key=lambda end: end[2])
    height = axis.get_window_extent().height / axis.figure.dpi * 72
    # Find label positions at least one step apart and nearest to the line ends: subtract the steps,
    # then isotonic regression.
    steps = np.arange(len(ends)) * LABEL_STEP / height
    wanted = np.array([end[2] for end in ends]) - steps
    places = np.clip(isotonic_regression(wanted).x, 0, max(0, 1 - steps[-1])) + steps
    for (line, x, y), place in zip(ends, places, strict=True):
        axis.plot(
            [x, 1.03, 1.08],
            [np.clip(y, 0, 1), place, place],
            transform=axis.transAxes,
            clip_on=False,
            color=line.get_color(),
            linestyle=line.get_linestyle(),
            linewidth=line.get_linewidth(),
            marker=line.get_marker(),
            markersize=line.get_markersize(),
            markevery=[1],
        )
        axis.text(1.09, place, line.get_label(), transform=axis.transAxes, va="center", fontsize=7)
