"""What the figures share: style, names, statistics, the mask images, saving."""

import io
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from snip.errors import SnipError
from snip.files import write_atomically
from snip.mask_files import read_mask_file
from snip.names import name
from snip.provenance import Origin, embedded, record
from snip.statistics import runs_phrase

# Widths of a journal's column and page, in inches.
COLUMN = 3.4
PAGE = 7.0
# Okabe and Ito's colours, told apart with any common colour blindness (seaborn's "colorblind").
BLUE, ORANGE, _, VERMILLION, _, _, _, GREY, _, SKY = sns.color_palette("colorblind")


class FigureError(SnipError):
    """Input that a figure cannot show."""


def use_style() -> None:
    """Set the style of every figure: small sans-serif text, thin lines, editable PDF text."""
    sns.set_theme(
        context="paper",
        style="ticks",
        palette="colorblind",
        rc={
            "font.size": 8,
            "axes.titlesize": 8,
            "axes.labelsize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.title_fontsize": 7,
            "lines.linewidth": 1.2,
            "axes.linewidth": 0.7,
            "xtick.major.width": 0.7,
            "ytick.major.width": 0.7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "font.family": "DejaVu Sans",
            "pdf.fonttype": 42,
            "figure.constrained_layout.use": True,
        },
    )


def draw_errors(axis: plt.Axes, table: pd.DataFrame, x: str, error: str) -> None:
    """Draw each run as a faint point, and each criterion's means with their 95 % intervals.

    Args:
        table: one row per run, with the columns that `add_intervals` adds.
        x: the column along the horizontal axis.
        error: the column of the errors.
    """
    criteria = table["criterion"].unique()
    for criterion, color in zip(criteria, sns.color_palette("colorblind"), strict=False):
        points = table[table["criterion"] == criterion].sort_values(x)
        axis.scatter(
            points[x],
            points[error],
            s=9,
            color=color,
            alpha=0.35,
            linewidths=0,
            label="one run" if criterion == criteria[-1] else None,
        )
        means = points.drop_duplicates(x)
        axis.errorbar(
            means[x],
            means["mean"],
            yerr=[means["mean"] - means["lower"], means["upper"] - means["mean"]],
            color=color,
            marker="o",
            markersize=3,
            capsize=2,
            elinewidth=0.8,
            label=f"mean, 95 % interval: {name(criterion)}",
        )


def panel_title(index: int, *parts: str) -> str:
    """Return `(a) LeNet-300-100, MNIST` for the first panel, and so on."""
    return f"({chr(ord('a') + index)}) " + ", ".join(name(part) for part in parts)


def iterations_phrase(table: pd.DataFrame) -> str:
    """Return `1,080 iterations a run` for a table of runs."""
    counts = sorted(table["iterations"].unique())
    return " or ".join(f"{count:,}" for count in counts) + " iterations a run"


def small_print(figure: plt.Figure, origin: Origin, *parts: str) -> None:
    """State the study and what else the reader must know, at the bottom of the figure."""
    figure.supxlabel("; ".join([f"Study: {origin.study}", *parts]) + ".", fontsize=6, color="0.35")


def save(figure: plt.Figure, shown: pd.DataFrame, prefix: Path, origin: Origin) -> None:
    """Write PREFIX.pdf, PREFIX.png and PREFIX.csv: the figure and exactly the numbers it shows.

    Nothing in the files depends on when they are made, and on where only the versions do that
    they state.
    """
    table = shown.to_csv(index=False, lineterminator="\n").encode()
    content = {"csv": table}
    fields = record(origin, table)
    for form in ("pdf", "png"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=300, metadata=embedded(form, fields))
        content[form] = buffer.getvalue()
    for form, data in content.items():
        write_atomically(prefix.with_name(f"{prefix.name}.{form}"), data)
    plt.close(figure)


def mask_table(paths: Iterable[Path], shown: Collection[float]) -> pd.DataFrame:
    """Return one row per mask image: what was scored, the sparsity, and the shares p0 … p783.

    Args:
        shown: the sparsities, percent.

    Raises:
        MaskFileError: a file cannot be used.
        FigureError: the files are of several seeds.
    """
    rows = []
    for path in paths:
        file = read_mask_file(path, shown)
        key = file.key
        for sparsity, image in zip(file.sparsities, file.images, strict=True):
            identity = [key["dataset"], key["network"], key["criterion"], key["batch_size"]]
            rows.append([*identity, key["class"], key["seed"], sparsity, *image.reshape(-1)])
    seeds = sorted({row[5] for row in rows})
    if len(seeds) > 1:
        raise FigureError(f"mask files of seeds {seeds} given, expected one seed")
    columns = ["dataset", "network", "criterion", "batch_size", "class", "seed", "sparsity"]
    return pd.DataFrame(rows, columns=columns + [f"p{pixel}" for pixel in range(784)])


def mosaic(images: np.ndarray, gap: int = 2) -> np.ndarray:
    """Join images (rows, columns, h, w) into one, with white gaps: ((h + gap)·rows + gap, …)."""
    rows, columns, height, width = images.shape
    canvas = np.full(((height + gap) * rows + gap, (width + gap) * columns + gap), np.nan)
    for row in range(rows):
        for column in range(columns):
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            canvas[top : top + height, left : left + width] = images[row, column]
    return canvas


def mask_grids(origin: Origin, paths: list[Path], shown: Collection[float], prefix: Path) -> None:
    """Draw Figures 2, 5 and 6: per dataset and criterion a grid of sparsities × classes."""
    use_style()
    table = mask_table(paths, shown)
    panels = list(table.groupby(["dataset", "criterion"], sort=False))
    columns = 1 if len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    highest = table["sparsity"].nunique()
    width = COLUMN if columns == 1 else PAGE
    # One image is as high as wide; titles and small print need the rest.
    height = rows * (width / columns * 0.83 * highest / 10 + 0.38) + 0.33
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for index, (axis, (key, panel)) in enumerate(zip(axes.flat, panels, strict=False)):
        panel = panel.sort_values(["sparsity", "class"], key=lambda column: column.astype(float))
        sparsities = panel["sparsity"].unique()
        images = panel.filter(regex=r"^p\d+$").to_numpy().reshape(len(sparsities), -1, 28, 28)
        image = axis.imshow(mosaic(images), cmap="gray", vmin=0, vmax=1, interpolation="none")
        centres = 2 + 30 * np.arange(max(images.shape[:2])) + 13.5
        axis.set_xticks(centres[: images.shape[1]], panel["class"].unique())
        axis.set_yticks(centres[: len(sparsities)], [f"{value:g}" for value in sparsities])
        axis.tick_params(length=0, pad=1)
        sns.despine(ax=axis, left=True, bottom=True)
        axis.set_title(panel_title(index, *key), loc="left")
        if index % columns == 0:
            axis.set_ylabel("Sparsity (%)")
        if index >= len(panels) - columns:
            axis.set_xlabel("Class of the pruning batch")
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30, pad=0.01)
    bar.set_label("Share kept")
    bar.outline.set_linewidth(0.5)
    small_print(
        figure,
        origin,
        f"pruning batch of {int(table['batch_size'].iloc[0])} examples of one class",
        f"{name(table['network'].iloc[0])}, first layer, at initialisation, 1 seed",
    )
    save(figure, table, prefix, origin)


def draw_curve(axis: plt.Axes, table: pd.DataFrame, label: str, **style) -> pd.DataFrame:
    """Draw the mean training loss of one setting's runs, and their range as a band.

    Returns:
        What was drawn: iteration, mean, lowest, highest, n.
    """
    drawn = (
        table.groupby("iteration")["train_loss"]
        .agg(mean="mean", lowest="min", highest="max", n="size")
        .reset_index()
    )
    axis.plot(drawn["iteration"], drawn["mean"], label=label, **style)
    if drawn["n"].max() > 1:
        axis.fill_between(
            drawn["iteration"],
            drawn["lowest"],
            drawn["highest"],
            color=style.get("color"),
            alpha=0.2,
            linewidth=0,
        )
    return drawn


def curves(
    origin: Origin,
    table: pd.DataFrame,
    look: Callable[[dict], dict],
    prefix: Path,
    legend_title: str | None = None,
) -> None:
    """Draw Figures 4 and 7: training loss against iteration, one panel per criterion.

    Args:
        table: the table of curves.
        look: maps a setting (labels, weight_decay, sparsity) to its label, color and linestyle.
    """
    use_style()
    setting = ["labels", "weight_decay", "sparsity"]
    settings = table[setting].drop_duplicates()
    criteria = list(table["criterion"].unique())
    width = PAGE * 0.9 if len(criteria) == 1 else PAGE
    figure, axes = plt.subplots(1, len(criteria), figsize=(width, 2.8), sharey=True, squeeze=False)
    drawn = []
    for axis, criterion in zip(axes.flat, criteria, strict=True):
        for _, row in settings.iterrows():
            wanted = (table[setting] == row).all(axis=1)
            # The reference is the same network for every criterion.
            wanted &= (table["criterion"] == criterion) | (table["sparsity"] == 0)
            if wanted.any():
                points = draw_curve(axis, table[wanted], **look(row.to_dict()))
                drawn.append(points.assign(criterion=criterion, **row.to_dict()))
        axis.set_yscale("log")
        axis.set_xlabel("Iteration")
        parts = [*table[["network", "dataset"]].iloc[0]] + [criterion] * (len(criteria) > 1)
        axis.set_title(", ".join(map(name, parts)), loc="left")
    axes[0, 0].set_ylabel("Training loss")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        title=legend_title,
        loc="outside right center" if len(criteria) == 1 else "outside lower center",
        ncols=1 if len(criteria) == 1 else 3,
        frameon=False,
        alignment="left",
    )
    shown = pd.concat(drawn)[["criterion", *setting, "iteration", "mean", "lowest", "highest", "n"]]
    several = " (line: mean, band: range)" if shown["n"].max() > 1 else ""
    small_print(figure, origin, f"{runs_phrase(shown['n'])} per line{several}")
    save(figure, shown, prefix, origin)
