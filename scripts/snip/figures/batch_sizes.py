"""Figure 3: mask images and test error by the size of the pruning batch."""

import math
import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns

from snip.datasets.summary import mean_images
from snip.figures import style
from snip.figures.errors import draw_errors
from snip.figures.inputs import Inputs
from snip.figures.masks import PIXELS, mask_table
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.study.axes import KEY
from snip.study.grids import shared_seeds
from snip.study.names import criterion_name, dataset_name
from snip.tables.collect import MASK_KEY
from snip.tables.intervals import add_intervals, runs_phrase
from snip.tables.published import CRITERION, compare
from snip.tables.reading import read_settings

# The class of the single example whose mask the paper shows.
PAPERS_CLASS = 8
# What identifies a point, which is the mean over the runs of all seeds.
POINT = ["dataset", "criterion", "sparsity", "batch_size"]
# The layout by hand, in inches, so that each image stands above its error.
WIDTH, RIGHT, ERRORS = style.PAGE * 0.8, 0.6, 1.8


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw Figure 3 of a study and save it."""
    table = inputs.table("runs")
    dataset = table["dataset"].iloc[0]
    seed, example = shown_seed(inputs)
    figure, numbers = plot(
        table,
        inputs.error,
        mask_table(inputs.mask_files(seed)),
        mean_images(dataset, inputs.data)[-1].round(4),
        example,
        published_beside(table, read_settings(inputs.results / "tables" / "fig3"), inputs.error),
        inputs.origin,
    )
    style.save(figure, numbers, inputs.origin, prefix)


def published_beside(
    table: pd.DataFrame, settings: Mapping[tuple, Mapping], error: str
) -> dict[str, float]:
    """Return by batch size the published errors of the setting that the runs have.

    Args:
        table: the table of runs.
        settings: its table of settings, see `reading.read_settings`.
        error: the column of the errors.
    """
    compared = compare(table, settings, error)
    own = compared[compared["source"].eq("Figure 3") & compared["n"].gt(0)]
    return dict(zip(own["batch_size"].astype(str), own["published"], strict=True))


def shown_seed(inputs: Inputs) -> tuple[int, int | None]:
    """Return the seed whose mask images are shown, and the class of its single example, if any.

    It is the lowest seed whose single example is an 8, as in the paper's figure; without such a
    seed, the lowest.
    """
    whole = shared_seeds(inputs.figure, inputs.part["grids"][inputs.figure])
    examples = {
        file.key["seed"]: file.composition[0].index(1)
        for file in inputs.mask_files(every=True)
        if file.key["batch_size"] == 1 and file.key["seed"] in whole
    }
    eights = [seed for seed, example in examples.items() if example == PAPERS_CLASS]
    seed = min(eights, default=inputs.seed)
    return seed, examples.get(seed)


def plot(
    table: pd.DataFrame,
    error: str,
    masks: pd.DataFrame,
    mean_image: np.ndarray,
    example: int | None,
    published: Mapping[str, float],
    origin: Origin,
) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the errors of pruned networks, and above them the mask images of one seed.

    Args:
        table: the table of runs, of one data set and sparsity; a batch size may be `all`.
        error: the column of the errors, percent.
        masks: one row per mask image of one seed, see `masks.mask_table`.
        mean_image: the mean of all training images, grey values in [0, 1], (28, 28).
        example: the class of the single example whose mask is shown; None: there is no such mask.
        published: per batch size, the published test error, percent.

    Returns:
        The figure, and the numbers that it shows: one row per run, then one per image.

    Raises:
        FigureError: the mask images are of several seeds.
    """
    seeds = sorted(masks["seed"].unique().tolist())
    if len(seeds) != 1:
        raise style.FigureError(f"mask images of seeds {seeds} given, expected one seed")
    style.use_style()
    table = table.assign(batch_size=table["batch_size"].astype(str))
    masks = masks.assign(batch_size=masks["batch_size"].astype(str))
    runs = add_intervals(table, POINT, error)
    sizes = sorted(runs["batch_size"].unique(), key=_number)
    criteria = list(runs["criterion"].unique())

    figure = plt.figure(figsize=(WIDTH, 1))
    figure.set_layout_engine("none")
    notes = [
        f"{runs_phrase(runs['n'])} per point",
        f"mask images of seed {seeds[0]}{_single_example(example)}",
        "mean training image on a scale of its own",
    ]
    foot = style.small_print(figure, origin, *notes)
    images, errors, scale = _place_axes(figure, foot, len(sizes), len(criteria))
    image = _draw_images(images, masks, mean_image, sizes, criteria)
    style.share_scale(figure, image, scale)
    title = f"first-layer mask at {runs['sparsity'].iloc[0]:g} % sparsity"
    images.set_title(f"{dataset_name(runs['dataset'].iloc[0])}: {title}", loc="left")

    runs["position"] = runs["batch_size"].map(sizes.index)
    draw_errors(errors, runs, "position", error, style.series_looks(criteria))
    _draw_published(errors, {s: e for s, e in published.items() if s in sizes}, sizes)
    labels = [size if size == "all" else f"{int(size):,}" for size in sizes]
    errors.set_xlim(-0.5, len(sizes) + 0.5)
    errors.set_xticks(range(len(sizes) + 1), [*labels, "mean training\nimage"])
    errors.set_xlabel("Pruning batch (examples)")
    errors.set_ylabel(style.error_label(error))
    handles = style.legend_entries([errors])
    figure.legend(*handles, loc="upper center", ncols=2, frameon=False)
    return figure, _numbers(runs, error, masks, mean_image, published)


def _number(size: str) -> float:
    """Return a batch size as a number to sort by; `all` comes last."""
    return math.inf if size == "all" else int(size)


def _single_example(digit: int | None) -> str:
    """Return `, whose single example is an 8`; nothing without a single example."""
    if digit is None:
        return ""
    return f", whose single example is {'an' if digit == 8 else 'a'} {digit}"


def _place_axes(figure: plt.Figure, foot: float, sizes: int, criteria: int) -> list[plt.Axes]:
    """Set the height of the figure; return the axes for images, errors and colour bar.

    Args:
        foot: the height of the small print, inches.
        sizes, criteria: how many there are.
    """
    left = 0.55 if criteria == 1 else 1.1  # several criteria have their names beside their rows
    row = WIDTH - left - RIGHT
    images = row / (sizes + 1) * criteria
    bottom = foot + 0.6
    above = bottom + ERRORS + 0.15
    legend = 0.16 * -(-(2 + criteria) // 2)
    height = above + images + 0.3 + legend
    style.set_height(figure, height)
    boxes = [
        (left, above, row, images),
        (left, bottom, row, ERRORS),
        (WIDTH - RIGHT + 0.05, above + 0.03, 0.07, images - 0.06),
    ]
    return [
        figure.add_axes((x / WIDTH, y / height, wide / WIDTH, high / height))
        for x, y, wide, high in boxes
    ]


def _draw_images(
    axis: plt.Axes,
    masks: pd.DataFrame,
    mean_image: np.ndarray,
    sizes: list[str],
    criteria: list[str],
):
    """Draw a row of mask images per criterion, then the mean image; return one mask image."""
    highest = masks[PIXELS].to_numpy(float).max() or 1

    def show(picture: np.ndarray, x: int, y: int, vmax: float):
        return axis.imshow(
            picture,
            origin="upper",
            extent=(x - 0.46, x + 0.46, y - 0.46, y + 0.46),
            cmap="gray",
            vmin=0,
            vmax=vmax,
            interpolation="none",
        )

    rows = list(reversed(criteria))
    for _, mask in masks.iterrows():
        picture = mask[PIXELS].to_numpy(float).reshape(28, 28)
        x, y = sizes.index(mask["batch_size"]), rows.index(mask["criterion"])
        image = show(picture, x, y, highest)
    for y in range(len(rows)):
        show(mean_image, len(sizes), y, mean_image.max())
    axis.set_xlim(-0.5, len(sizes) + 0.5)
    axis.set_ylim(-0.5, len(rows) - 0.5)
    axis.set_xticks([])
    axis.set_yticks([])
    sns.despine(ax=axis, left=True, bottom=True)
    if len(rows) > 1:
        names = [textwrap.fill(criterion_name(criterion), 16) for criterion in rows]
        axis.set_yticks(range(len(rows)), names)
        axis.tick_params(axis="y", length=0)
    return image


def _draw_published(axis: plt.Axes, published: Mapping[str, float], sizes: list[str]) -> None:
    if published:
        axis.scatter(
            [sizes.index(size) for size in published],
            list(published.values()),
            s=16,
            facecolors="none",
            edgecolors="black",
            linewidths=0.8,
            zorder=3,  # above the means, which could hide them
            label="published",
        )


def _numbers(
    runs: pd.DataFrame,
    error: str,
    masks: pd.DataFrame,
    mean_image: np.ndarray,
    published: Mapping[str, float],
) -> pd.DataFrame:
    """Return one row per run, with the published error of its batch size, then one per image."""
    beside = runs["batch_size"].map(published).where(runs["criterion"].eq(CRITERION))
    errors = runs[[*KEY, error, "mean", "lower", "upper"]].assign(published=beside)
    average = pd.DataFrame(
        [[runs["dataset"].iloc[0], "mean training image", *mean_image.reshape(-1)]],
        columns=["dataset", "criterion", *PIXELS],
    )
    numbers = pd.concat([errors, masks[[*MASK_KEY, *PIXELS]], average])
    return numbers.astype({"seed": "Int64"})
