"""Figure 1: test error by sparsity, and its difference from that of the unpruned network."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from snip.claims.errors import SPARSEST
from snip.claims.statements import family_level
from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import CLAIM_1, criterion_name, dataset_name, network_name
from snip.study.runs import KEY
from snip.tables.intervals import add_intervals, differences_from_reference, runs_phrase
from snip.tables.published import CRITERION, SOURCES, published_in

# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "network", "criterion", "sparsity"]
LIMITS = {"mean": "difference", "lower": "difference_lower", "upper": "difference_upper"}
UNPRUNED = "not pruned (band: 95 % interval)"
PUBLISHED = f"published ({', '.join(SOURCES['fig1'])})"
ROOM = 5  # of the axis, for all criteria at a sparsity and their runs, where no other is nearer
STRETCH = 4  # how much wider a percent is above SPARSEST where there are runs
TICKS = [0, 20, 40, 60, 80, SPARSEST, 95, 100]  # then


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw Figure 1 of a study; see `plot`."""
    runs = inputs.table("runs")
    judging = inputs.spec.judging
    margins = {network: judging.margins[claim] for claim, network in CLAIM_1.items()}
    published = published_in("fig1", inputs.published(runs))
    # Beside networks that were trained as the published ones, also at sparsities without runs.
    published = published[published["network"].isin(published.query("n > 0")["network"])]
    level = family_level(inputs.spec)
    return plot(runs, inputs.error, published, margins, level, inputs.origin)


def plot(
    runs: pd.DataFrame,
    error: str,
    published: pd.DataFrame,
    margins: Mapping[str, float],
    level: float,
    origin: Origin,
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of each network and data set, and below them the claimed differences.

    Args:
        runs: the table of runs.
        error: the column of the errors, percent.
        published: columns network, sparsity, batch_size and published (percent), for MNIST.
        margins: per network, the difference that counts as none, percentage points.
        level: the confidence with which all differences of a criterion hold at once.

    Returns:
        The figure, and the numbers that it shows: one row per run, then one per published error.
    """
    style.use_style()
    stretch = STRETCH if runs["sparsity"].max() > SPARSEST else 1
    table = _with_differences(runs, error, level, stretch)
    names = [criterion_name(criterion) for criterion in runs["criterion"].unique()]
    look = style.looks([*names, UNPRUNED])
    look["palette"][UNPRUNED], look["markers"][UNPRUNED] = "0.4", "o"
    panels = style.groups(table, ["network", "dataset"])
    size = (style.COLUMN if len(panels) == 1 else style.PAGE, 3.1 + 0.15 * len(names))
    figure, grid = plt.subplots(
        2, len(panels), height_ratios=[1.7, 1.1], figsize=size, sharex="col", squeeze=False
    )
    for index, ((network, dataset), panel) in enumerate(panels):
        upper, lower = grid[:, index]
        draw_unpruned(upper, panel)
        style.draw_series(upper, panel, error, "series", look)
        if dataset == "mnist":
            marks = published[published["network"] == network]
            ring = {"s": 14, "zorder": 4, "label": PUBLISHED}
            places = on_axis(marks["sparsity"], stretch)
            upper.scatter(places, marks["published"], fc="none", ec="k", lw=0.8, **ring)
            of_paper = panel[panel["criterion"] == CRITERION].drop_duplicates("sparsity")
            ours = marks["sparsity"].map(of_paper.set_index("sparsity")["mean"])
            upper.vlines(places, marks["published"], ours, color="0.4", lw=0.6, label="_joined")
        _draw_differences(lower, panel.dropna(subset="less_unpruned"), look, margins.get(network))
        title = style.panel_title(index, len(panels), network_name(network), dataset_name(dataset))
        upper.set_title(title)
        lower.set_xlabel("Sparsity (%)")
        upper.set_ylabel("" if index else style.error_label(error))
        lower.set_ylabel("" if index else "Difference from\nunpruned (points)")
        style.within(upper, 0, 100)
        style.within(lower, -100, 100)
        if stretch > 1:
            lower.set_xticks(on_axis(TICKS, stretch), [str(tick) for tick in TICKS])
    figure.align_ylabels()
    style.legend(figure, grid.flat, 1 if len(panels) == 1 else 3)
    notes = [f"the axis is stretched above {SPARSEST} %"] if stretch > 1 else []
    style.small_print(
        figure,
        origin,
        f"{_runs_phrase([panel['n'] for _, panel in panels])} per mean, paler marks beside it",
        "bars, where wider than the mark: above, 95 % intervals; below, where runs are paired by "
        f"seed, up to {SPARSEST} %, joint intervals (Dunnett's; of a single difference Student's) "
        f"at the claims' level ({100 * level:.4g} %)",
        *notes,
    )
    shown = table[[*KEY, error, "mean", "lower", "upper", "less_unpruned", *LIMITS.values()]]
    marks = published[["network", "sparsity", "batch_size", "published"]]
    marks = marks.assign(dataset="mnist", criterion=CRITERION)
    return figure, pd.concat([shown, marks]).astype({"seed": "Int64"})


def _runs_phrase(counts: Sequence[pd.Series]) -> str:
    """Return how many runs are in each panel's means: `5 runs`, `9 runs in (a), 5 runs in (b)`."""
    phrases = [runs_phrase(of_panel) for of_panel in counts]
    if len(set(phrases)) == 1:
        return phrases[0]
    return ", ".join(f"{each} in {style.letter(index)}" for index, each in enumerate(phrases))


def _with_differences(runs: pd.DataFrame, error: str, level: float, stretch: float) -> pd.DataFrame:
    """Return the runs with their points' intervals, differences and places in the picture.

    The columns are those of `add_intervals`, LIMITS and `style.dodged`, the error less that of the
    unpruned run of the same seed (`less_unpruned`), and what a run is called in print (`series`).
    """
    place = ["dataset", "network", "seed"]
    unpruned = runs[runs["sparsity"] == 0].set_index(place)[error].rename("unpruned")
    table = add_intervals(runs, POINT, error).join(unpruned, on=place)
    is_claimed = table["sparsity"].between(0, SPARSEST, inclusive="right")
    table["less_unpruned"] = (table[error] - table["unpruned"]).where(is_claimed)
    claimed = runs[runs["sparsity"] <= SPARSEST]
    differences = differences_from_reference(claimed, error, level).rename(columns=LIMITS)
    table = table.merge(differences[[*POINT, *LIMITS.values()]], on=POINT, how="left")
    series = table["criterion"].map(criterion_name)
    places = pd.Series(on_axis(table["sparsity"], stretch), table.index)
    room = places.groupby([table["network"], table["dataset"]]).transform(_room)
    table = table.join(style.dodged(places, series, series.unique(), room))
    # The unpruned network stands in the middle: no criterion has runs there.
    is_unpruned = table["sparsity"] == 0
    table["middle"] = table["middle"].mask(is_unpruned, 0)
    table["beside"] = table["beside"].mask(is_unpruned, 0.4 * room)
    return table.assign(series=series.mask(is_unpruned, UNPRUNED))


def on_axis(sparsities: npt.ArrayLike, stretch: float) -> np.ndarray:
    """Return where sparsities stand on an axis that is wider above those of the caption."""
    given = np.asarray(sparsities, float)
    return given + (stretch - 1) * np.maximum(given - SPARSEST, 0)


def _room(places: pd.Series) -> pd.Series:
    """Return what criteria and their runs may take at each place: up to the next one."""
    values = np.unique(places)
    gaps = np.diff(values, prepend=-np.inf, append=np.inf)
    room = np.minimum(gaps[:-1], gaps[1:]).clip(max=ROOM)
    return places.map(dict(zip(values, room, strict=True)))


def draw_unpruned(axis: plt.Axes, table: pd.DataFrame) -> None:
    """Draw the unpruned network's mean as a line, its interval as a band.

    Args:
        table: one row per run, with the columns that `add_intervals` adds.
    """
    for limits in style.rows(table[table["sparsity"] == 0].head(1)):
        axis.axhspan(limits.lower, limits.upper, color="0.88", lw=0, zorder=0)
        style.draw_base(axis, limits.mean)


def _draw_differences(
    axis: plt.Axes, table: pd.DataFrame, look: Mapping[str, dict], margin: float | None
) -> None:
    """Draw the differences from the unpruned networks, and the margin as a band."""
    style.draw_base(axis, 0)
    if margin is not None:
        label = "differences that count as none"
        axis.axhspan(-margin, margin, color=style.YELLOW, alpha=0.3, lw=0, label=label, zorder=0)
        axis.annotate(
            f"±{margin:g}",
            (1, -margin),
            xycoords=axis.get_yaxis_transform(),
            xytext=(-2, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=6,
        )
    if len(table):
        style.draw_series(axis, table, "less_unpruned", "series", look, intervals=False)
    for point in style.rows(table.drop_duplicates(POINT)):
        limits = [point.difference_lower, point.difference_upper]
        bar = {"color": look["palette"][point.series], "lw": 0.8, "marker": "_", "ms": 3.5}
        axis.plot([point.middle] * 2, limits, **bar)
