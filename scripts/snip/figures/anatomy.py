"""The anatomy of masks, which the paper does not show: what they keep of each layer, by sparsity.

Density is the share of a layer's connections that are kept. Effective density only counts those on
a path from input to output.
"""

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns

from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, network_name
from snip.tables.collect import tabulate_anatomies

# Most panels in a row.
COLUMNS = 5
# Sparsities that are labelled, percent.
TICKS = [0, 50, 80, 90, 95, 98, 99]


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw the anatomy of a study's masks and save it."""
    figure, numbers = plot(tabulate_anatomies(inputs.mask_files()), inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the densities of each layer: a panel per criterion, in rows per network.

    Args:
        table: the table of masks (see `tables.collect.tabulate_anatomies`). The figure shows the
            weights of the lowest seed.

    Returns:
        The figure, and the rows that it shows, with density and effective_density, percent.
    """
    style.use_style()
    weights = table[table["seed"] == table["seed"].min()].infer_objects()
    weights = weights[weights["layer"].str.endswith("weight")]
    weights["density"] = (100 * weights["kept"] / weights["parameters"]).round(4)
    weights["effective_density"] = (100 * weights["effective"] / weights["parameters"]).round(4)
    criteria, networks = (list(weights[axis].unique()) for axis in ("criterion", "network"))
    bands = -(-len(criteria) // COLUMNS)  # rows per network
    columns = -(-len(criteria) // bands)
    rows = len(networks) * bands
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(style.PAGE, 1.75 * rows + 0.55),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    floor = 10**-1.5 * (100 - weights["sparsity"].max())
    for index, network in enumerate(networks):
        of_network = weights[weights["network"] == network]
        colors = layer_colors(list(of_network["layer"].unique()))
        for number, criterion in enumerate(criteria):
            axis = axes[index * bands + number // columns, number % columns]
            panel = of_network[of_network["criterion"] == criterion]
            _draw_panel(axis, panel, colors, floor)
            if bands > 1 or index == 0:
                title = textwrap.fill(criterion_name(criterion), 22)
                axis.set_title(title, loc="left", fontsize=7)
            if number % columns == 0:
                axis.set_ylabel(f"{network_name(network)}\nkept (%)")
        _legend(axes[index * bands, -1])
    _scale_axes(axes, weights["sparsity"].max(), floor)
    _hide_spare(axes, len(criteria), bands)
    style.small_print(
        figure,
        origin,
        "solid: connections kept, dashed: on a path from input to output, cross: none, "
        "dotted: equal in all layers",
        f"seed {weights['seed'].iloc[0]}",
    )
    return figure, weights


def layer_colors(layers: list[str]) -> dict[str, tuple]:
    """Return a colour per layer; colours of many layers go from dark to light by depth."""
    if len(layers) <= len(style.COLORS):
        return dict(zip(layers, style.COLORS, strict=False))
    return dict(zip(layers, sns.color_palette("viridis", len(layers)), strict=True))


def _draw_panel(axis: plt.Axes, panel: pd.DataFrame, colors: dict[str, tuple], floor: float):
    """Draw two lines per layer; densities below `floor`, such as 0, are drawn at `floor`."""
    lowest = 100 - panel["sparsity"].max()
    axis.plot([100, lowest], [100, lowest], color=style.GREY, lw=0.7, ls=":", zorder=1)
    for layer, color in colors.items():
        points = panel[panel["layer"] == layer].sort_values("sparsity")
        remaining = 100 - points["sparsity"]
        kept = points["density"].clip(lower=floor)
        effective = points["effective_density"].clip(lower=floor)
        axis.plot(remaining, kept, color=color, label=layer.removesuffix(".weight"))
        axis.plot(remaining, effective, color=color, ls="--", lw=0.8)
        emptied = points["effective"] == 0
        axis.plot(remaining[emptied], kept[emptied] * 0 + floor, "x", color=color, ms=4, mew=1)


def _scale_axes(axes: np.ndarray, highest: float, floor: float) -> None:
    """Make the scales of all panels, which share them, logarithmic in what remains.

    Args:
        highest: the highest sparsity, percent.
        floor: the lowest density that is drawn, percent.
    """
    ticks = [tick for tick in TICKS if tick <= highest]
    axis = axes[0, 0]
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.invert_xaxis()
    axis.set_xticks([100 - tick for tick in ticks], [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.set_ylim(floor * 0.7, 140)
    axis.yaxis.set_major_formatter("{x:g}")
    for axis in axes.flat:
        axis.tick_params(axis="x", labelsize=6)


def _legend(axis: plt.Axes) -> None:
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        ncols=-(-len(labels) // 12),
        frameon=False,
        handlelength=1.2,
    )


def _hide_spare(axes: np.ndarray, criteria: int, bands: int) -> None:
    """Hide the panels after the last criterion's, and label the lowest visible ones."""
    columns = axes.shape[1]
    for row, column in ((r, c) for r in range(len(axes)) for c in range(columns)):
        band = row % bands
        axes[row, column].set_visible(band * columns + column < criteria)
        if row >= len(axes) - bands and (band + 1) * columns + column >= criteria:
            axes[row, column].set_xlabel("Sparsity (%)")
            axes[row, column].tick_params(labelbottom=True)
