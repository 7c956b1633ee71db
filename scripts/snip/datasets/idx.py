"""IDX, the file format of MNIST: reading and verifying files.

A file is a magic number (two zero bytes, the type of the values, the number of dimensions), each
dimension as a big-endian 32-bit integer, then the values in row-major order.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from snip.datasets.sources import DatasetError
from snip.jobs.files import sha256


def verify(path: Path, expected: str) -> None:
    """Compare a fetched file with its SHA-256.

    Raises:
        DatasetError: the file is missing, or its checksum differs.
    """
    if not path.is_file():
        raise DatasetError(
            f"data file {path} is missing; expected SHA-256 {expected}; fetch it with "
            f"python scripts/fetch_dataset.py --dataset {path.parent.name}"
        )
    checksum = sha256(path.read_bytes())
    if checksum != expected:
        raise DatasetError(
            f"data file {path} is truncated or altered: found SHA-256 {checksum}, "
            f"expected {expected}; --forcerun fetch_dataset fetches it again"
        )


def open_idx(path: Path) -> np.ndarray:
    """Map an uncompressed IDX file of unsigned bytes into memory.

    Returns:
        A uint8 array of the shape in the header. Processes that map the same file share its
        memory; writing to the array never changes the file.

    Raises:
        DatasetError: see `view_idx`.
    """
    # Copy-on-write shares memory as a read-only map does, and torch does not warn about it.
    # An empty file cannot be mapped.
    empty = path.stat().st_size == 0
    return view_idx(np.empty(0, np.uint8) if empty else np.memmap(path, np.uint8, "c"), path)


def view_idx(content: np.ndarray, path: Path | str) -> np.ndarray:
    """Return the array inside the bytes of an IDX file, without a copy.

    Args:
        content: uint8, (bytes,).
        path: what error messages call the file.

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
    if len(header) < 4 * magic[3] or content.size != expected:
        raise DatasetError(
            f"data file {path} has {content.size} bytes, expected {expected} by its header"
        )
    return content[offset:].reshape(shape)
