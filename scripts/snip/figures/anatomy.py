"""The anatomy of masks, which the paper does not show: what they keep of each layer, by sparsity.

Density is the share of a layer's connections that are kept. Effective density only counts those on
a path from input to output.
"""

import itertools

import pandas as pd
import seaborn as sns

from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, network_name
from snip.tables.collect import tabulate_anatomies
from snip.tables.published import CRITERION

# Sparsities that are labelled, percent.
TICKS = [0, 50, 80, 90, 95, 98, 99]
KINDS = {"density": "Kept (%)", "effective_density": "On a path (%)"}
# Lower densities (percent), such as 0, are drawn here.
FLOOR = 0.05


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw the anatomy of a study's masks; see `plot`."""
    table = tabulate_anatomies(inputs.mask_files(inputs.seeds[0]))
    return plot(table, inputs.origin)


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the densities of each layer: a line per criterion, two rows of panels per network.

    Args:
        table: the table of masks of one seed (see `tables.collect.tabulate_anatomies`).

    Returns:
        The figure, and the rows of weights, with density and effective_density, percent.
    """
    style.use_style()
    weights = table[table["layer"].str.endswith("weight")].infer_objects()
    for density, count in {"density": "kept", "effective_density": "effective"}.items():
        weights[density] = (100 * weights[count] / weights["parameters"]).round(4)
    criteria = sorted(weights["criterion"].unique(), key=lambda name: (name != CRITERION, name))
    names = {name: criterion_name(name).partition(",")[0] for name in criteria}
    drawn = weights.assign(
        remaining=100 - weights["sparsity"], name=weights["criterion"].map(names)
    )
    drawn[list(KINDS)] = drawn[list(KINDS)].clip(lower=FLOOR)
    networks = style.groups(drawn, "network")
    columns = max(panels["layer"].nunique() for _, panels in networks)
    figure, axes = plt.subplots(
        2 * len(networks),
        columns,
        figsize=(style.PAGE, 3.5 * len(networks) + 0.5),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    order = list(names.values())
    lines = {"x": "remaining", "hue": "name", "style": "name", **style.looks(order)}
    for index, (network, of_network) in enumerate(networks):
        layers = style.groups(of_network, "layer")
        for (column, (layer, panel)), row in itertools.product(enumerate(layers), (0, 1)):
            axis = axes[2 * index + row, column]
            kind, label = list(KINDS.items())[row]
            sns.lineplot(
                panel, y=kind, hue_order=order, style_order=order, ms=3.5, mew=0, **lines, ax=axis
            )
            axis.axline((100, 100), (1, 1), color="0.4", ls=":", lw=0.7, zorder=0)
            axis.set_title(
                "" if row else f"{network_name(network)}, {layer.removesuffix('.weight')}"
            )
            axis.set_xlabel("Sparsity (%)", visible=row == 1)
            axis.set_ylabel("" if column else label)
            axis.tick_params(labelbottom=row == 1, labelleft=column == 0)
        for axis in axes[2 * index : 2 * index + 2, len(layers) :].flat:
            axis.set_visible(False)
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylim(0.8 * FLOOR, 130)
    style.plain_log(axes[0, 0].yaxis, FLOOR, 100)
    style.sparsity_scale(axes[0, 0], TICKS, 0, weights["sparsity"].max())
    style.legend(figure, axes.flat, 5)
    style.small_print(
        figure,
        origin,
        f"masks of seed {weights['seed'].iloc[0]}",
        "on a path: from input to output",
        f"dotted: equal in all layers; below {FLOOR:g} % at the edge",
    )
    return figure, weights
