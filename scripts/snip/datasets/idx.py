"""IDX, the file format of MNIST: opening files, and checking what those of a source contain.

A file is a magic number (two zero bytes, the type of the values, the number of dimensions), each
dimension as a big-endian 32-bit integer, then the values in row-major order.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from snip.datasets.sources import (
    CLASSES,
    IMAGE_SHAPE,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    Source,
)
from snip.jobs.files import sha256


def open_idx(path: Path, expected: str) -> np.ndarray:
    """Map a fetched IDX file into memory and compare it with its SHA-256, `expected`.

    Returns:
        A uint8 array of the shape in the header. Processes that map the same file share its
        memory; writing to the array never changes the file.

    Raises:
        DatasetError: the file is missing, truncated or altered.
    """
    try:
        # Copy-on-write shares memory as a read-only map does, and torch does not warn about it.
        content = np.memmap(path, np.uint8, "c")
    except (OSError, ValueError) as error:  # a ValueError if it is empty
        raise DatasetError(
            f"data file {path} is missing or empty ({error}), expected SHA-256 {expected}; fetch "
            f"it with python scripts/fetch_dataset.py --source {path.parent.name}"
        ) from error
    checksum = sha256(content.data)
    if checksum != expected:
        raise DatasetError(
            f"data file {path} is truncated or altered: found SHA-256 {checksum}, "
            f"expected {expected}; --forcerun fetch_dataset fetches it again"
        )
    return view_idx(content, path)


def view_idx(content: np.ndarray, path: Path | str) -> np.ndarray:
    """Return the array inside the bytes (uint8) of the IDX file `path`, without a copy.

    Raises:
        DatasetError: the header is not one of unsigned bytes, or does not fit the file's size.
    """
    magic = content[:4].tobytes()
    if len(magic) < 4 or magic[:3] != b"\0\0\x08":
        raise DatasetError(
            f"data file {path} is not an IDX file of unsigned bytes: it begins with {magic!r}, "
            "expected two zero bytes, the type 8 and the number of dimensions"
        )
    offset = 4 + 4 * magic[3]
    header = content[4:offset].tobytes()
    shape = tuple(int.from_bytes(header[i : i + 4]) for i in range(0, len(header), 4))
    expected = offset + math.prod(shape)
    if content.size != expected:
        raise DatasetError(
            f"data file {path} has {content.size} bytes, expected {expected} by its header"
        )
    return content[offset:].reshape(shape)


def check_content(name: str, source: Source, arrays: dict[str, np.ndarray]) -> None:
    """Check that a source's files, by name, contain what networks and figures rely on.

    Raises:
        DatasetError: an array has another shape than expected, or a class has no examples.
    """
    train, test = source.training_examples, arrays[TEST_LABELS].size
    shapes = {
        TRAIN_IMAGES: (train, *IMAGE_SHAPE),
        TRAIN_LABELS: (train,),
        TEST_IMAGES: (test, *IMAGE_SHAPE),
        TEST_LABELS: (test,),
    }
    for file, shape in shapes.items():
        if arrays[file].shape != shape:
            raise DatasetError(
                f"{file} of data set {name} has shape {arrays[file].shape}, expected {shape} "
                f"(its source file states training_examples {train})"
            )
    if arrays[TRAIN_IMAGES].min() == arrays[TRAIN_IMAGES].max():
        raise DatasetError(
            f"{TRAIN_IMAGES} of data set {name} has a single grey value, expected several"
        )
    for file in (TRAIN_LABELS, TEST_LABELS):
        if (found := set(arrays[file].tolist())) != set(range(CLASSES)):
            raise DatasetError(
                f"{file} of data set {name} has the labels {sorted(found)}, expected each of "
                f"0 to {CLASSES - 1}"
            )
