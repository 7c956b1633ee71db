"""Mask files: compressed numpy archives without pickled objects. Imports no torch.

A mask file holds a kind of mask, of several seeds, in these arrays:

- `description`: a JSON text with
  - `key`, what was scored, and `settings`, how;
  - `seeds`, `classes` and `sparsities`, in the order of the arrays' axes;
  - `composition`: per seed and pruning batch, the number of examples of each class;
  - `units`: the number of units of the first layer;
  - `anatomies`: for class `all`, per seed and sparsity the counts of `snip.masks.anatomy`; else
    empty;
  - `made_by`: what computed it, see `snip.jobs.threads`.
- `images`, uint16 (seeds, classes, sparsities, 28, 28): the number of first-layer units that keep
  each pixel. Absent if these units do not see the whole image.
- the masks, unless the file is for images only: per parameter tensor, under its name in the
  network, a boolean array (seeds, classes, sparsities, *tensor shape), True where kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snip.jobs.failures import SnipError
from snip.study.axes import MaskSet
from snip.study.settings import check_settings

REMEDY = "delete it, and it is scored again"


class MaskFileError(SnipError):
    """A mask file that is missing, is damaged, holds other masks or has no images."""


def mask_file(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the content of a mask file.

    Args:
        description: the entries of `description`; see the module.
        arrays: the other arrays by name.
    """
    arrays = {**arrays, "description": np.array(json.dumps(description))}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            # No timestamp, so equal content gives equal bytes. Level 1: numpy's default takes
            # longer than scoring.
            member = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


def pixel_counts(first: np.ndarray) -> np.ndarray | None:
    """Count the units of the first layer that keep each pixel.

    Args:
        first: masks of the first layer's weight, (..., units, 784); other shapes have no images.

    Returns:
        uint16 (..., 28, 28), or None if the units do not see all 784 pixels.
    """
    if first.ndim < 2 or first.shape[-1] != 784:
        return None
    return first.sum(-2, dtype=np.uint16).reshape(*first.shape[:-2], 28, 28)


@dataclass(frozen=True)
class MaskFile:
    """The part of a mask file that tables, figures and claims read, of one seed.

    Attributes:
        path: the file.
        key: what was scored, with the seed.
        classes: one per pruning batch, in order.
        sparsities: labels (percent), in order.
        composition: per pruning batch, the number of examples of each of the ten classes.
        anatomies: per sparsity and parameter tensor, the counts of `snip.masks.anatomy`; empty
            unless the class is `all`.
        counts: the number of first-layer units that keep each pixel, (classes, sparsities, 28, 28);
            None if these units do not see the whole image.
        units: the number of units of the first layer.
    """

    path: Path
    key: dict[str, Any]
    classes: list[str]
    sparsities: list[str]
    composition: list[list[int]]
    anatomies: list[dict[str, dict[str, int]]]
    counts: np.ndarray | None
    units: int

    @property
    def images(self) -> np.ndarray:
        """Mask images (classes, sparsities, 28, 28): per pixel, the share of units that keep it.

        Raises:
            MaskFileError: the first layer's units do not see all 784 pixels.
        """
        if self.counts is None:
            raise MaskFileError(
                f"mask file {self.path} has no images: the first layer's units do not see the "
                "whole image; expected a first layer of shape (units, 784)"
            )
        # Rounded as in the tables; one unit of 300 is 0.0033.
        return (self.counts / self.units).round(4)


def read_masks(
    folder: Path,
    masks: MaskSet,
    wanted: Mapping[int, Sequence[str]] | None = None,
    settings: Mapping[str, Any] | None = None,
    code: Mapping[str, str] | None = None,
) -> list[MaskFile]:
    """Read a mask file below `folder`, and check that it holds what is wanted.

    Args:
        folder: the study's folder of masks.
        masks: the kind of mask.
        wanted: by seed, labels of sparsities; the file may have more, for other figures. None
            selects all.
        settings: the scoring settings that the reader expects. None accepts any.
        code: by criterion and network, the code that must have scored (`study.slices`). None
            accepts any.

    Returns:
        The masks of each seed, in the order of `wanted`.

    Raises:
        MaskFileError: the file is missing or damaged, holds other masks, was made by other code,
            or lacks a seed or a sparsity.
        SettingsError: the masks were scored under other settings.
    """
    path = folder / f"{masks.path}.npz"
    try:
        # Open the file here: numpy does not close a file that it cannot read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            found = json.loads(str(archive["description"]))
            counts = archive["images"] if "images" in archive.files else None
        key, seeds, sparsities = found["key"], found["seeds"], found["sparsities"]
        classes, composition, units = found["classes"], found["composition"], found["units"]
        anatomies, scored = found["anatomies"], found["settings"]
        made_by = found.get("made_by", {}).get("code")
    except FileNotFoundError:
        raise MaskFileError(f"mask file {path} does not exist, expected {masks.key}") from None
    except Exception as error:
        raise MaskFileError(
            f"mask file {path} cannot be read: found {error!r}, expected {masks.key}; {REMEDY}"
        ) from error
    if key != masks.key:
        raise MaskFileError(f"mask file {path} holds {key}, expected {masks.key}; {REMEDY}")
    if settings is not None:
        check_settings(f"mask file {path}", scored, settings, "prune")
    if code is not None and made_by != (expected := code[f"{masks.criterion} {masks.network}"]):
        raise MaskFileError(
            f"mask file {path} was scored by other code: found {made_by}, expected {expected}; "
            f"{REMEDY}"
        )

    def place(name: str, labels: Sequence, label: object) -> int:
        if label not in labels:
            have = ", ".join(map(str, labels))
            raise MaskFileError(
                f"mask file {path} has {name} {have}, expected {label} among them; {REMEDY}"
            )
        return labels.index(label)

    files = []
    for seed, labels in (dict.fromkeys(seeds, sparsities) if wanted is None else wanted).items():
        row = place("seeds", seeds, seed)
        columns = [place("sparsities", sparsities, label) for label in labels]
        files.append(
            MaskFile(
                path,
                key | {"seed": seed},
                classes,
                list(labels),
                composition[row],
                [anatomies[row][column] for column in columns] if anatomies else [],
                None if counts is None else counts[row][:, columns],
                units,
            )
        )
    return files
