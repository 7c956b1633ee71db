"""What the files of a source must contain, checked once when they are fetched."""

from __future__ import annotations

import numpy as np

from snip.datasets.sources import (
    CLASSES,
    IMAGE_SHAPE,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    load_source,
    source_file,
)


def check_content(name: str, arrays: dict[str, np.ndarray]) -> None:
    """Check that the files of source `name` contain what networks and figures rely on.

    Args:
        arrays: the array of each file in IDX_FILES, by file name.

    Raises:
        DatasetError: the first requirement that the files do not meet.
    """
    for images_file, labels_file in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        _check_split(name, arrays, images_file, labels_file)
    counts = np.bincount(arrays[TRAIN_LABELS], minlength=CLASSES)
    if not counts.all():
        raise DatasetError(
            f"{TRAIN_LABELS} of data set {name} has no example of class {np.argmin(counts)}, "
            f"expected some of each of {CLASSES} classes"
        )
    if arrays[TRAIN_IMAGES].min() == arrays[TRAIN_IMAGES].max():
        raise DatasetError(
            f"{TRAIN_IMAGES} of data set {name} has a single grey value, expected several"
        )
    stated, count = load_source(name).training_examples, len(arrays[TRAIN_IMAGES])
    if stated != count:
        raise DatasetError(
            f"source file {source_file(name)} has training_examples {stated}, "
            f"expected {count}, as in {TRAIN_IMAGES}"
        )


def _check_split(
    name: str, arrays: dict[str, np.ndarray], images_file: str, labels_file: str
) -> None:
    """Check the shapes and labels of the training files or of the test files."""
    images, labels = arrays[images_file], arrays[labels_file]
    if images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE or not len(images):
        raise DatasetError(
            f"{images_file} of data set {name} has shape {_shape(images)}, "
            f"expected one or more images of {' × '.join(map(str, IMAGE_SHAPE))} pixels"
        )
    if labels.shape != images.shape[:1]:
        raise DatasetError(
            f"{labels_file} of data set {name} has {_shape(labels)} labels, "
            f"expected one for each of {len(images)} images"
        )
    if labels.max() >= CLASSES:
        raise DatasetError(
            f"{labels_file} of data set {name} has the label {labels.max()}, "
            f"expected 0 to {CLASSES - 1}: networks and figures have {CLASSES} classes"
        )


def _shape(array: np.ndarray) -> str:
    """Return an array's shape in print: `60000 × 28 × 28`."""
    return " × ".join(map(str, array.shape))
