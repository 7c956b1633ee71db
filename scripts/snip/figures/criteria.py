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
from snip.tables.intervals import ERROR_STEP, add_intervals, interval, runs_phrase
from snip.tables.paths import add_paths

# The criterion that all others are compared with.
COMPARED = "snip"
# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "network", "criterion", "sparsity"]
RANKS = ["rank", "median_rank"]
DIFFERENCE = ["difference", "difference_lower", "difference_upper", "n", "worse"]
# The confidence that the intervals of all differences of the figure hold at once.
LEVEL = 0.95
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
    points = add_intervals(add_paths(runs, layers), POINT, error)
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
        style.log_errors(axes[row, 0])
        axes[row, 0].set_ylim(0.85 * of_network[error].min(), 110)
        for axis, sparsity in zip(axes[row], SPARSITIES, strict=True):
            draw_reference(axis, of_network)
            pruned = of_network[of_network["sparsity"] > 0]
            lines[axis] = _draw_criteria(axis, pruned, error, sparsity, looks)
    _label_axes(axes, networks, error)
    for axis, sparsity in zip(axes[-1], SPARSITIES, strict=True):
        _scale_sparsity(axis, points.loc[points["sparsity"] > 0, sparsity])
    direct = [line.get_label() for each in lines.values() for line in each]
    entries = zip(*style.legend_entries(axes.flat), strict=True)
    handles = [handle for handle, label in entries if label not in direct]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    style.small_print(
        figure,
        origin,
        f"mean of {runs_phrase(points['n'])} per point (faint: one run), bars: 95 % intervals "
        "(those that reach beyond the scale end at its edge)",
        "right: mean effective sparsity, which also counts what is on no path from input to output "
        f"(from {HIGHEST:g} % on at the edge)",
    )
    figure.draw_without_rendering()  # lays out the panels; the labels depend on their sizes
    for axis in axes[:, 0]:
        label_ends(axis, lines[axis])
    return figure, _numbers(points, compare(points, error), error)


def _label_axes(axes: np.ndarray, networks: list[str], error: str) -> None:
    """Write titles, and what the scales show."""
    for index, axis in enumerate(axes.flat):
        title = style.panel_title(index, axes.size, network_name(networks[index // 2]))
        axis.set_title(title, loc="left")
        axis.tick_params(labelleft=True)
    for axis in axes[:, 0]:
        axis.set_ylabel(style.error_label(error))
    for axis, label in zip(axes[-1], SPARSITIES.values(), strict=True):
        axis.set_xlabel(label)


def _draw_criteria(
    axis: plt.Axes, points: pd.DataFrame, error: str, sparsity: str, looks: dict
) -> list[plt.Line2D]:
    """Draw each run as a faint point, and the means of each criterion with their intervals.

    Points whose networks lack a path are crossed out.

    Returns:
        The lines, whose labels are the names of the criteria.
    """
    by_point = points.groupby(POINT, sort=False)
    x = 100 - by_point[sparsity].mean().clip(upper=HIGHEST).rename("x")
    pathless = by_point["no_path"].any().rename("pathless")
    means = points.drop_duplicates(POINT).merge(x, on=POINT).merge(pathless, on=POINT)
    # A logarithmic scale cannot show limits below 0.
    means["lower"] = means["lower"].clip(lower=axis.get_ylim()[0])
    lines = []
    for criterion, line in means.sort_values("sparsity").groupby("criterion", sort=False):
        look = looks[criterion]
        name = criterion_name(criterion).partition(",")[0]  # the rest is too long for a label
        runs = points[points["criterion"] == criterion]
        faint = {"color": look["color"], "marker": look["marker"], "alpha": 0.3, "linewidths": 0}
        axis.scatter(100 - runs[sparsity].clip(upper=HIGHEST), runs[error], s=6, **faint)
        axis.vlines(line["x"], line["lower"], line["upper"], color=look["color"], lw=0.8, alpha=0.5)
        lines += axis.plot(line["x"], line["mean"], markersize=3.5, label=name, **look)
    crossed = means[means["pathless"]]
    draw_crosses(axis, crossed["x"], crossed["mean"])
    return lines


def draw_crosses(axis: plt.Axes, x: pd.Series, y: pd.Series) -> None:
    """Cross out points whose networks have no path from input to output in at least one run."""
    if len(x):
        label = "no path from input to output in at least one run"
        axis.plot(x, y, "x", color="k", ms=5.5, mew=0.9, label=label)


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


def compare(runs: pd.DataFrame, error: str) -> pd.DataFrame:
    """Rank the criteria of each network and sparsity, and compare them with COMPARED.

    Args:
        runs: the table of runs.
        error: the column of the errors, percent.

    Returns:
        POINT, `rank` (1 has the lowest mean error), `median_rank` (by the median) and DIFFERENCE:
        how much higher the error is than COMPARED's, percentage points, paired by seed, with t
        intervals that hold at once for all rows with confidence LEVEL (Bonferroni); the number of
        seeds `n`, and in how many of them the error is higher (`worse`). A criterion that lacks one
        of COMPARED's seeds has no difference.
    """
    places, ranks, differences = ["dataset", "network", "sparsity"], {}, {}
    for place, panel in runs[runs["sparsity"] > 0].groupby(places, sort=False):
        errors = panel.pivot(index="seed", columns="criterion", values=error)
        ordered = [_ranks(errors.mean()), _ranks(errors.median())]
        ranks |= {(*place, name): [each[name] for each in ordered] for name in errors}
        if COMPARED in errors:
            errors = errors.loc[errors[COMPARED].notna()].dropna(axis=1)
            others = errors.drop(columns=COMPARED).sub(errors[COMPARED], axis=0)
            differences |= {(*place, name): others[name] for name in others}
    rows = []
    for point, ranked in ranks.items():
        compared = [np.nan] * 3 + [pd.NA] * 2
        if point in differences:
            values = differences[point]
            mean = interval(values, 1 - (1 - LEVEL) / len(differences), ERROR_STEP)
            compared = [mean.value, mean.lower, mean.upper, mean.n, (values > 0).sum()]
        rows.append([*point, *ranked, *compared])
    table = pd.DataFrame(rows, columns=[*places, "criterion", *RANKS, *DIFFERENCE])
    return table.astype(dict.fromkeys([*RANKS, "n", "worse"], "Int64"))


def _ranks(errors: pd.Series) -> pd.Series:
    """Return the ranks of errors; equal ones share a rank. Rounding removes noise of summation."""
    return errors.round(10).rank(method="min").astype(int)


def _numbers(points: pd.DataFrame, compared: pd.DataFrame, error: str) -> pd.DataFrame:
    """Return one row per run: its error and paths, its point's mean, ranks and difference."""
    columns = [*KEY, error, "effective_sparsity", "no_path", "mean", "lower", "upper"]
    return points[columns].merge(compared, on=POINT, how="left")
