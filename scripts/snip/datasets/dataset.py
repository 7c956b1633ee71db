"""The image data sets: their files, their variants, and the split of a run.

A data set's name is `SOURCE[-inverted][-N]`: `mnist`, `mnist-inverted` (dark and bright swapped),
`mnist-3000` (3,000 training examples, drawn by the run's seed).
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from snip.jobs.failures import SnipError
from snip.jobs.files import sha256
from snip.jobs.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = 10
IMAGE_SHAPE = (28, 28)
TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
SUMMARY = "summary.npz"
SOURCE_FOLDER = Path(__file__).parent / "sources"


class DatasetError(SnipError):
    """A data set that is unknown, missing, truncated or altered."""


@dataclass(frozen=True)
class Source:
    """Where the four IDX files of a data set come from: a file `sources/NAME.yaml`.

    Attributes:
        checksums: SHA-256 of each uncompressed file.
        training_examples: number of training images.
        torchvision: torchvision's class whose mirrors serve the files, if any.
        npm: npm package that holds them, if any.
        debian: Debian package that holds them, if any.
    """

    checksums: dict[str, str]
    training_examples: int
    torchvision: str | None = None
    npm: str | None = None
    debian: str | None = None


def source_file(source: str) -> Path:
    """Return the file that describes a source."""
    return SOURCE_FOLDER / f"{source}.yaml"


def source_names() -> list[str]:
    """Return the names of all sources. Files with another kind of name are left alone."""
    return sorted(path.stem for path in SOURCE_FOLDER.glob("*.yaml") if _is_name(path.stem))


def _is_name(stem: str) -> bool:
    """Return whether a source may be called so: paths and the names of variants are made of it."""
    words = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", stem)
    return bool(words) and not re.search(r"-(inverted|\d+)$", stem)


def plain_name(name: str) -> str:
    """Return the usual name of a data file: `train-images-idx3-ubyte`.

    Half the mirrors write a dot in it, and files may be gzipped: `train-images.idx3-ubyte.gz`.
    """
    return name.removesuffix(".gz").replace(".idx", "-idx")


@cache
def load_source(source: str) -> Source:
    """Read the description of a source, and check all that can be checked without its data.

    Raises:
        DatasetError: the file is no YAML, or a key is unknown, missing or of a wrong value.
    """
    path = source_file(source)
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"source file {path} cannot be read: {reason}") from error
    try:
        return _described(content)
    except ValueError as error:
        raise DatasetError(f"source file {path} {error}") from error


def _described(content: object) -> Source:
    """Return the source that the content of its file describes, or say what is wrong with it."""
    if not isinstance(content, dict):
        raise ValueError(f"is {content!r}, expected keys and values")
    known = [each.name for each in fields(Source)]
    for key in content:
        if key not in known:
            raise ValueError(f"has the unknown key {key!r}, allowed: {', '.join(known)}")
    examples = content.get("training_examples")
    if type(examples) is not int or examples < 1:
        raise ValueError(f"has {examples!r} training_examples, expected their number")
    for key in ("torchvision", "npm", "debian"):
        value = content.get(key)
        if not (value is None or isinstance(value, str)) or (
            key == "torchvision" and value and not value.isidentifier()
        ):
            raise ValueError(f"has {value!r} under {key}, expected a name")
    return Source(**content | {"checksums": _checksums(content.get("checksums"))})


def _checksums(stated: object) -> dict[str, str]:
    """Return the checksums that a source states, by the files' usual names."""
    if not isinstance(stated, dict):
        raise ValueError(f"has {stated!r} under checksums, expected those of {', '.join(FILES)}")
    checksums = {plain_name(str(file)): checksum for file, checksum in stated.items()}
    for file in checksums:
        if file not in FILES:
            raise ValueError(f"has the unknown file {file!r}, allowed: {', '.join(FILES)}")
    for file in FILES:
        if file not in checksums:
            raise ValueError(f"has no checksum of {file}, expected those of {', '.join(FILES)}")
        if not re.fullmatch("[0-9a-f]{64}", str(checksums[file])):
            raise ValueError(
                f"has the checksum {checksums[file]!r} of {file}, expected a SHA-256: "
                "64 digits or letters a to f"
            )
    return {file: checksums[file] for file in FILES}


@dataclass(frozen=True)
class Variant:
    """A data set by name: its source, whether inverted, and how many examples are trained on."""

    source: str
    inverted: bool = False
    examples: int | None = None


def parse_dataset(name: str) -> Variant:
    """Parse `SOURCE[-inverted][-N]`.

    Raises:
        DatasetError: the source is not registered or the name has another form.
    """
    sources = "|".join(map(re.escape, source_names()))
    match = re.fullmatch(rf"({sources})(-inverted)?(?:-([1-9]\d*))?", str(name))
    if match is None:
        raise DatasetError(
            f"dataset {name!r} is unknown; allowed: {', '.join(source_names())}, each also with "
            "-inverted and with a number of training examples, as in mnist-inverted-3000"
            + _overlooked()
        )
    source, inverted, examples = match.groups()
    return Variant(source, inverted is not None, int(examples) if examples else None)


def _overlooked() -> str:
    """Say which files were probably meant to describe a source but have no name for one."""
    files = sorted(
        path.name
        for path in SOURCE_FOLDER.glob("*.yaml")
        if not _is_name(path.stem) and not path.name.startswith(".")
    )
    if not files:
        return ""
    return (
        f"; not read in {SOURCE_FOLDER}: {', '.join(files)}, as a source's name is of lower-case "
        "letters, digits and single hyphens and ends neither in -inverted nor in a number"
    )


def training_size(name: str, validation_share: float) -> int:
    """Return the number of examples that data set `name` trains on once validation is held out."""
    variant = parse_dataset(name)
    total = load_source(variant.source).training_examples
    return variant.examples or total - round(total * validation_share)


def verify(path: Path, expected: str) -> None:
    """Check a file against its SHA-256 (some 30 ms for the largest).

    Raises:
        DatasetError: the file is missing or its checksum differs.
    """
    if not path.is_file():
        raise DatasetError(
            f"data file {path} is missing; expected SHA-256 {expected}; fetch it with "
            f"python scripts/fetch_dataset.py --dataset {path.parent.name}"
        )
    found = sha256(path.read_bytes())
    if found != expected:
        raise DatasetError(
            f"data file {path} is truncated or altered: found SHA-256 {found}, expected {expected}"
        )


def open_idx(path: Path) -> np.ndarray:
    """Map an uncompressed IDX file of unsigned bytes into memory; changes never reach the file.

    Returns:
        A uint8 array of the shape that the header states. Processes that map one file share it.

    Raises:
        DatasetError: the header is not that of such a file or does not fit the file's size.
    """
    # Copy-on-write: shared like a read-only map, and torch does not warn that it could be written.
    # An empty file cannot be mapped.
    empty = path.stat().st_size == 0
    return view_idx(np.empty(0, np.uint8) if empty else np.memmap(path, np.uint8, "c"), path)


def view_idx(content: np.ndarray, path: Path | str) -> np.ndarray:
    """Return the array in the bytes of an IDX file, as `open_idx` does; `path` is for messages."""
    magic = content[:4].tobytes()
    if len(magic) < 4 or magic[:3] != b"\0\0\x08":
        raise DatasetError(f"data file {path} is no IDX file of bytes: it begins with {magic!r}")
    offset = 4 + 4 * magic[3]
    header = content[4:offset].tobytes()
    shape = tuple(int.from_bytes(header[i : i + 4]) for i in range(0, len(header), 4))
    expected = offset + math.prod(shape)
    if len(header) < 4 * magic[3] or content.size != expected:
        raise DatasetError(f"data file {path} has {content.size} bytes, its header says {expected}")
    return content[offset:].reshape(shape)


def check_content(name: str, arrays: dict[str, np.ndarray]) -> None:
    """Check that the files of source `name` hold what networks and figures take for granted.

    Args:
        arrays: the four files' arrays, by their names.

    Raises:
        DatasetError: the first thing that is otherwise.
    """
    for images_file, labels_file in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        images, labels = arrays[images_file], arrays[labels_file]
        if images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE or not len(images):
            shape = " × ".join(map(str, images.shape))
            raise DatasetError(
                f"{images_file} of data set {name} is {shape}, expected images of 28 × 28 pixels"
            )
        if labels.shape != images.shape[:1]:
            count = " × ".join(map(str, labels.shape))
            raise DatasetError(
                f"{labels_file} of data set {name} has {count} labels, "
                f"expected one for each of {len(images)} images"
            )
        if labels.max() >= CLASSES:
            raise DatasetError(
                f"{labels_file} of data set {name} has the label {labels.max()}, "
                f"expected 0 to {CLASSES - 1}: networks and figures have {CLASSES} classes"
            )
    counts = np.bincount(arrays[TRAIN_LABELS], minlength=CLASSES)
    if not counts.all():
        raise DatasetError(
            f"{TRAIN_LABELS} of data set {name} has no example of class {np.argmin(counts)}, "
            f"expected some of each of {CLASSES} classes"
        )
    if arrays[TRAIN_IMAGES].min() == arrays[TRAIN_IMAGES].max():
        raise DatasetError(
            f"{TRAIN_IMAGES} of data set {name} has one grey value, expected several"
        )
    stated, found = load_source(name).training_examples, len(arrays[TRAIN_IMAGES])
    if stated != found:
        raise DatasetError(
            f"source file {source_file(name)} has {stated} training_examples, "
            f"expected {found}, as in {TRAIN_IMAGES}"
        )


def made_from(source: Source) -> str:
    """Return the checksums of the files that a source's summary is made from."""
    return f"{source.checksums[TRAIN_IMAGES]} {source.checksums[TRAIN_LABELS]}"


def summarise(images: np.ndarray, labels: np.ndarray, origin: str) -> bytes:
    """Return the .npz content that spares every training job a pass over all images.

    Args:
        images: uint8, (examples, height, width).
        labels: uint8, (examples,).
        origin: what `made_from` returned.

    Returns:
        `histogram` (256,), how often each grey value occurs; `means` (classes + 1, height, width),
        the mean image of each class and last of all examples, in grey values; `made_from`.
    """
    histogram = np.zeros(256, np.int64)
    sums = np.zeros((CLASSES + 1, *images.shape[1:]), np.int64)
    for start in range(0, len(images), 5000):
        chunk = images[start : start + 5000]
        histogram += np.bincount(chunk.reshape(-1), minlength=256)
        for number in range(CLASSES):
            sums[number] += chunk[labels[start : start + 5000] == number].sum(0, dtype=np.int64)
        sums[-1] += chunk.sum(0, dtype=np.int64)
    counts = [*np.bincount(labels, minlength=CLASSES)[:CLASSES], len(images)]
    means = sums / np.reshape(counts, (-1, 1, 1))
    buffer = io.BytesIO()
    np.savez(buffer, histogram=histogram, means=means, made_from=origin)
    return buffer.getvalue()


@dataclass(frozen=True)
class Dataset:
    """One variant of a data set, opened.

    Attributes:
        train_images, test_images: uint8, (examples, 28, 28), as stored (never inverted).
        train_labels, test_labels: uint8, (examples,).
        scale, offset: standardised pixel = scale · stored grey value + offset. One scalar mean and
            one scalar standard deviation over all training images (paper, section 5).
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
        """Turn stored grey values (examples, 28, 28) into input (examples, 1, 28, 28).

        A tensor's result is on the tensor's device, an array's on the cpu. In memory examples come
        last, which is how the layers walk through them.
        """
        import torch

        stored = torch.as_tensor(images)
        pixels = stored.flatten(1).T
        pixels = torch.empty(pixels.shape, device=stored.device).copy_(pixels)
        return pixels.mul_(self.scale).add_(self.offset).T.view(-1, 1, *stored.shape[1:])

    def split(
        self, seed: int, validation_share: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the indices of a run's training and validation examples.

        The validation share is the first part of a random order of all training images; the
        training examples follow it, `variant.examples` of them or all.
        """
        order = stream(seed, "split").permutation(len(self.train_images))
        held_out = round(len(order) * validation_share)
        training = order[held_out:]
        if self.variant.examples is not None:
            if self.variant.examples > len(training):
                raise DatasetError(
                    f"dataset {self.name} asks for {self.variant.examples} training examples; "
                    f"{len(training)} are left beside the validation examples"
                )
            training = training[: self.variant.examples]
        return training, order[:held_out]


def draw_pruning_batch(
    labels: np.ndarray,
    candidates: np.ndarray,
    batch_size: int | str,
    seed: int,
    class_: str = "all",
) -> np.ndarray:
    """Draw the pruning batch from a run's training examples, without replacement.

    A smaller batch of the same seed is the beginning of a larger one.

    Args:
        labels: true labels of all training images.
        candidates: indices of the run's training examples.
        batch_size: how many, or `all` that there are.
        class_: `all`, or a digit to draw from that class alone.

    Raises:
        DatasetError: fewer candidates than the batch needs.
    """
    order = stream(seed, "pruning batch").permutation(candidates)
    if class_ != "all":
        order = order[labels[order] == int(class_)]
    if batch_size == "all":
        return order
    if batch_size > len(order):
        raise DatasetError(
            f"pruning batch of {batch_size} examples asked for, but class {class_} has "
            f"{len(order)} training examples"
        )
    return order[:batch_size]


def load_dataset(name: str, folder: Path | str, inverted_statistics: str = "recomputed") -> Dataset:
    """Open the data set `name` from the fetched files in `folder`/SOURCE.

    Args:
        inverted_statistics: `recomputed` standardises inverted images by their own mean and
            deviation, which makes them exactly the negative of the standardised original;
            `original` uses the mean and deviation of the original.

    Raises:
        DatasetError: an unknown name, or a file that is missing, truncated or altered.
    """
    variant = parse_dataset(name)
    source = load_source(variant.source)
    folder = Path(folder) / variant.source
    for file, checksum in source.checksums.items():
        verify(folder / file, checksum)
    train_images, train_labels, test_images, test_labels = (open_idx(folder / f) for f in FILES)
    histogram = load_summary(folder.parent, variant.source)["histogram"]
    values = np.arange(256)
    mean = float(np.average(values, weights=histogram))
    deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=histogram)))
    scale, offset = 1 / deviation, -mean / deviation
    if variant.inverted and inverted_statistics == "recomputed":
        # The mean becomes 255 − mean and the deviation stays: an exact change of sign.
        scale, offset = -scale, -offset
    elif variant.inverted:
        scale, offset = -scale, (255 - mean) / deviation
    return Dataset(
        name, variant, train_images, train_labels, test_images, test_labels, scale, offset
    )


def load_summary(folder: Path, source: str) -> dict[str, np.ndarray]:
    """Read what `summarise` wrote of a source, in `folder`/SOURCE.

    Raises:
        DatasetError: the file is missing or damaged, or was made from other files.
    """
    path = folder / source / SUMMARY
    try:
        # Opened here: numpy leaves a file that it cannot read open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            summary = {key: archive[key] for key in ("histogram", "means", "made_from")}
    except Exception as error:
        raise DatasetError(f"summary file {path} cannot be read: {error}") from error
    expected = made_from(load_source(source))
    if str(summary["made_from"]) != expected:
        raise DatasetError(
            f"summary file {path} is of other images: found {summary['made_from']}, "
            f"expected {expected}; delete it, and it is made again"
        )
    return summary


def mean_images(name: str, folder: Path | str) -> np.ndarray:
    """Return the mean training images of a variant: (classes + 1, 28, 28), grey values in [0, 1].

    Row c is the mean image of class c, the last row that of all training images.
    """
    variant = parse_dataset(name)
    means = load_summary(Path(folder), variant.source)["means"] / 255
    return 1 - means if variant.inverted else means
