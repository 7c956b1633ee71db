"""The anatomy of masks, beyond the paper: what is left of each layer, by sparsity.

Density is the share of a layer's connections that are kept; effective density counts only those on
a path from input to output.
"""

import textwrap
from pathlib import Path

import pandas as pd
import seaborn as sns

from snip.figures import style
from snip.figures.provenance import Origin
from snip.figures.source import Source
from snip.figures.style import plt
from snip.study.names import criterion_name, network_name
from snip.tables.collect import tabulate_anatomies

# Panels in a row, at most.
COLUMNS = 5
TICKS = [0, 50, 80, 90, 95, 98, 99]


def show(source: Source, prefix: Path) -> None:
    """Draw the anatomy of a study's masks and save it."""
    figure, shown = plot(tabulate_anatomies(source.mask_files()), source.origin)
    style.save(figure, shown, source.origin, prefix)


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the densities of each layer: rows of panels per network, a panel per criterion.

    Args:
        table: the table of masks (see `tables.tabulate_masks`); of several seeds, the lowest is
            shown.

    Returns:
        The figure, and the rows of weights that it shows, with density and effective_density,
        percent.
    """
    style.use_style()
    shown = table[table["seed"] == table["seed"].min()].infer_objects()
    shown = shown[shown["layer"].str.endswith("weight")]
    shown["density"] = (100 * shown["kept"] / shown["parameters"]).round(4)
    shown["effective_density"] = (100 * shown["effective"] / shown["parameters"]).round(4)
    criteria, networks = (list(shown[axis].unique()) for axis in ("criterion", "network"))
    bands = -(-len(criteria) // COLUMNS)  # rows that a network takes
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
    floor = 10**-1.5 * (100 - shown["sparsity"].max())
    for index, network in enumerate(networks):
        of_network = shown[shown["network"] == network]
        looks = layer_looks(list(of_network["layer"].unique()))
        for number, criterion in enumerate(criteria):
            axis = axes[index * bands + number // columns, number % columns]
            panel = of_network[of_network["criterion"] == criterion]
            _draw_panel(axis, panel, looks, floor)
            if bands > 1 or index == 0:
                title = textwrap.fill(criterion_name(criterion), 22)
                axis.set_title(title, loc="left", fontsize=7)
            if number % columns == 0:
                axis.set_ylabel(f"{network_name(network)}\nkept (%)")
        _legend(axes[index * bands, -1])
    _scale_axes(axes, shown["sparsity"].max(), floor)
    _hide_spare(axes, len(criteria), bands)
    style.small_print(
        figure,
        origin,
        "solid: connections kept, dashed: on a path from input to output, cross: none, "
        "dotted: equal in all layers",
        f"pruning batch of {shown['batch_size'].iloc[0]} examples, seed {shown['seed'].iloc[0]}",
    )
    return figure, shown


def layer_looks(layers: list[str]) -> dict[str, tuple]:
    """Return a colour per layer; more than there are colours go from dark to light by depth."""
    if len(layers) <= len(style.COLORS):
        return dict(zip(layers, style.COLORS, strict=False))
    return dict(zip(layers, sns.color_palette("viridis", len(layers)), strict=True))


def _draw_panel(axis: plt.Axes, panel: pd.DataFrame, colors: dict[str, tuple], floor: float):
    """Draw two lines per layer; densities below `floor`, such as 0, are drawn there."""
    highest = 100 - panel["sparsity"].max()
    axis.plot([100, highest], [100, highest], color=style.GREY, lw=0.7, ls=":", zorder=1)
    for layer, color in colors.items():
        points = panel[panel["layer"] == layer].sort_values("sparsity")
        left = 100 - points["sparsity"]
        kept = points["density"].clip(lower=floor)
        effective = points["effective_density"].clip(lower=floor)
        axis.plot(left, kept, color=color, label=layer.removesuffix(".weight"))
        axis.plot(left, effective, color=color, ls="--", lw=0.8)
        emptied = points["effective"] == 0
        axis.plot(left[emptied], kept[emptied] * 0 + floor, "x", color=color, ms=4, mew=1)


def _scale_axes(axes, highest: float, floor: float) -> None:
    """Scale the axes, which all share, by the logarithm of what is left."""
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


def _hide_spare(axes, criteria: int, bands: int) -> None:
    """Hide the panels behind the last criterion's; the lowest visible ones have the scale."""
    columns = axes.shape[1]
    for row, column in ((r, c) for r in range(len(axes)) for c in range(columns)):
        band = row % bands
        axes[row, column].set_visible(band * columns + column < criteria)
        if row >= len(axes) - bands and (band + 1) * columns + column >= criteria:
            axes[row, column].set_xlabel("Sparsity (%)")
            axes[row, column].tick_params(labelbottom=True)
