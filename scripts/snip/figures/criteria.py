"""Test error of every criterion, which the paper does not show, by two kinds of sparsity.

Effective sparsity counts as removed what is on no path from input to output, too (Vysogorets and
Kempe, "Connectivity matters: neural network pruning through the lens of effective sparsity", 2023).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from snip.figures import style
from snip.figures.errors import draw_reference
from snip.figures.inputs import Inputs
from snip.figures.losses import LABEL_STEP, label_ends
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.axes import KEY
from snip.study.names import criterion_name, network_name
from snip.tables.intervals import (
    ERROR_STEP,
    add_intervals,
    runs_phrase,
    simultaneous_intervals,
)

# The criterion that all others are compared with.
COMPARED = "snip"
# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "network", "criterion", "sparsity"]
DIFFERENCE = ["difference", "difference_lower", "difference_upper"]
# Sparsities that are labelled, percent.
TICKS = [0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9]
# Effective sparsities above this (percent), such as 100, are drawn here.
HIGHEST = 99.99
SPARSITIES = {"sparsity": "Sparsity (%)", "effective_sparsity": "Effective sparsity (%)"}


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw the errors of a study's criteria and save the figure."""
    runs, layers = inputs.table("runs"), inputs.table("layers")
    figure, numbers = plot(runs, layers, inputs.error, inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(
    runs: pd.DataFrame, layers: pd.DataFrame, error: str, origin: Origin
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of each criterion: a row per network, a column per kind of sparsity.

    Args:
        runs: the table of runs.
        layers: the table of layers.
        error: the column of the errors, percent.

    Returns:
        The figure, and the numbers that it shows: one row per run.
    """
    style.use_style()
    points = add_intervals(add_effective_sparsity(runs, layers), POINT, error)
    criteria = sorted(points["criterion"].unique(), key=lambda name: (name != COMPARED, name))
    looks = style.series_looks(criteria)
    networks = list(points["network"].unique())
    height = max(2.3, LABEL_STEP / 72 * len(looks) + 0.4)
    figure, axes = plt.subplots(
        len(networks),
        2,
        figsize=(style.PAGE, (height + 0.25) * len(networks) + 0.7),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    lines = {}
    for row, network in enumerate(networks):
        of_network = points[points["network"] == network]
        for axis, sparsity in zip(axes[row], SPARSITIES, strict=True):
            draw_reference(axis, of_network)
            pruned = of_network[of_network["sparsity"] > 0]
            lines[axis] = _draw_criteria(axis, pruned, sparsity, looks)
        style.log_errors(axes[row, 0])
        axes[row, 0].set_ylim(0.85 * of_network["mean"].min(), 110)
    _label_axes(axes, networks)
    for axis, sparsity in zip(axes[-1], SPARSITIES, strict=True):
        _scale_sparsity(axis, points.loc[points["sparsity"] > 0, sparsity])
    direct = [line.get_label() for each in lines.values() for line in each]
    entries = zip(*style.legend_entries(axes.flat), strict=True)
    handles = [handle for handle, label in entries if label not in direct]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    style.small_print(
        figure,
        origin,
        style.iterations_phrase(runs),
        f"mean of {runs_phrase(points['n'])} per point, bars: 95 % intervals",
        "right: mean effective sparsity, which also counts what is on no path from input to output "
        f"(from {HIGHEST:g} % on at the edge)",
    )
    figure.draw_without_rendering()  # lays out the panels; the labels depend on their sizes
    for axis in axes[:, 0]:
        label_ends(axis, lines[axis])
    return figure, _numbers(points, compare(points, error), error)


def _label_axes(axes: np.ndarray, networks: list[str]) -> None:
    """Write titles, and what the scales show."""
    for index, axis in enumerate(axes.flat):
        title = style.panel_title(index, axes.size, network_name(networks[index // 2]))
        axis.set_title(title, loc="left")
        axis.tick_params(labelleft=True)
    for axis in axes[:, 0]:
        axis.set_ylabel("Test error (%)")
    for axis, label in zip(axes[-1], SPARSITIES.values(), strict=True):
        axis.set_xlabel(label)


def _draw_criteria(
    axis: plt.Axes, points: pd.DataFrame, sparsity: str, looks: dict
) -> list[plt.Line2D]:
    """Draw the means of each criterion with their intervals, and a cross on emptied networks.

    Returns:
        The lines, whose labels are the names of the criteria.
    """
    by_point = points.groupby(POINT, sort=False)
    x = 100 - by_point[sparsity].mean().clip(upper=HIGHEST).rename("x")
    emptied = by_point["emptied_layers"].max().gt(0).rename("emptied")
    means = points.drop_duplicates(POINT).merge(x, on=POINT).merge(emptied, on=POINT)
    lines = []
    for criterion, line in means.sort_values("sparsity").groupby("criterion", sort=False):
        look = looks[criterion]
        name = criterion_name(criterion).partition(",")[0]  # the rest is too long for a label
        axis.vlines(line["x"], line["lower"], line["upper"], color=look["color"], lw=0.8, alpha=0.5)
        lines += axis.plot(line["x"], line["mean"], markersize=3.5, label=name, **look)
    crossed = means[means["emptied"]]
    if len(crossed):
        label = "a layer is emptied in at least one run"
        axis.plot(crossed["x"], crossed["mean"], "x", color="k", ms=5.5, mew=0.9, label=label)
    return lines


def _scale_sparsity(axis: plt.Axes, sparsities: pd.Series) -> None:
    """Make a horizontal scale logarithmic in what remains, with room for all sparsities."""
    lowest, highest = sparsities.min(), min(sparsities.max(), HIGHEST)
    ticks = [tick for tick in TICKS if lowest - 1e-9 <= tick <= highest]
    labels = [f"{tick:g}" for tick in ticks]
    if highest == HIGHEST:
        ticks, labels = [*ticks, HIGHEST], [*labels, f"≥{HIGHEST:g}"]
    axis.set_xscale("log")
    axis.set_xticks([100 - tick for tick in ticks], labels, fontsize=6)
    axis.set_xticks([], minor=True)
    axis.set_xlim(1.15 * (100 - lowest), (100 - highest) / 1.15)


def add_effective_sparsity(runs: pd.DataFrame, layers: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with `effective_sparsity` (percent) and the number of `emptied_layers`.

    A layer is emptied if no connection among its weights is on a path from input to output.

    Args:
        layers: the table of layers, with the counts of each prunable parameter tensor.
    """
    weights = layers["layer"].str.endswith("weight")
    counts = layers.assign(emptied_layers=weights & (layers["effective"] == 0))
    counts = counts.groupby(KEY, sort=False)[["parameters", "effective", "emptied_layers"]].sum()
    remaining = counts["effective"] / counts["parameters"]
    counts["effective_sparsity"] = (100 * (1 - remaining)).round(4)
    added = counts[["effective_sparsity", "emptied_layers"]].reset_index()
    return runs.merge(added, on=KEY, how="left")


def compare(runs: pd.DataFrame, error: str) -> pd.DataFrame:
    """Rank the criteria of each network and sparsity, and compare them with COMPARED.

    Args:
        runs: the table of runs.
        error: the column of the errors, percent.

    Returns:
        POINT, `rank` (1 has the lowest mean error) and DIFFERENCE: how much higher the error is
        than COMPARED's, percentage points, paired by seed, with 95 % intervals that hold at once
        for all criteria of the network and sparsity. A criterion that lacks one of COMPARED's seeds
        has no difference.
    """
    rows = []
    places = ["dataset", "network", "sparsity"]
    for place, panel in runs[runs["sparsity"] > 0].groupby(places, sort=False):
        errors = panel.pivot(index="seed", columns="criterion", values=error)
        ranks = errors.mean().round(10).rank(method="min").astype(int)
        found = {}
        if COMPARED in errors:
            errors = errors.loc[errors[COMPARED].notna()].dropna(axis=1)
            others = errors.drop(columns=COMPARED).sub(errors[COMPARED], axis=0)
            intervals = simultaneous_intervals(others, 0.95, ERROR_STEP)
            found = {each.comparison: (each.value, each.lower, each.upper) for each in intervals}
        for criterion, rank in ranks.items():
            difference = found.get(criterion, (np.nan,) * 3)
            rows.append([*place, criterion, rank, *difference])
    return pd.DataFrame(rows, columns=[*places, "criterion", "rank", *DIFFERENCE])


def _numbers(points: pd.DataFrame, compared: pd.DataFrame, error: str) -> pd.DataFrame:
    """Return one row per run: its error and connections, its point's mean, rank and difference."""
    columns = [*POINT, "seed", error, "effective_sparsity", "emptied_layers"]
    columns += ["mean", "lower", "upper"]
    numbers = points[columns].merge(compared, on=POINT, how="left")
    return numbers.astype({"rank": "Int64"})
