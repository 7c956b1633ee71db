"""Mask files: compressed numpy archives without pickled objects. Imports no torch.

`images`, uint16, (classes, sparsities, 28, 28): how many units of the first layer keep each pixel;
absent where its units do not see the whole image. `description`, a JSON text: what was scored
(`key`), under which `settings`, the `classes` and `sparsities` in order, of each pruning batch the
`composition`, how many examples of each class it has, the number of `units`, and for class `all`
the `anatomies`, per sparsity what `snip.masks.anatomy` counts. A file that is not for images
alone also has the masks: one boolean array per parameter tensor, named as in the network, of shape
([classes,] sparsities, *tensor shape), True where kept.
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
    """A mask file that is missing, damaged, of other masks, or has no image."""


def mask_file(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the content of a mask file; see the module."""
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
    """Count the units that keep each pixel.

    Args:
        first: masks of the first layer's weights, (..., units, inputs) or of a convolution.

    Returns:
        uint16, (..., 28, 28); None where the layer's units do not see all 784 pixels.
    """
    if first.ndim < 2 or first.shape[-1] != 784:
        return None
    return first.sum(-2, dtype=np.uint16).reshape(*first.shape[:-2], 28, 28)


@dataclass(frozen=True)
class MaskFile:
    """What tables, figures and claims read of a mask file.

    Attributes:
        path: where it lies.
        key: what was scored.
        settings: how, see `runs.SCORING_SETTINGS`.
        classes: of the pruning batches, in order.
        sparsities: labels (percent), in order.
        composition: per pruning batch the number of examples of each of the ten classes.
        anatomies: per sparsity and parameter tensor, the counts of `snip.masks.anatomy`; empty
            unless `classes` is `all`.
        shares: per class and sparsity the share of the first layer's units that keep each pixel,
            (classes, sparsities, 28, 28); None where its units do not see the whole image.
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
        """The mask images (classes, sparsities, 28, 28): per pixel the share of units keeping it.

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
    """Read the file of a mask set below `folder`, and check that it is that set's.

    Args:
        sparsities: labels; the file may have more, for other figures' sake. None: all it has.
        settings: the scoring settings that the reader expects. None: whatever it was made under.

    Raises:
        MaskFileError: the file is missing or damaged, holds other masks, or lacks a sparsity.
        SettingsError: it was scored under other settings.
    """
    path = folder / f"{masks.path}.npz"
    try:
        # Opened here: numpy leaves a file that it cannot read open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            held = json.loads(str(archive["description"]))
            counts = archive["images"] if "images" in archive.files else None
            found = MaskFile(
                path,
                held["key"],
                held["settings"],
                held["classes"],
                held["sparsities"],
                held["composition"],
                held["anatomies"],
                # Rounded as the tables have it; one unit of 300 is 0.0033.
                None if counts is None else (counts / held["units"]).round(4),
            )
    except Exception as error:
        raise MaskFileError(f"mask file {path} cannot be read: {error}") from error
    if found.key != masks.key:
        raise MaskFileError(f"mask file {path} holds {found.key}, expected {masks.key}")
    if settings is not None:
        check_settings(f"mask file {path}", found.settings, settings)
    return found if sparsities is None else _select(found, sparsities)


def _select(file: MaskFile, sparsities: Sequence[str]) -> MaskFile:
    """Return a mask file with these sparsities alone, in this order."""
    missing = [sparsity for sparsity in sparsities if sparsity not in file.sparsities]
    if missing:
        raise MaskFileError(
            f"mask file {file.path} has sparsities {', '.join(file.sparsities)}, "
            f"expected {missing[0]} among them"
        )
    chosen = [file.sparsities.index(sparsity) for sparsity in sparsities]
    return replace(
        file,
        sparsities=list(sparsities),
        anatomies=[file.anatomies[index] for index in chosen] if file.anatomies else [],
        shares=None if file.shares is None else file.shares[:, chosen],
    )
