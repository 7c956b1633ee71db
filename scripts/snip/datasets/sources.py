"""Sources: where the four IDX files of a data set come from, one file `sources/NAME.yaml` each.

The Snakefile imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import (
    BaseModel,
    HttpUrl,
    PositiveInt,
    StringConstraints,
    ValidationError,
    field_validator,
)

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


class Source(BaseModel, extra="forbid", frozen=True, strict=True):
    """The content of a file `sources/NAME.yaml`.

    Attributes:
        checksums: SHA-256 of each uncompressed IDX file, by file name.
        training_examples: number of training images.
        smallest_class: how many of them the class has that has the fewest; a tenth if not given.
        mirrors: folders on the web with the files, each gzipped (`NAME.gz`).
        npm: npm package that contains them, if any.
        debian: Debian package that contains them, if any.
    """

    checksums: dict[str, Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]]
    training_examples: PositiveInt
    smallest_class: PositiveInt | None = None
    mirrors: list[HttpUrl] = []
    npm: str | None = None
    debian: str | None = None

    @field_validator("checksums")
    @classmethod
    def _of_each_file(cls, stated: dict[str, str]) -> dict[str, str]:
        checksums = {canonical_name(file): checksum for file, checksum in stated.items()}
        if set(checksums) != set(IDX_FILES):
            raise ValueError(f"expected one for each of {', '.join(IDX_FILES)}")
        return {file: checksums[file] for file in IDX_FILES}


def source_names() -> list[str]:
    """Return the names of all sources, sorted.

    A name becomes part of paths and of variant names, where `-inverted` and `-N` follow it. Files
    with other names (an editor's, say) are ignored.
    """
    stems = sorted(path.stem for path in SOURCE_FOLDER.glob("*.yaml"))
    words = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(?<!-inverted)")
    return [stem for stem in stems if words.fullmatch(stem) and not re.search(r"-\d+$", stem)]


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
    path = SOURCE_FOLDER / f"{source}.yaml"
    try:
        return Source.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        raise DatasetError(f"source file {path} {_first_problem(error)}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"source file {path} cannot be read: {reason}") from error


def _first_problem(error: ValidationError) -> str:
    """Return the first problem with a file, as the rest of a sentence about it."""
    problem = error.errors()[0]
    key = ".".join(map(str, problem["loc"])) or "content"
    if problem["type"] == "extra_forbidden":
        return f"has the unknown key {key!r}, allowed: {', '.join(Source.model_fields)}"
    if problem["type"] == "missing":
        return f"has no key {key!r}, expected one"
    return f"has {key} {problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}"
