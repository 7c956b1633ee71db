"""Sources: where the four IDX files of a data set come from, one file `sources/NAME.yaml` each.

The Snakefile imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import yaml

from snip.jobs.failures import SnipError

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
IDX_FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
# Written beside the IDX files when they are fetched, see `snip.datasets.summary`.
SUMMARY = "summary.npz"
# Where fetched data lie, in the working directory.
FETCHED = Path("results/datasets")
# Networks and figures support nothing else, so every source must have them.
CLASSES = 10
IMAGE_SHAPE = (28, 28)
SOURCE_FOLDER = Path(__file__).parent / "sources"


class DatasetError(SnipError):
    """A data set is unknown, or a file of it is missing, truncated or altered."""


@dataclass(frozen=True)
class Source:
    """The content of a file `sources/NAME.yaml`.

    Attributes:
        checksums: SHA-256 of each uncompressed IDX file, by file name.
        training_examples: number of training images.
        smallest_class: how many of them the class has that has the fewest; a tenth if not given.
        torchvision: torchvision's class whose mirrors serve the files, if any.
        npm: npm package that contains them, if any.
        debian: Debian package that contains them, if any.
    """

    checksums: dict[str, str]
    training_examples: int
    smallest_class: int | None = None
    torchvision: str | None = None
    npm: str | None = None
    debian: str | None = None


def source_file(source: str) -> Path:
    """Return the path of the file that describes a source."""
    return SOURCE_FOLDER / f"{source}.yaml"


def source_names() -> list[str]:
    """Return the names of all sources, sorted. Files with other names are ignored."""
    return sorted(path.stem for path in SOURCE_FOLDER.glob("*.yaml") if _is_name(path.stem))


def misnamed_files() -> list[Path]:
    """Return the YAML files, hidden ones aside, that are ignored because of their names."""
    return sorted(
        path
        for path in SOURCE_FOLDER.glob("*.yaml")
        if not _is_name(path.stem) and not path.name.startswith(".")
    )


def _is_name(stem: str) -> bool:
    """Return whether a source may have this name.

    The name becomes part of paths and of variant names, where `-inverted` and `-N` follow it.
    """
    words = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", stem)
    return bool(words) and not re.search(r"-(inverted|\d+)$", stem)


def canonical_name(name: str) -> str:
    """Return the name in IDX_FILES of a data file as mirrors may name it.

    Half the mirrors write a dot, and files may be gzipped: `train-images.idx3-ubyte.gz`.
    """
    return name.removesuffix(".gz").replace(".idx", "-idx")


@cache
def load_source(source: str) -> Source:
    """Read and check the file of a source; the data are not needed.

    Raises:
        DatasetError: the file is not YAML, or a key is unknown, missing or has a wrong value.
    """
    path = source_file(source)
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"source file {path} cannot be read: {reason}") from error
    try:
        return _checked_source(content)
    except ValueError as error:
        raise DatasetError(f"source file {path} {error}") from error


def _checked_source(content: object) -> Source:
    """Return the source that a file's content describes.

    Raises:
        ValueError: what is wrong with it, as the rest of a sentence about the file.
    """
    if not isinstance(content, dict):
        raise ValueError(f"contains {content!r}, expected keys and values")
    allowed = [field.name for field in fields(Source)]
    for key in content:
        if key not in allowed:
            raise ValueError(f"has the unknown key {key!r}, allowed: {', '.join(allowed)}")
    for key in ("training_examples", "smallest_class"):
        number = content.get(key, 1 if key == "smallest_class" else None)
        if type(number) is not int or number < 1:
            raise ValueError(f"has {key} {number!r}, expected a positive whole number")
    for key in ("torchvision", "npm", "debian"):
        value = content.get(key)
        # torchvision's name becomes part of a Python command.
        if not (value is None or isinstance(value, str)) or (
            key == "torchvision" and value and not value.isidentifier()
        ):
            raise ValueError(f"has {key} {value!r}, expected a name")
    return Source(**content | {"checksums": _checked_checksums(content.get("checksums"))})


def _checked_checksums(stated: object) -> dict[str, str]:
    """Return a source's checksums by canonical file name.

    Raises:
        ValueError: as `_checked_source`.
    """
    expected = ", ".join(IDX_FILES)
    if not isinstance(stated, dict):
        raise ValueError(f"has checksums {stated!r}, expected one for each of {expected}")
    checksums = {canonical_name(str(file)): checksum for file, checksum in stated.items()}
    for file in checksums:
        if file not in IDX_FILES:
            raise ValueError(f"has a checksum of the unknown file {file!r}, allowed: {expected}")
    for file in IDX_FILES:
        if file not in checksums:
            raise ValueError(f"has no checksum of {file}, expected one for each of {expected}")
        if not re.fullmatch("[0-9a-f]{64}", str(checksums[file])):
            raise ValueError(
                f"has the checksum {checksums[file]!r} of {file}, expected a SHA-256: "
                "64 characters, each a digit or a letter from a to f"
            )
    return {file: checksums[file] for file in IDX_FILES}
