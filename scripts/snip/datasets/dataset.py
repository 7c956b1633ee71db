"""A data set in memory: standardised images, the split of a run, its pruning batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from snip.datasets.idx import open_idx
from snip.datasets.sources import CLASSES, DatasetError, load_source
from snip.datasets.summary import load_summary
from snip.datasets.variants import Variant, parse_dataset
from snip.jobs.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """One variant of a data set, opened.

    Attributes:
        train_images, test_images: uint8, (examples, 28, 28), as stored (never inverted).
        train_labels, test_labels: uint8, (examples,).
        scale, offset: network input = scale · stored grey value + offset: standardised by one
            scalar mean and one scalar standard deviation over all training images (paper, section
            5), or brought to [0, 1].
    """

    name: str
    variant: Variant
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    scale: float
    offset: float

    def standardise(self, images: np.ndarray | Tensor) -> Tensor:
        """Turn stored grey values (examples, 28, 28) into network input (examples, 1, 28, 28).

        The result of a tensor is on the tensor's device, that of an array on the CPU. Its memory
        layout is (pixels, examples), with examples contiguous, because the layers iterate so.
        """
        import torch

        stored = torch.as_tensor(images)
        pixels = stored.flatten(1).T
        pixels = torch.empty(pixels.shape, device=stored.device).copy_(pixels)
        return pixels.mul_(self.scale).add_(self.offset).T.view(-1, 1, *stored.shape[1:])

    def split(self, seed: int, validation_share: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of a run's training examples and of its validation examples.

        The seed shuffles all training images. The first `validation_share` of them is held out for
        validation; the next `variant.examples`, or all others, are for training.

        Raises:
            DatasetError: the variant asks for more training examples than there are.
        """
        order = stream(seed, "split").permutation(len(self.train_images))
        held_out = round(len(order) * validation_share)
        training = order[held_out:]
        if self.variant.examples is not None:
            if self.variant.examples > len(training):
                raise DatasetError(
                    f"dataset {self.name} asks for {self.variant.examples} training examples; "
                    f"{len(training)} remain after {held_out} validation examples are held out"
                )
            training = training[: self.variant.examples]
        return training, order[:held_out]


def draw_pruning_batch(
    labels: np.ndarray,
    candidates: np.ndarray,
    batch_size: int | Literal["all"],
    seed: int,
    class_: str = "all",
    balanced: bool = False,
) -> np.ndarray:
    """Draw the pruning batch from a run's training examples, without replacement.

    With one seed, a smaller batch is the beginning of a larger one.

    Args:
        labels: true labels of all training images, (images,).
        candidates: indices of the run's training examples.
        batch_size: number of examples, or `all`.
        class_: the digit to draw from, or `all`.
        balanced: whether to draw as many of each class, give or take one, while they last.

    Returns:
        Indices of training images, (batch,).

    Raises:
        DatasetError: there are fewer candidates than the batch needs.
    """
    order = stream(seed, "pruning batch").permutation(candidates)
    if class_ != "all":
        order = order[labels[order] == int(class_)]
    if balanced:
        # First every class's first example, then every class's second, and so on.
        turns = np.empty(len(order), int)
        for digit in range(CLASSES):
            of_class = labels[order] == digit
            turns[of_class] = np.arange(np.count_nonzero(of_class))
        order = order[turns.argsort(kind="stable")]
    if batch_size == "all":
        return order
    if batch_size > len(order):
        raise DatasetError(
            f"pruning batch of {batch_size} examples asked for, but class {class_} has "
            f"{len(order)} training examples"
        )
    return order[:batch_size]


def load_dataset(
    name: str,
    folder: Path | str,
    inverted_statistics: str = "recomputed",
    grey_values: str = "standardised",
) -> Dataset:
    """Open the data set `name` from the fetched files in `folder`/SOURCE.

    Args:
        inverted_statistics: `recomputed` standardises inverted images by their own mean and
            deviation, which makes them exactly the negative of the standardised original;
            `original` uses the mean and deviation of the original.
        grey_values: `standardised`, or `unit`, from 0 to 1, where no statistics matter.

    Raises:
        DatasetError: the name is unknown, or a file is missing, truncated or altered.
    """
    variant = parse_dataset(name)
    source = load_source(variant.source)
    train_images, train_labels, test_images, test_labels = (
        open_idx(Path(folder) / variant.source / file, checksum)
        for file, checksum in source.checksums.items()
    )
    histogram = load_summary(Path(folder), variant.source)["histogram"]
    values = np.arange(256)
    mean = float(np.average(values, weights=histogram))
    deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=histogram)))
    scale, offset = 1 / deviation, -mean / deviation
    if grey_values == "unit":
        scale, offset = (-1 / 255, 1.0) if variant.inverted else (1 / 255, 0.0)
    elif variant.inverted and inverted_statistics == "recomputed":
        # The mean becomes 255 − mean and the deviation stays: an exact change of sign.
        scale, offset = -scale, -offset
    elif variant.inverted:
        scale, offset = -scale, (255 - mean) / deviation
    return Dataset(
        name, variant, train_images, train_labels, test_images, test_labels, scale, offset
    )
