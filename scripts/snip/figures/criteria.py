"""Test error of every criterion, which the paper does not show, by two kinds of sparsity.

Effective sparsity counts as removed what is on no path from input to output, too (Vysogorets and
Kempe, "Connectivity matters: neural network pruning through the lens of effective sparsity", 2023).
"""

import pandas as pd

from snip.figures import style
from snip.figures.errors import POINT, draw_unpruned
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, network_name
from snip.study.runs import KEY
from snip.tables.intervals import ERROR_STEP, add_intervals, interval, runs_phrase
from snip.tables.paths import add_paths

# The criterion that all others are compared with.
COMPARED = "snip"
RANKS = ["rank", "median_rank"]
DIFFERENCE = ["difference", "difference_lower", "difference_upper", "n", "worse"]
# The confidence that the intervals of all differences of the figure hold at once.
LEVEL = 0.95
# Sparsities that are labelled, percent.
TICKS = [0, 50, 80, 90, 95, 98, 99, 99.5, 99.9]
# Effective sparsities above this (percent), such as 100, are drawn here.
HIGHEST = 99.99
SPARSITIES = {"sparsity": "Sparsity (%)", "effective_sparsity": "Effective sparsity (%)"}


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw the errors of a study's criteria; see `plot`."""
    runs, layers = inputs.table("runs"), inputs.table("layers")
    return plot(runs, layers, inputs.error, inputs.origin)


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
    names = {name: criterion_name(name).partition(",")[0] for name in criteria}
    points["name"] = points["criterion"].map(names)
    networks = style.groups(points, "network")
    figure, axes = plt.subplots(
        len(networks),
        2,
        figsize=(style.PAGE, 2.4 * len(networks) + 0.15 * -(-len(names) // 4) + 0.3),
        sharex="col",  # on a shared logarithmic scale of errors seaborn would average logarithms
        squeeze=False,
    )
    for index, axis in enumerate(axes.flat):
        network, table = networks[index // 2]
        sparsity, label = list(SPARSITIES.items())[index % 2]
        _draw_panel(axis, table, error, sparsity, style.looks(names.values()))
        axis.set_title(style.panel_title(index, axes.size, network_name(network)))
        axis.set_xlabel(label, visible=True)
        axis.set_ylabel("" if index % 2 else style.error_label(error))
        axis.tick_params(labelbottom=True)
    pruned = points[points["sparsity"] > 0]
    for axis, sparsity in zip(axes[0], SPARSITIES, strict=True):  # of all networks: they share it
        highest = min(pruned[sparsity].max(), HIGHEST)
        style.sparsity_scale(axis, [*TICKS, HIGHEST], pruned[sparsity].min(), highest)
    style.legend(figure, axes.flat, 4)
    style.small_print(
        figure,
        origin,
        f"mean of {runs_phrase(points['n'])} per point, paler marks: single runs, bars: 95 % "
        "intervals",
        "right: mean effective sparsity, which also counts what is on no path from input to output "
        f"(from {HIGHEST:g} % on at the edge)",
        "dashed: not pruned, with its 95 % interval",
    )
    numbers = points[[*KEY, error, "effective_sparsity", "no_path", "mean", "lower", "upper"]]
    return figure, numbers.merge(compare(points, error), on=POINT, how="left")


def _draw_panel(axis: plt.Axes, table: pd.DataFrame, error: str, sparsity: str, look: dict) -> None:
    """Draw the errors of the criteria of one network against one kind of sparsity."""
    draw_unpruned(axis, table)
    pruned = table[table["sparsity"] > 0].copy()
    pruned["beside"] = 100 - pruned[sparsity].clip(upper=HIGHEST)
    pruned["middle"] = pruned.groupby(POINT)[sparsity].transform("mean")
    pruned["middle"] = 100 - pruned["middle"].clip(upper=HIGHEST)
    if sparsity == "sparsity":  # else the means of several criteria stand at one place
        shift = style.dodged(0 * pruned["sparsity"], pruned["name"], look["palette"], room=-0.12)
        pruned[["middle", "beside"]] *= 10 ** shift[["middle", "beside"]]
    style.draw_series(axis, pruned, error, "name", look)
    draw_crosses(axis, pruned[pruned["no_path"]].drop_duplicates(POINT))
    style.log_errors(axis, table[error])


def draw_crosses(axis: plt.Axes, points: pd.DataFrame) -> None:
    """Cross out points whose networks have no path from input to output in at least one run.

    Args:
        points: with the columns middle and mean.
    """
    if len(points):
        label = "no path in at least one run"
        axis.plot(points["middle"], points["mean"], "xk", ms=5.5, label=label, zorder=4)


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
    place = ["dataset", "network", "sparsity"]
    pruned = runs[runs["sparsity"] > 0]
    # Rounding removes noise of summation.
    errors = pruned.groupby(POINT, sort=False)[error].agg(["mean", "median"]).round(10)
    table = errors.groupby(place, sort=False).rank(method="min")
    table = table.rename(columns={"mean": "rank", "median": "median_rank"})
    compared = {}
    for key, panel in style.groups(pruned, place):
        by_seed = panel.pivot(index="seed", columns="criterion", values=error)
        if COMPARED in by_seed:
            by_seed = by_seed[by_seed[COMPARED].notna()].dropna(axis=1)
            for name in by_seed.columns.drop(COMPARED):
                compared[key[0], key[1], name, key[2]] = by_seed[name] - by_seed[COMPARED]
    for point, values in compared.items():
        mean = interval(values, 1 - (1 - LEVEL) / len(compared), ERROR_STEP)
        found = [mean.value, mean.lower, mean.upper, mean.n, (values > 0).sum()]
        table.loc[point, DIFFERENCE] = found
    table = table.reindex(columns=[*RANKS, *DIFFERENCE]).reset_index()
    return table.astype(dict.fromkeys([*RANKS, "n", "worse"], "Int64"))
