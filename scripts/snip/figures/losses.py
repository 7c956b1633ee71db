"""Figures 4 and 7: training loss by iteration, a line per labels, sparsity and weight decay."""

import math
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from snip.datasets.sources import CLASSES
from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, dataset_name, network_name
from snip.study.runs import KEY
from snip.tables.intervals import geometric_mean, runs_phrase

LINE = [name for name in KEY if name != "seed"]
LABELS_COLORS = {"correct": style.BLUE, "random": style.VERMILLION}


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw Figure 4 or 7 of a study; see `plot`."""
    return plot(inputs.table("curves"), inputs.origin)


def plot(curves: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the losses of each setting: a thin line per run, a strong one for the geometric mean.

    There is a panel per network, data set and criterion. The unpruned network belongs to every
    criterion.

    Args:
        curves: the table of curves.

    Returns:
        The figure, and the points of its strong lines: the key without seed, iteration,
        geometric_mean, lowest, highest, n.
    """
    style.use_style()
    curves, look = with_names(curves)
    pruned = curves[curves["sparsity"] > 0]
    panels = style.groups(pruned if len(pruned) else curves, ["network", "dataset", "criterion"])
    size = (style.COLUMN, 2.3 * len(panels))
    figure, axes = plt.subplots(len(panels), 1, figsize=size, squeeze=False)
    points = []
    for index, ((network, dataset, criterion), _) in enumerate(panels):
        of_panel = curves["criterion"].eq(criterion) | curves["sparsity"].eq(0)
        of_panel &= curves["network"].eq(network) & curves["dataset"].eq(dataset)
        points.append(_draw_lines(axes.flat[index], curves[of_panel], look))
        points[-1]["criterion"] = criterion
        parts = [network_name(network), dataset_name(dataset)]
        parts += [criterion_name(criterion)] * (len(panels) > 1)
        axes.flat[index].set_title(style.panel_title(index, len(panels), *parts))
    numbers = pd.concat(points)[[*LINE, "iteration", "geometric_mean", "lowest", "highest", "n"]]
    style.small_print(
        figure,
        origin,
        f"{runs_phrase(numbers['n'])} per line (strong: geometric mean, thin: single runs)",
        f"guessing: ln {CLASSES}, the loss of equal probabilities",
    )
    figure.draw_without_rendering()  # lays out the panels: names depend on their heights
    for axis, lines in zip(axes.flat, points, strict=True):
        label_ends(axis, lines.groupby("name")["geometric_mean"].last(), look["palette"])
    return figure, numbers


def with_names(curves: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Return the curves with the `name` of each line, and by name its colour and dashes.

    A name says what differs within the figure. If it has correct and random labels, colour tells
    which; else colour tells the sparsity, from dark to light, so it also does in grey.
    """
    setting = ["labels", "weight_decay", "sparsity"]
    settings = curves[setting].drop_duplicates()
    both = settings["labels"].nunique() > 1
    decays = settings["weight_decay"].unique()
    sparsities = sorted(settings["sparsity"].unique())
    # More than needed, to leave out the faint yellow end of the scale.
    shades = dict(zip(sparsities, sns.color_palette("viridis", len(sparsities) + 2), strict=False))
    names = []
    look: dict[str, dict[str, Any]] = {"palette": {}, "dashes": {}}
    for labels, decay, sparsity in settings.itertuples(index=False):
        words = [labels] if both else []
        words += [f"{sparsity:g} %" if sparsity else "unpruned"]
        regularised = bool(decay > 0 and len(decays) > 1)
        words += [f"L2 {decay:g}" if len(decays) > 2 else "L2"] * regularised
        names.append(", ".join(words))
        look["palette"][names[-1]] = LABELS_COLORS[labels] if both else shades[sparsity]
        dash = style.DASHES[sparsities.index(sparsity) % len(style.DASHES)] if both else ""
        look["dashes"][names[-1]] = (1, 1.5) if regularised else dash
    return curves.merge(settings.assign(name=names), on=setting), look


def _draw_lines(axis: plt.Axes, panel: pd.DataFrame, look: dict) -> pd.DataFrame:
    """Draw the lines of a panel and the loss of guessing; return the points of the strong ones."""
    lines = {"x": "iteration", "hue": "name", "style": "name", "legend": False, "ax": axis, **look}
    runs = {"units": "seed", "estimator": None, "linewidth": 0.4, "alpha": 0.6}
    sns.lineplot(panel, y="train_loss", **lines, **runs)
    by_point = panel.groupby([*LINE, "name", "iteration"], sort=False)["train_loss"]
    points = by_point.agg(["min", "max", "size", geometric_mean]).reset_index()
    points = points.rename(columns={"min": "lowest", "max": "highest", "size": "n"})
    sns.lineplot(points, y="geometric_mean", estimator=None, linewidth=1.4, **lines)
    axis.axhline(math.log(CLASSES), color="0.5", lw=0.6, zorder=0)
    right = axis.get_yaxis_transform()
    text = axis.text(0.99, 1.03 * math.log(CLASSES), "guessing", transform=right)
    text.set(size=6, color="0.35", ha="right", va="bottom")
    axis.set_yscale("log")
    style.plain_log(axis.yaxis, *axis.get_ylim())
    axis.set_xlim(0, panel["iteration"].max())
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axis.set(xlabel="Iteration", ylabel="Training loss")
    return points


def label_ends(axis: plt.Axes, ends: pd.Series, palette: dict[str, Any]) -> None:
    """Write the names of lines, each in its colour, beside their ends.

    Names are as near to the ends as they can be if they are apart and in the ends' order.

    Args:
        ends: the last value of each line, by name.
    """
    ends = ends.sort_values()
    to_axes = axis.transData + axis.transAxes.inverted()
    wanted = np.array([to_axes.transform((0, end))[1] for end in ends])
    steps = np.arange(len(ends)) * 8.5 / 72 * style.DPI / axis.get_window_extent().height
    places = isotonic_regression(wanted - steps).x.clip(0, max(0, 1 - steps[-1])) + steps
    for name, place in zip(ends.index, places, strict=True):
        axis.text(1.02, place, name, color=palette[name], transform=axis.transAxes, va="center")
