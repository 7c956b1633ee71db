"""The summary of a source: grey value histogram and mean images, computed once when it is fetched.

It spares every training job a pass over all images.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from snip.datasets.sources import (
    CLASSES,
    SUMMARY,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    Source,
    load_source,
)
from snip.datasets.variants import parse_dataset


def made_from(source: Source) -> str:
    """Return the checksums of the two files that a source's summary is made from."""
    return f"{source.checksums[TRAIN_IMAGES]} {source.checksums[TRAIN_LABELS]}"


def summarise(images: np.ndarray, labels: np.ndarray, origin: str) -> bytes:
    """Return the content of a summary file (.npz) of training images (examples, height, width).

    Returns:
        `histogram` (256,): how often each grey value occurs. `means` (classes + 1, height, width):
        the mean image of each class, then that of all examples, in grey values. `made_from`:
        `origin`, which the function of this name returns.
    """
    histogram = np.zeros(256, np.int64)
    sums = np.zeros((CLASSES + 1, *images.shape[1:]), np.int64)
    for digit in range(CLASSES):
        of_class = images[labels == digit]
        histogram += np.bincount(of_class.reshape(-1), minlength=256)
        sums[digit] = of_class.sum(0, dtype=np.int64)
    sums[-1] = sums[:-1].sum(0)
    counts = [*np.bincount(labels, minlength=CLASSES), len(images)]
    means = sums / np.reshape(counts, (-1, 1, 1))
    buffer = io.BytesIO()
    np.savez(buffer, histogram=histogram, means=means, made_from=origin)
    return buffer.getvalue()


def load_summary(folder: Path, source: str) -> dict[str, np.ndarray]:
    """Read the summary of a source from `folder`/SOURCE: the arrays of `summarise`, by name.

    Raises:
        DatasetError: the file is missing or damaged, or was made from other images or labels.
    """
    path = folder / source / SUMMARY
    try:
        # We open the file ourselves because numpy does not close a file that it cannot read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            summary = {key: archive[key] for key in ("histogram", "means", "made_from")}
    except Exception as error:
        raise DatasetError(f"summary file {path} cannot be read: {error}") from error
    expected = made_from(load_source(source))
    if str(summary["made_from"]) != expected:
        raise DatasetError(
            f"summary file {path} was made from other files: found SHA-256 "
            f"{summary['made_from']}, expected {expected}; delete it and fetch the data set again"
        )
    return summary


def mean_images(name: str, folder: Path | str) -> np.ndarray:
    """Return the mean training images of data set `name`, read from `folder`/SOURCE.

    Returns:
        (classes + 1, 28, 28), grey values in [0, 1]: row c is the mean image of class c, the last
        row that of all training images.
    """
    variant = parse_dataset(name)
    means = load_summary(Path(folder), variant.source)["means"] / 255
    return 1 - means if variant.inverted else means
