"""Figure 3: mask images, and test error less that at 100 examples, by the pruning batch's size."""

import math
import textwrap

import numpy as np
import pandas as pd

from snip.datasets.summary import mean_images
from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.masks import PIXELS, mask_table, picture
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.names import criterion_name, dataset_name
from snip.study.runs import KEY, MASK_KEY
from snip.tables.intervals import add_intervals, runs_phrase
from snip.tables.published import CRITERION, published_in

# The class of the single example whose mask the paper shows.
PAPERS_CLASS = 8
# The size that all others are compared with: that of the paper's other experiments.
BASE = "100"
PUBLISHED = "published"
# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "criterion", "sparsity", "batch_size"]


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw Figure 3 of a study; see `plot`."""
    runs = inputs.table("runs")
    seed, example = shown_seed(inputs)
    masks = mask_table(inputs.mask_files(seed))
    mean_image = mean_images(runs["dataset"].iloc[0], inputs.data)[-1].round(4)
    published = published_in("fig3", inputs.published(runs)).query("n > 0")
    return plot(runs, inputs.error, masks, mean_image, example, published, inputs.origin)


def shown_seed(inputs: Inputs) -> tuple[int, int | None]:
    """Return the seed whose mask images are shown, and the class of its single example, if any.

    It is the lowest seed whose single example is an 8, as in the paper's figure; without such a
    seed, the lowest.
    """
    examples = {
        file.key["seed"]: file.composition[0].index(1)
        for file in inputs.mask_files()
        if file.key["batch_size"] == 1 and file.key["seed"] in inputs.seeds
    }
    eights = [seed for seed, example in examples.items() if example == PAPERS_CLASS]
    seed = min(eights, default=inputs.seeds[0])
    return seed, examples.get(seed)


def plot(
    runs: pd.DataFrame,
    error: str,
    masks: pd.DataFrame,
    mean_image: np.ndarray,
    example: int | None,
    published: pd.DataFrame,
    origin: Origin,
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of pruned networks, and above them the mask images of one seed.

    Args:
        runs: the table of runs, of one data set and sparsity; a batch size may be `all`.
        error: the column of the errors, percent.
        masks: one row per mask image of one seed, see `masks.mask_table`.
        mean_image: the mean of all training images, grey values in [0, 1], (28, 28).
        example: the class of the single example whose mask is shown; None: there is no such mask.
        published: columns batch_size and published (percent).

    Returns:
        The figure, and the numbers that it shows: a row per run, published error and image.

    Raises:
        FigureError: there are no runs with a pruning batch of 100 examples.
    """
    style.use_style()
    table = _less_base(runs, published, error)
    sizes = sorted(table["batch_size"].unique(), key=lambda s: math.inf if s == "all" else int(s))
    titles = [size if size == "all" else f"{int(size):,}" for size in sizes]
    criteria = list(runs["criterion"].unique())
    height = 2.5 + 0.8 * len(criteria)
    figure = plt.figure(figsize=(style.COLUMN, height))
    ratios = [1] * len(criteria) + [4.2]
    grid = figure.add_gridspec(len(ratios), len(sizes) + 1, height_ratios=ratios)
    correlations = np.corrcoef(masks[PIXELS].astype(float), mean_image.reshape(1, -1))[-1, :-1]
    masks = pd.concat([masks, pd.Series(correlations.round(4), masks.index, name="r")], axis=1)
    highest = float(masks[PIXELS].to_numpy().max()) or 1.0
    for mask in masks.to_dict("records"):
        row, column = criteria.index(mask["criterion"]), sizes.index(str(mask["batch_size"]))
        axis = figure.add_subplot(grid[row, column])
        picture(axis, np.array([mask[pixel] for pixel in PIXELS]).reshape(28, 28), highest)
        axis.set_xlabel(f"{'' if column else 'r = '}{mask['r']:.2f}")
        axis.set_title(titles[column] if row == 0 else "", loc="center")
        if column == 0 and len(criteria) > 1:
            axis.set_ylabel(textwrap.fill(criterion_name(criteria[row]), 13), size=6)
    axis = figure.add_subplot(grid[0, -1])
    picture(axis, mean_image, mean_image.max())
    axis.set_title("mean", loc="center")

    axis = figure.add_subplot(grid[-1, :])
    style.draw_base(axis, 0)
    names = table["series"].unique()
    decades = style.decades(sizes)
    x, room = table["batch_size"].map(decades), min(0.8, 0.25 * len(names))
    table = table.join(style.dodged(x, table["series"], names, room))
    ours, theirs = table[table["criterion"] != PUBLISHED], table[table["criterion"] == PUBLISHED]
    style.draw_series(axis, ours, "less_base", "series", style.looks(ours["series"].unique()))
    for name, line in style.groups(theirs.sort_values("middle"), "series"):
        (dotted,) = axis.plot(line["middle"], line["less_base"], "o:k", mfc="w", label=name)
        dotted.set(linewidth=0.8, zorder=4)
    style.within(axis, -100, 100)
    axis.set_xticks([decades[size] for size in sizes], titles)
    axis.set_xlabel("Examples in the pruning batch")
    axis.set_ylabel(
        f"{style.error_label(error).removesuffix(' (%)')}\nless that at {BASE} (points)"
    )
    style.legend(figure, [axis], 1)
    article = "an" if example == 8 else "a"
    single = "" if example is None else f", the first whose single example is {article} {example}"
    style.small_print(
        figure,
        origin,
        f"{dataset_name(runs['dataset'].iloc[0])}, {runs['sparsity'].iloc[0]:g} % sparsity",
        f"{runs_phrase(runs.groupby(POINT).size())} per mean, paler marks: single runs, bars: "
        "95 % intervals, all paired by seed; marks are moved sideways from their size's tick",
        f"masks of seed {masks['seed'].iloc[0]}{single}, white: {100 * highest:.0f} % of the units "
        "keep the pixel; r: correlation with the mean training image, which has a scale of its own",
    )
    return figure, _numbers(table, error, masks, mean_image)


def _less_base(runs: pd.DataFrame, published: pd.DataFrame, error: str) -> pd.DataFrame:
    """Return runs, then published errors, each less the error at BASE of its seed (`less_base`).

    Published errors have the criterion PUBLISHED. The column `series` says in print what a row is
    of. The means and limits are those of `add_intervals`.
    """
    runs = add_intervals(runs, POINT, error)
    published = published[["batch_size", "published"]].rename(columns={"published": error})
    table = pd.concat([runs, published.assign(criterion=PUBLISHED, seed=0)], ignore_index=True)
    table["batch_size"] = table["batch_size"].astype(str)
    base = table[table["batch_size"] == BASE].set_index(["criterion", "seed"])[error]
    if base.empty:
        raise style.FigureError(
            f"figures.fig3 has batch_sizes {', '.join(table['batch_size'].unique())}, expected "
            f"{BASE} among them: the figure shows errors less those with that size"
        )
    table = table.join(base.rename("base"), on=["criterion", "seed"])
    table["less_base"] = table[error] - table["base"]
    at_base = base.groupby("criterion").mean().map(f": {{:.2f}} % at {BASE} examples".format)
    table["series"] = table["criterion"].map(criterion_name) + table["criterion"].map(at_base)
    return table


def _numbers(
    table: pd.DataFrame, error: str, masks: pd.DataFrame, mean_image: np.ndarray
) -> pd.DataFrame:
    """Return one row per run, then one per published error, then one per image."""
    published = table["criterion"] == PUBLISHED
    errors = table.loc[~published, [*KEY, error, "mean", "lower", "upper", "less_base"]]
    marks = table.loc[published, ["batch_size", error, "less_base"]]
    marks = marks.rename(columns={error: "published"}).assign(criterion=CRITERION)
    average = pd.DataFrame([mean_image.reshape(-1)], columns=PIXELS)
    average = average.assign(dataset=table["dataset"].iloc[0], criterion="mean training image")
    numbers = pd.concat([errors, marks, masks[[*MASK_KEY, "r", *PIXELS]], average])
    return numbers.astype({"seed": "Int64"})
