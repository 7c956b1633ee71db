"""Controls of masks, which the paper does not show: their test errors, and those of masks as is."""

import numpy as np
import pandas as pd

from snip.claims.controls import BASELINES, MASK, VARIANTS, read_verdicts, with_variants
from snip.claims.readable import level_text
from snip.claims.verdicts import INCONCLUSIVE
from snip.figures import style
from snip.figures.criteria import draw_crosses
from snip.figures.errors import draw_unpruned
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, network_name
from snip.study.runs import KEY
from snip.tables.intervals import add_intervals, runs_phrase
from snip.tables.paths import add_paths

# Most panels in a row.
COLUMNS = 4
# Below this difference (percentage points) the scale of differences is linear.
LINEAR = 0.1
# Of each point, which is the mean over the runs of all seeds.
POINT = [*MASK, "variant"]
LOOK = style.looks(VARIANTS)


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw a study's controls; see `plot`."""
    runs = add_paths(inputs.table("runs"), inputs.table("layers"))
    runs = with_variants(runs, inputs.spec)
    judged = read_verdicts(inputs.judged, inputs.spec)
    return plot(runs, judged, inputs.error, inputs.origin)


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
    # The unpruned network is that of the mask as is.
    runs = runs[(runs["sparsity"] > 0) | (runs["variant"] == BASELINES[0])]
    runs = add_intervals(runs, POINT, error)
    sparsities = sorted(judged["sparsity"].unique())
    place = {sparsity: index for index, sparsity in enumerate(sparsities)}
    runs, judged = (
        table.join(style.dodged(table["sparsity"].map(place), table["variant"], VARIANTS, 0.8))
        for table in (runs, judged)
    )
    panels = style.groups(judged, ["network", "criterion"])
    columns = min(COLUMNS, len(panels))
    bands = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        3 * bands,
        columns,
        height_ratios=[1.5, 1.2, 1] * bands,
        figsize=(style.PAGE, 4.4 * bands + 0.5),
        sharex=True,
        squeeze=False,
    )
    limits = judged[["value", "lower", "upper"]].to_numpy(float)
    low = 1.5 * np.fmin.reduce(limits, axis=None, initial=-LINEAR)
    high = 1.5 * np.fmax.reduce(limits, axis=None, initial=LINEAR)
    for index, ((network, criterion), differences) in enumerate(panels):
        band, column = divmod(index, columns)
        upper, *lower = grid[3 * band : 3 * band + 3, column]
        of_network = runs[runs["network"] == network]
        draw_unpruned(upper, of_network)
        pruned = of_network[of_network["criterion"].eq(criterion) & of_network["sparsity"].gt(0)]
        style.draw_series(upper, pruned, error, "variant", LOOK, joined=False)
        draw_crosses(upper, pruned[pruned["no_path"]].drop_duplicates(POINT))
        style.log_errors(upper, runs[error])
        for axis, baseline in zip(lower, BASELINES, strict=True):
            _draw_differences(axis, differences[differences["baseline"] == baseline])
            axis.set_ylim(low, high)
            axis.set_ylabel(f"Higher than\n{baseline} (points)")
        names = [criterion_name(criterion).partition(",")[0]]
        names += [network_name(network)] * (judged["network"].nunique() > 1)
        upper.set_title(style.panel_title(index, len(panels), *names).replace(", ", ",\n"))
        upper.set_ylabel(style.error_label(error))
        lower[-1].set_xlabel("Sparsity (%)")
        lower[-1].set_xticks(range(len(sparsities)), [f"{sparsity:g}" for sparsity in sparsities])
        lower[-1].tick_params(labelbottom=True)
        for axis in (upper, *lower):
            axis.yaxis.label.set_visible(column == 0)
            axis.tick_params(labelleft=column == 0)
    for spare in grid[3 * bands - 3 :, len(panels) - columns * (bands - 1) :].flat:
        spare.set_visible(False)
    figure.align_ylabels()
    style.legend(figure, grid.flat, 3)
    style.small_print(figure, origin, *_notes(runs, judged))
    return figure, _numbers(runs, judged, error)


def _draw_differences(axis: plt.Axes, differences: pd.DataFrame) -> None:
    """Draw the mean difference of each variant; a marker is hollow if its interval contains 0."""
    style.draw_base(axis, 0)
    for row in style.rows(differences):
        color = LOOK["palette"][row.variant]
        face = "w" if row.verdict == INCONCLUSIVE else color
        axis.plot([row.middle] * 2, [row.lower, row.upper], color=color, lw=0.8)
        axis.plot(row.middle, row.value, LOOK["markers"][row.variant], color=color, mfc=face)
    axis.set_yscale("symlog", linthresh=LINEAR, linscale=0.5)
    axis.set_yticks([-100, -10, -1, 0, 1, 10, 100])
    axis.set_yticks([], minor=True)
    axis.yaxis.set_major_formatter("{x:g}")


def _notes(runs: pd.DataFrame, judged: pd.DataFrame) -> list[str]:
    """Return the parts of the small print."""
    level = level_text(judged.iloc[0])
    notes = [
        f"{runs_phrase(runs['n'])} per point (paler: single runs, bars above: 95 % intervals)",
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
        names["verdict"] = "verdict" if baseline == BASELINES[0] else f"{prefix}_verdict"
        compared = judged[judged["baseline"] == baseline].rename(columns=names)
        numbers = numbers.merge(compared[[*POINT, *names.values()]], on=POINT, how="left")
    return numbers
