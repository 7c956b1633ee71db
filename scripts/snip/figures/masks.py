"""Figures 2, 5 and 6: mask images by sparsity and by the class of the pruning batch."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.image import AxesImage

from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.masks.mask_files import MaskFile
from snip.study.names import criterion_name, dataset_name, network_name
from snip.study.runs import MASK_KEY

PIXELS = [f"p{pixel}" for pixel in range(784)]
CELL = 28 + 1  # a mask image and the gap beside it, pixels


def mask_table(files: Iterable[MaskFile]) -> pd.DataFrame:
    """Return one row per mask image: MASK_KEY, then the shares of kept connections p0 … p783.

    Raises:
        MaskFileError: a file has no images.
    """
    rows = []
    for file in files:
        for class_, images in zip(file.classes, file.images, strict=True):
            for sparsity, image in zip(file.sparsities, images, strict=True):
                key = file.key | {"classes": class_, "sparsity": sparsity}
                rows.append([*(key[name] for name in MASK_KEY), *image.reshape(-1)])
    return pd.DataFrame(rows, columns=MASK_KEY + PIXELS)


def draw(inputs: Inputs) -> tuple[plt.Figure, pd.DataFrame]:
    """Draw Figure 2, 5 or 6 of a study; see `plot`."""
    return plot(mask_table(inputs.mask_files(inputs.seeds[0])), inputs.origin)


def plot(masks: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot the masks of each criterion twice: on one scale, and each image stretched to its own.

    Args:
        masks: one row per mask image of one seed, see `mask_table`.

    Returns:
        The figure, and `masks`.
    """
    style.use_style()
    criteria = style.groups(masks, "criterion")
    columns = len(masks[["network", "dataset"]].drop_duplicates())
    wide, high = masks["classes"].nunique(), masks["sparsity"].nunique()
    rows = 2 * len(criteria)
    width = style.PAGE if columns > 1 else style.COLUMN
    inches = min(
        (width - 1 - 0.1 * columns) / (columns * wide), (style.PAGE_HEIGHT - 2) / (rows * high)
    )
    height = rows * (inches * high + 0.24) + 0.45 * len(criteria)
    figure = plt.figure(figsize=(width, height), dpi=2 * style.DPI)
    highest = float(masks[PIXELS].to_numpy().max()) or 1.0
    blocks = figure.subfigures(len(criteria), 1, squeeze=False)[:, 0]
    for index, (block, (criterion, of_criterion)) in enumerate(zip(blocks, criteria, strict=True)):
        block.suptitle(criterion_name(criterion), x=0.01, ha="left")
        axes = block.subplots(2, columns, sharex=True, sharey=True, squeeze=False)
        kinds = style.groups(of_criterion, ["network", "dataset"])
        for column, ((network, dataset), panel) in enumerate(kinds):
            for row in (0, 1):
                axis = axes[row, column]
                image = _draw_panel(axis, panel, highest, stretched=row == 1)
                names = [network_name(network)] * (masks["network"].nunique() > 1)
                names = ["stretched"] if row else [*names, dataset_name(dataset)]
                letter = (2 * index + row) * columns + column
                axis.set_title(style.panel_title(letter, rows * columns, *names), pad=2)
                axis.set_ylabel("" if column else "Sparsity (%)")
                if row == 0 and column == columns - 1:
                    scale = axis.inset_axes((1.03, 0, 0.04, 1))
                    block.colorbar(image, cax=scale, label="Share kept")
            axis.set_xlabel("Class of the pruning batch")
    some_blank = bool(blank(masks[PIXELS].to_numpy(float)).any())
    style.small_print(
        figure,
        origin,
        "pruning batches of one class",
        f"first layer of {', '.join(map(network_name, masks['network'].unique()))} at "
        f"initialisation, seed {masks['seed'].iloc[0]}",
        "stretched: each mask from its own lowest to its own highest share",
        *["crossed out: blank, because whole units were removed"] * some_blank,
    )
    return figure, masks


def _draw_panel(axis: plt.Axes, panel: pd.DataFrame, highest: float, stretched: bool) -> AxesImage:
    """Draw the mask images of a panel: a row per sparsity, a column per class.

    Args:
        highest: the share that is white.
        stretched: whether each image is drawn from its own lowest to its own highest share.
    """
    panel = panel.sort_values(["sparsity", "classes"], key=lambda column: column.astype(float))
    sparsities, classes = panel["sparsity"].unique(), panel["classes"].unique()
    images = panel[PIXELS].to_numpy(float)
    crossed = blank(images)
    if stretched:
        images = images - images.min(1, keepdims=True)
        images *= highest / np.where(crossed, np.inf, images.max(1))[:, None]
        images[crossed] = 0.8 * highest  # neither dark nor bright: it has no range
    image = picture(axis, mosaic(images.reshape(len(sparsities), len(classes), 28, 28)), highest)
    axis.set_xticks(CELL * (np.arange(len(classes)) + 0.5), classes)
    axis.set_yticks(CELL * (np.arange(len(sparsities)) + 0.5), [f"{s:g}" for s in sparsities])
    axis.tick_params(length=0, pad=1)
    y, x = np.divmod(np.flatnonzero(crossed), len(classes))
    axis.plot(CELL * (x + 0.5), CELL * (y + 0.5), "x", color=style.VERMILLION, ms=5)
    return image


def blank(images: np.ndarray) -> np.ndarray:
    """Return which images (number, 784) show nothing: all pixels have one of two shares.

    That is so if whole units were removed, and at most one of them in part.
    """
    return np.array([len(np.unique(image)) <= 2 for image in images])


def picture(axis: plt.Axes, shares: np.ndarray, highest: float) -> AxesImage:
    """Draw an image of shares, black at 0 and white at `highest`, without frame and ticks."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    return axis.imshow(shares, cmap="gray", vmin=0, vmax=highest, interpolation="none")


def mosaic(images: np.ndarray) -> np.ndarray:
    """Join images (rows, columns, 28, 28) into one; around each is a white gap of a pixel."""
    rows, columns = images.shape[:2]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 0), (1, 0)), constant_values=np.nan)
    joined = framed.transpose(0, 2, 1, 3).reshape(CELL * rows, CELL * columns)
    return np.pad(joined, ((0, 1), (0, 1)), constant_values=np.nan)
