"""Controls of masks, which the paper does not show: their test errors, and those of masks as is."""

import math
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from snip.claims.controls import (
    AS_IS,
    BASELINES,
    MASK,
    VARIANTS,
    read_verdicts,
    with_variants,
)
from snip.claims.readable import level_text
from snip.claims.verdicts import INCONCLUSIVE
from snip.figures import style
from snip.figures.criteria import draw_crosses
from snip.figures.errors import draw_reference
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.axes import KEY
from snip.study.names import criterion_name, network_name
from snip.tables.intervals import add_intervals, runs_phrase
from snip.tables.paths import add_paths

# Most panels in a row.
COLUMNS = 4
# Points that share a sparsity stand side by side, on this share of the distance to the next.
SPREAD = 0.72
# Below this difference (percentage points) the scale of differences is linear.
LINEAR = 0.1
# Of the rows of panels for a network and criterion, inches: errors, differences from BASELINES.
HEIGHTS = [1.7, 1.3, 1.1]
# Of each point, which is the mean over the runs of all seeds.
POINT = [*MASK, "variant"]


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw a study's controls and save the figure."""
    runs = add_paths(inputs.table("runs"), inputs.table("layers"))
    runs = with_variants(runs, inputs.part["settings"])
    judged = read_verdicts(inputs.results / "tables" / "controls.csv", inputs.part)
    figure, numbers = plot(runs, judged, inputs.error, inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(
    runs: pd.DataFrame, judged: pd.DataFrame, error: str, origin: Origin
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of each network and criterion, and below them the judged differences.

    Args:
        runs: the table of runs with the columns of `add_paths` and `variant`.
        judged: see `claims.controls.read_verdicts`.
        error: the column of the errors, percent.

    Returns:
        The figure, and the numbers that it shows: one row per run.
    """
    style.use_style()
    # The reference is that of the mask as is.
    runs = runs[(runs["sparsity"] > 0) | (runs["variant"] == AS_IS.name)]
    runs = add_intervals(runs, POINT, error)
    sparsities = sorted(judged["sparsity"].unique())
    looks = style.series_looks(VARIANTS)
    panels = list(judged.groupby(["network", "criterion"], sort=False))
    figure, axes = _panels([key for key, _ in panels], error)
    several = judged["network"].nunique() > 1
    for index, (((network, criterion), differences), (upper, *lower)) in enumerate(
        zip(panels, axes, strict=True)
    ):
        of_network = runs[runs["network"] == network]
        draw_reference(upper, of_network)
        pruned = of_network[(of_network["criterion"] == criterion) & (of_network["sparsity"] > 0)]
        _draw_errors(upper, pruned, error, sparsities, looks)
        for axis, baseline in zip(lower, BASELINES, strict=True):
            compared = differences[differences["baseline"] == baseline]
            _draw_differences(axis, compared, sparsities, looks)
        names = [criterion_name(criterion), *[network_name(network)] * several]
        title = textwrap.fill(style.panel_title(index, len(panels), *names), 27)
        upper.set_title(title, loc="left", fontsize=7)
    limits = np.append(judged[["value", "lower", "upper"]], [-LINEAR, LINEAR])
    _scale_axes(*axes[0], sparsities, (1.5 * np.nanmin(limits), 1.5 * np.nanmax(limits)))
    axes[0][0].set_ylim(0.85 * runs[error].min(), min(110, 1.5 * runs[error].max()))
    figure.align_ylabels()
    handles = style.legend_entries(axis for panel in axes for axis in panel)
    columns = len(VARIANTS) if len(handles[0]) == len(VARIANTS) else 3
    figure.legend(*handles, loc="outside upper center", ncols=columns, frameon=False)
    style.small_print(figure, origin, *_notes(runs, judged))
    return figure, _numbers(runs, judged, error)


def _panels(keys: list[tuple[str, str]], error: str) -> tuple[plt.Figure, list[np.ndarray]]:
    """Return a figure, and per network and criterion its axes, from above: errors, differences.

    All axes of a kind have the same scales.
    """
    criteria = pd.Series([network for network, _ in keys]).value_counts().max()
    columns = min(COLUMNS, criteria)
    bands = -(-len(keys) // columns)
    rows = len(HEIGHTS)
    figure, grid = plt.subplots(
        rows * bands,
        columns,
        height_ratios=HEIGHTS * bands,
        figsize=(style.PAGE, bands * (sum(HEIGHTS) + 0.2) + 0.7),
        sharex=True,
        squeeze=False,
    )
    labels = [style.error_label(error), *(f"Higher than\n{name} (points)" for name in BASELINES)]
    panels = []
    for index in range(bands * columns):
        band, column = divmod(index, columns)
        panel = grid[rows * band : rows * (band + 1), column]
        for axis, first, label in zip(panel, grid[:rows, 0], labels, strict=True):
            axis.sharey(first)
            axis.tick_params(labelleft=column == 0)
            if column == 0:
                axis.set_ylabel(label)
            axis.set_visible(index < len(keys))
        panel[-1].tick_params(labelbottom=True)
        panel[-1].set_xlabel("Sparsity (%)")
        panels.append(panel)
    return figure, panels[: len(keys)]


def _places(table: pd.DataFrame, sparsities: list[float]) -> pd.Series:
    """Return where along the horizontal axis each row of a table lies."""
    order = list(VARIANTS)
    offset = table["variant"].map(order.index) - (len(order) - 1) / 2
    return table["sparsity"].map(sparsities.index) + SPREAD * offset / (len(order) - 1)


def _draw_errors(
    axis: plt.Axes, runs: pd.DataFrame, error: str, sparsities: list[float], looks: dict
) -> None:
    """Draw each run as a faint point, and the means of each variant with their 95 % intervals.

    Points whose networks lack a path are crossed out.
    """
    for variant in VARIANTS:
        points = runs[runs["variant"] == variant]
        look = looks[variant] | {"linestyle": "none"}
        x = _places(points, sparsities)
        faint = {"color": look["color"], "marker": look["marker"], "alpha": 0.3}
        axis.scatter(x, points[error], s=5, linewidths=0, **faint)
        means = points.drop_duplicates("sparsity")
        _draw_means(axis, _places(means, sparsities), means, "mean", look, variant)
    pathless = runs[runs["no_path"]].drop_duplicates(POINT)
    draw_crosses(axis, _places(pathless, sparsities), pathless["mean"])


def _draw_differences(
    axis: plt.Axes, differences: pd.DataFrame, sparsities: list[float], looks: dict
) -> None:
    """Draw the mean difference of each variant; a marker is hollow if its interval contains 0."""
    axis.axhline(0, color=style.GREY, linestyle="--", zorder=1)
    for row in differences.itertuples():
        look = looks[row.variant] | {"linestyle": "none"}
        if row.verdict == INCONCLUSIVE:
            look |= {"markerfacecolor": "white"}
        point = differences.loc[[row.Index]]
        _draw_means(axis, _places(point, sparsities), point, "value", look)


def _draw_means(
    axis: plt.Axes, x: pd.Series, means: pd.DataFrame, mean: str, look: dict, label: str = ""
) -> None:
    axis.errorbar(
        x,
        means[mean],
        yerr=[means[mean] - means["lower"], means["upper"] - means[mean]],
        markersize=3.5,
        markeredgewidth=0.8,
        elinewidth=0.8,
        label=label or None,
        **look,
    )


def _scale_axes(
    upper: plt.Axes,
    below: plt.Axes,
    lowest: plt.Axes,
    sparsities: list[float],
    limits: tuple[float, float],
) -> None:
    """Set the scales, which all panels of a row share.

    Args:
        limits: of the differences, percentage points.
    """
    style.log_errors(upper)
    powers = [10.0**exponent for exponent in range(round(math.log10(LINEAR)), 3)]
    for axis in (below, lowest):
        axis.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
        axis.set_yticks([*(-power for power in powers), 0, *powers])
        axis.set_yticks([], minor=True)
        axis.yaxis.set_major_formatter("{x:g}")
        axis.set_ylim(*limits)
    upper.set_xticks(range(len(sparsities)), [f"{sparsity:g}" for sparsity in sparsities])
    upper.set_xlim(-0.5, len(sparsities) - 0.5)


def _notes(runs: pd.DataFrame, judged: pd.DataFrame) -> list[str]:
    """Return the parts of the small print."""
    level = level_text(judged.iloc[0])
    notes = [
        f"{runs_phrase(runs['n'])} per point (faint: one run, bars above: 95 % intervals)",
        f"below: paired by seed, the intervals that decide the verdicts ({level} each, so that "
        f"all {len(judged)} hold at once), hollow: the interval contains 0",
        f"the scale is linear between −{LINEAR:g} and {LINEAR:g}",
    ]
    if judged["value"].isna().any():
        notes.append("no point: nothing to compare with, see the table of verdicts")
    return notes


def _numbers(runs: pd.DataFrame, judged: pd.DataFrame, error: str) -> pd.DataFrame:
    """Return one row per run: its error, and mean and judged differences of its point."""
    columns = [*KEY, "variant", error, "on_path", "no_path", "mean", "lower", "upper"]
    numbers = runs[columns]
    for baseline, prefix in zip(BASELINES, ("difference", "from_redrawn"), strict=True):
        names = {"value": prefix, "lower": f"{prefix}_lower", "upper": f"{prefix}_upper"}
        names["verdict"] = "verdict" if baseline == AS_IS.name else f"{prefix}_verdict"
        compared = judged[judged["baseline"] == baseline].rename(columns=names)
        numbers = numbers.merge(compared[[*POINT, *names.values()]], on=POINT, how="left")
    return numbers
