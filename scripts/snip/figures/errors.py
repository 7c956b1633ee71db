"""Figure 1: test error by sparsity, and its difference from that of the reference."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from snip.claims.errors import NETWORKS
from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.axes import KEY
from snip.study.names import criterion_name, dataset_name, network_name
from snip.tables.intervals import add_intervals, differences_from_reference, runs_phrase

LABEL_BELOW = "Difference from\nreference (points)"
# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "network", "criterion", "sparsity"]


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw Figure 1 of a study and save it."""
    table = inputs.table("runs")
    margins = {NETWORKS[claim]: margin for claim, margin in inputs.part["margins"].items()}
    figure, numbers = plot(
        table,
        inputs.error,
        differences_from_reference(table, inputs.error),
        "simultaneous 95 % intervals (Dunnett, runs paired by seed); claims 1a and 1b are "
        "judged at the stricter level of the table of claims",
        margins,
        inputs.origin,
    )
    style.save(figure, numbers, inputs.origin, prefix)


def plot(
    table: pd.DataFrame,
    error: str,
    differences: pd.DataFrame,
    intervals: str,
    margins: Mapping[str, float],
    origin: Origin,
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of each network and data set, and below them the differences.

    Args:
        table: the table of runs.
        error: the column of the errors, percent.
        differences: what `intervals.differences_from_reference` returns. Without rows, the figure
            has no panels for them.
        intervals: the kind of intervals that the differences have, for the small print.
        margins: per network, the difference that counts as none, percentage points.

    Returns:
        The figure, and the numbers that it shows: one row per run.
    """
    style.use_style()
    runs = add_intervals(table, POINT, error)
    looks = style.series_looks(runs["criterion"].unique())
    panels = list(runs.groupby(["network", "dataset"], sort=False))
    figure, axes = _panels(len(panels), bool(len(differences)), len(looks), error)
    for index, ((network, dataset), panel) in enumerate(panels):
        upper = axes[index][0]
        draw_reference(upper, panel)
        draw_errors(upper, panel, "sparsity", error, looks)
        names = [network_name(network), dataset_name(dataset)]
        upper.set_title(style.panel_title(index, len(panels), *names), loc="left")
        _label_sparsities(axes[index][-1], sorted(panel["sparsity"].unique()))
        if len(differences):
            here = differences[["network", "dataset"]].eq([network, dataset]).all(axis=1)
            draw_differences(axes[index][1], differences[here], looks, margins.get(network))
    figure.align_ylabels()
    handles = style.legend_entries(axis for pair in axes for axis in pair)
    columns = 1 if len(panels) == 1 else 2
    figure.legend(*handles, loc="outside upper center", ncols=columns, frameon=False)
    notes = [f"{runs_phrase(runs['n'])} per point"]
    notes += [f"differences: {intervals}"] if len(differences) else []
    style.small_print(figure, origin, *notes)
    return figure, _numbers(runs, differences, error)


def _panels(
    count: int, with_differences: bool, criteria: int, error: str
) -> tuple[plt.Figure, list[list[plt.Axes]]]:
    """Return a figure, and per panel its axes: for the errors and, if any, the differences."""
    columns, bands = min(count, 2), -(-count // 2)
    heights = [2.0, 1.1] if with_differences else [2.4]
    figure, grid = plt.subplots(
        bands * len(heights),
        columns,
        height_ratios=heights * bands,
        figsize=(
            style.COLUMN if columns == 1 else style.PAGE,
            bands * (sum(heights) + 0.3) + 0.6 + 0.13 * criteria,
        ),
        squeeze=False,
    )
    axes = []
    for index in range(bands * columns):
        first = index // columns * len(heights)
        panel = list(grid[first : first + len(heights), index % columns])
        if with_differences:
            panel[1].sharex(panel[0])
            panel[0].tick_params(labelbottom=False)
        if index % columns == 0:
            if with_differences:
                panel[1].set_ylabel(LABEL_BELOW)
            panel[0].set_ylabel(style.error_label(error))
        for axis in panel:
            axis.set_visible(index < count)
        axes.append(panel)
    return figure, axes[:count]


def _label_sparsities(axis: plt.Axes, sparsities: list[float]) -> None:
    """Put a tick at every sparsity, and label those that have room for a label."""
    labels, last = [], None
    for sparsity in sparsities:
        near = last is not None and sparsity - last < 0.05 * (sparsities[-1] - sparsities[0])
        labels.append("" if near else f"{sparsity:g}")
        last = last if near else sparsity
    axis.set_xticks(sparsities, labels)
    axis.set_xlabel("Sparsity (%)")


def draw_reference(axis: plt.Axes, panel: pd.DataFrame) -> None:
    """Draw the mean of the reference as a line, its interval as a band."""
    reference = panel[panel["sparsity"] == 0]
    if len(reference):
        limits = reference.iloc[0]
        axis.axhspan(limits["lower"], limits["upper"], color=style.GREY, alpha=0.25, lw=0)
        axis.axhline(
            limits["mean"],
            color=style.GREY,
            linestyle="--",
            zorder=1,
            label="reference (not pruned), band: 95 % interval",
        )


def draw_errors(
    axis: plt.Axes, table: pd.DataFrame, x: str, error: str, looks: Mapping[str, dict]
) -> None:
    """Draw each run as a faint point, and each criterion's means with their 95 % intervals.

    Args:
        table: one row per run, with the columns that `add_intervals` adds.
        x: the column along the horizontal axis.
        error: the column of the errors.
        looks: per criterion, see `style.series_looks`.
    """
    for criterion, points in table.groupby("criterion", sort=False):
        look = looks[criterion]
        axis.scatter(
            points[x],
            points[error],
            s=9,
            color=look["color"],
            marker=look["marker"],
            alpha=0.35,
            linewidths=0,
            label="one run",
        )
        label = f"{criterion_name(criterion)}: mean, 95 % interval"
        _draw_means(axis, points.drop_duplicates(x).sort_values(x), x, look, label)


def draw_differences(
    axis: plt.Axes, differences: pd.DataFrame, looks: Mapping[str, dict], margin: float | None
) -> None:
    """Draw the differences of each criterion from the reference, and the margin as a band."""
    axis.axhline(0, color=style.GREY, linestyle="--", zorder=1)
    if margin is not None:
        label = "differences that count as none"
        axis.axhspan(-margin, margin, color=style.SKY, alpha=0.25, lw=0, label=label)
    for criterion, points in differences.groupby("criterion", sort=False):
        _draw_means(axis, points.sort_values("sparsity"), "sparsity", looks[criterion])


def _draw_means(
    axis: plt.Axes, means: pd.DataFrame, x: str, look: Mapping, label: str | None = None
) -> None:
    axis.errorbar(
        means[x],
        means["mean"],
        yerr=[means["mean"] - means["lower"], means["upper"] - means["mean"]],
        markersize=3,
        capsize=2,
        elinewidth=0.8,
        label=label,
        **look,
    )


def _numbers(runs: pd.DataFrame, differences: pd.DataFrame, error: str) -> pd.DataFrame:
    """Return one row per run: its error, and mean and difference of its point, with limits."""
    names = {"mean": "difference", "lower": "difference_lower", "upper": "difference_upper"}
    renamed = differences.rename(columns=names)[[*POINT, *names.values()]]
    numbers = runs[[*KEY, error, "mean", "lower", "upper"]]
    return numbers.merge(renamed, on=POINT, how="left")
