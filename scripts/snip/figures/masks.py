"""Figures 2, 5 and 6: mask images by sparsity and by the class of the pruning batch."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns

from snip.figures import style
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin
from snip.figures.style import plt
from snip.masks.mask_files import MaskFile
from snip.study.axes import MASK_KEY
from snip.study.names import criterion_name, dataset_name, network_name
from snip.study.spelling import number

PIXELS = [f"p{pixel}" for pixel in range(784)]
# The layout by hand, in dots of the PNG. A pixel of a mask is a whole number of dots, so all pixels
# have the same size.
LEFT, BETWEEN, RIGHT = 115, 75, 155
READING, TITLE, TICKS, LABEL, FOOT = 70, 45, 45, 55, 90
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
                key = file.key | {"class": class_, "sparsity": number(sparsity)}
                rows.append([*(key[name] for name in MASK_KEY), *image.reshape(-1)])
    return pd.DataFrame(rows, columns=MASK_KEY + PIXELS)


def show(inputs: Inputs, prefix: Path) -> None:
    """Draw Figure 2, 5 or 6 of a study and save it."""
    figure, numbers = plot(mask_table(inputs.mask_files()), inputs.origin)
    style.save(figure, numbers, inputs.origin, prefix)


def plot(table: pd.DataFrame, origin: Origin) -> tuple[plt.Figure, pd.DataFrame]:
    """Plot a block of panels per criterion, and in it a panel per network and data set.

    Args:
        table: one row per mask image, see `mask_table`. The figure shows the lowest seed.

    Returns:
        The figure, and the rows of the table that it shows.
    """
    style.use_style()
    masks = table[table["seed"] == table["seed"].min()]
    networks = list(masks["network"].unique())
    blocks = _blocks(masks)
    count = sum(len(row) for rows in blocks.values() for row in rows)
    sheet = Sheet(
        rows=[len(rows) for rows in blocks.values()],
        columns=max(len(row) for rows in blocks.values() for row in rows),
        pixels=(CELL * masks["class"].nunique() + 1, CELL * masks["sparsity"].nunique() + 1),
    )
    notes = [
        "pruning batches of one class",
        f"first layer of {', '.join(map(network_name, networks))} at initialisation",
        f"seed {masks['seed'].iloc[0]}",
    ]
    figure = sheet.figure(origin, notes)
    highest = masks[PIXELS].max(axis=None) or 1
    top, index = 0, 0
    for criterion, rows in blocks.items():
        top += READING
        x, y = sheet.left / sheet.width, 1 - (top - 12) / sheet.height
        figure.text(x, y, criterion_name(criterion), weight="bold", fontsize=8)
        for row in rows:
            top += TITLE
            for column, ((network, dataset), panel) in enumerate(row):
                left = sheet.left + column * (sheet.wide + BETWEEN)
                axis = sheet.place(left, top, sheet.wide, sheet.high)
                image = _draw_panel(axis, panel, highest)
                names = [network_name(network)] * (len(networks) > 1) + [dataset_name(dataset)]
                axis.set_title(style.panel_title(index, count, *names), loc="left", pad=3)
                axis.set_ylabel("" if column else "Sparsity (%)")
                index += 1
            top += sheet.high + TICKS
    for axis in figure.axes[-len(row) :]:
        axis.set_xlabel("Class of the pruning batch")
    bar = sheet.place(sheet.right + 12, READING + TITLE, 14, sheet.high)
    style.share_scale(figure, image, bar)
    return figure, masks


def _blocks(masks: pd.DataFrame) -> dict[str, list[list]]:
    """Return the panels of each criterion in rows of two: ((network, dataset), masks)."""
    blocks = {}
    for criterion, rows in masks.groupby("criterion", sort=False):
        panels = list(rows.groupby(["network", "dataset"], sort=False))
        blocks[criterion] = [panels[start : start + 2] for start in range(0, len(panels), 2)]
    return blocks


class Sheet:
    """The size of the figure, and the places on it, in dots.

    Attributes:
        width, height: of the figure, which is at least a column wide.
        left, right: where the first panel of a row begins and the last one ends.
        wide, high: width and height of a panel.
    """

    def __init__(self, rows: list[int], columns: int, pixels: tuple[int, int]):
        """Make the panels as large as a page allows.

        Args:
            rows: the number of rows of panels in each block.
            columns: the number of panels in a row.
            pixels: width and height of a panel, in pixels of the masks.
        """
        beside = LEFT + BETWEEN * (columns - 1) + RIGHT
        self._above = len(rows) * READING + sum(rows) * (TITLE + TICKS) + LABEL
        page = style.PAGE if columns > 1 else style.COLUMN
        fitting = min(
            (page * style.DPI - beside) / (columns * pixels[0]),
            (style.PAGE_HEIGHT * style.DPI - self._above - FOOT) / (sum(rows) * pixels[1]),
        )
        dots = max(2, int(fitting))  # below two dots per pixel nothing is legible
        self.wide, self.high = pixels[0] * dots, pixels[1] * dots
        self._above += sum(rows) * self.high
        needed = beside + columns * self.wide
        self.width, self.height = max(needed, round(style.COLUMN * style.DPI)), 0
        self.left = LEFT + (self.width - needed) // 2
        self.right = self.left + needed - LEFT - RIGHT

    def figure(self, origin: Origin, notes: list[str]) -> plt.Figure:
        """Return the figure with nothing but its small print, and set its height."""
        self._figure = plt.figure(figsize=(self.width / style.DPI, 1))
        self._figure.set_layout_engine("none")
        foot = style.small_print(self._figure, origin, *notes)
        self.height = self._above + round(foot * style.DPI) + 25
        style.set_height(self._figure, self.height / style.DPI)
        return self._figure

    def place(self, left: int, top: int, wide: int, high: int) -> plt.Axes:
        """Return new axes, `left` from the left edge of the figure and `top` from the upper one."""
        bottom = self.height - top - high
        return self._figure.add_axes(
            (left / self.width, bottom / self.height, wide / self.width, high / self.height)
        )


def _draw_panel(axis: plt.Axes, panel: pd.DataFrame, highest: float):
    """Draw the mask images of a panel: a row per sparsity, a column per class."""
    panel = panel.sort_values(["sparsity", "class"], key=lambda column: column.astype(float))
    sparsities, classes = panel["sparsity"].unique(), panel["class"].unique()
    images = panel[PIXELS].to_numpy(float).reshape(len(sparsities), len(classes), 28, 28)
    image = axis.imshow(
        mosaic(images), origin="upper", cmap="gray", vmin=0, vmax=highest, interpolation="none"
    )
    axis.set_xticks(CELL * np.arange(len(classes)) + CELL / 2, classes)
    axis.set_yticks(CELL * np.arange(len(sparsities)) + CELL / 2, [f"{s:g}" for s in sparsities])
    axis.tick_params(length=0, pad=1)
    sns.despine(ax=axis, left=True, bottom=True)
    return image


def mosaic(images: np.ndarray) -> np.ndarray:
    """Join images (rows, columns, 28, 28) into one; between them is a white gap of a pixel."""
    rows, columns = images.shape[:2]
    canvas = np.full((CELL * rows + 1, CELL * columns + 1), np.nan)
    for row in range(rows):
        for column in range(columns):
            top, left = 1 + row * CELL, 1 + column * CELL
            canvas[top : top + 28, left : left + 28] = images[row, column]
    return canvas
