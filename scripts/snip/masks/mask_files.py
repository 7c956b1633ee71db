"""Mask files: compressed numpy archives without pickled objects. Imports no torch.

A mask file holds these arrays:

- `description`: a JSON text with
  - `key`, what was scored, and `settings`, how;
  - `classes` and `sparsities`, in the order of the arrays' axes;
  - `composition`: per pruning batch, the number of examples of each class;
  - `units`: the number of units of the first layer;
  - `anatomies`: for class `all`, per sparsity the counts of `snip.masks.anatomy`; else empty.
- `images`, uint16 (classes, sparsities, 28, 28): the number of first-layer units that keep each
  pixel. Absent if these units do not see the whole image.
- the masks, unless the file is for images only: per parameter tensor, under its name in the
  network, a boolean array ([classes,] sparsities, *tensor shape), True where kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snip.jobs.failures import SnipError
from snip.study.axes import MaskSet
from snip.study.settings import check_settings


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
    """The part of a mask file that tables, figures and claims read.

    Attributes:
        path: the file.
        key: what was scored.
        settings: how it was scored (`SCORING_SETTINGS`).
        classes: one per pruning batch, in order.
        sparsities: labels (percent), in order.
        composition: per pruning batch, the number of examples of each of the ten classes.
        anatomies: per sparsity and parameter tensor, the counts of `snip.masks.anatomy`; empty
            unless the class is `all`.
        shares: the share of first-layer units that keep each pixel, (classes, sparsities, 28, 28);
            None if these units do not see the whole image.
    """

    path: Path
    key: dict[str, Any]
    settings: dict[str, Any]
    classes: list[str]
    sparsities: list[str]
    composition: list[list[int]]
    anatomies: list[dict[str, dict[str, int]]]
    shares: np.ndarray | None

    @property
    def images(self) -> np.ndarray:
        """Mask images (classes, sparsities, 28, 28): per pixel, the share of units that keep it.

        Raises:
            MaskFileError: the first layer's units do not see all 784 pixels.
        """
        if self.shares is None:
            raise MaskFileError(
                f"mask file {self.path} has no images: the first layer's units do not see the "
                "whole image; expected a first layer of shape (units, 784)"
            )
        return self.shares


def read_mask_file(
    folder: Path,
    masks: MaskSet,
    sparsities: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> MaskFile:
    """Read the file of a mask set below `folder`, and check that it holds that set.

    Args:
        folder: the study's folder of masks.
        masks: the mask set.
        sparsities: labels to select; the file may have more, for other figures. None selects all.
        settings: the scoring settings that the reader expects. None accepts any.

    Raises:
        MaskFileError: the file is missing or damaged, holds other masks or lacks a sparsity.
        SettingsError: the masks were scored under other settings.
    """
    path = folder / f"{masks.path}.npz"
    try:
        # Open the file here: numpy does not close a file that it cannot read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            description = json.loads(str(archive["description"]))
            counts = archive["images"] if "images" in archive.files else None
            file = MaskFile(
                path,
                description["key"],
                description["settings"],
                description["classes"],
                description["sparsities"],
                description["composition"],
                description["anatomies"],
                # Rounded as in the tables; one unit of 300 is 0.0033.
                None if counts is None else (counts / description["units"]).round(4),
            )
    except Exception as error:
        raise MaskFileError(f"mask file {path} cannot be read: {error}") from error
    if file.key != masks.key:
        raise MaskFileError(f"mask file {path} holds {file.key}, expected {masks.key}")
    if settings is not None:
        check_settings(f"mask file {path}", file.settings, settings, "prune")
    return file if sparsities is None else _select(file, sparsities)


def _select(file: MaskFile, sparsities: Sequence[str]) -> MaskFile:
    """Return a mask file with only these sparsities, in this order."""
    missing = [sparsity for sparsity in sparsities if sparsity not in file.sparsities]
    if missing:
        raise MaskFileError(
            f"mask file {file.path} has sparsities {', '.join(file.sparsities)}, "
            f"expected {missing[0]} among them"
        )
    indices = [file.sparsities.index(sparsity) for sparsity in sparsities]
    return replace(
        file,
        sparsities=list(sparsities),
        anatomies=[file.anatomies[index] for index in indices] if file.anatomies else [],
        shares=None if file.shares is None else file.shares[:, indices],
    )
