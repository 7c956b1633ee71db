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
from snip.study.runs import MaskSet
from snip.study.settings import check_settings


class MaskFileError(SnipError):
    """A mask file that is missing, is damaged, holds other masks or has no images."""


def mask_file(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the content of a mask file: its `description`, see the module, and its arrays."""
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
    """Count the units of the first layer, (..., units, 784), that keep each pixel.

    Returns:
        uint16 (..., 28, 28), or None if the units do not see all 784 pixels.
    """
    if first.shape[-1] != 784:
        return None
    return first.sum(-2, dtype=np.uint16).reshape(*first.shape[:-2], 28, 28)


@dataclass(frozen=True)
class MaskFile:
    """What tables, figures and claims read of a mask file, of one seed; see the module.

    Attributes:
        key: what was scored, with the seed.
        sparsities: percent, those of `anatomies` and `counts`.
        counts: the file's `images`, (classes, sparsities, 28, 28), or None.
    """

    path: Path
    key: dict[str, Any]
    classes: list[str]
    sparsities: list[float]
    composition: list[list[int]]
    anatomies: list[dict[str, dict[str, int]]]
    counts: np.ndarray | None
    units: int

    @property
    def images(self) -> np.ndarray:
        """Mask images (classes, sparsities, 28, 28): per pixel, the share of units that keep it.

        Raises:
            MaskFileError: the file has none.
        """
        if self.counts is None:
            raise MaskFileError(
                f"mask file {self.path} has no images, expected a first layer (units, 784)"
            )
        # Rounded as in the tables; one unit of 300 is 0.0033.
        return (self.counts / self.units).round(4)


def read_masks(
    folder: Path,
    masks: MaskSet,
    wanted: Mapping[int, Sequence[float]] | None = None,
    settings: Mapping[str, Any] | None = None,
    code: Mapping[str, str] | None = None,
) -> list[MaskFile]:
    """Read a mask file, and check that it holds what is wanted.

    Args:
        folder: the study's folder of masks.
        masks: the kind of mask.
        wanted: by seed, sparsities; the file may have more, for other figures. None
            selects all.
        settings: the scoring settings that the reader expects. None accepts any.
        code: by criterion and network, the code that must have scored. None accepts any.

    Returns:
        The masks of each seed, in the order of `wanted`.

    Raises:
        MaskFileError: the file is missing or damaged, or it holds something else.
        SettingsError: the masks were scored under other settings.
    """
    path = folder / f"{masks.path}.npz"

    def refusal(found: str, expected: object) -> MaskFileError:
        remedy = "delete it, and it is scored again"
        return MaskFileError(f"mask file {path} {found}, expected {expected}; {remedy}")

    try:
        # Open the file here: numpy does not close a file that it cannot read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            found = json.loads(str(archive["description"]))
            counts = archive["images"] if "images" in archive.files else None
        key, scored, seeds = found["key"], found["settings"], found["seeds"]
        sparsities, anatomies = found["sparsities"], found["anatomies"]
        classes, composition, units = found["classes"], found["composition"], found["units"]
    except FileNotFoundError:
        raise MaskFileError(f"mask file {path} does not exist, expected {masks.key}") from None
    except Exception as error:
        raise refusal(f"cannot be read: found {error!r}", masks.key) from error
    if key != masks.key:
        raise refusal(f"holds {key}", masks.key)
    if settings is not None:
        check_settings(f"mask file {path}", scored, settings, "prune")
    if code is not None:
        made_by = found.get("made_by", {}).get("code")
        expected = code[f"{masks.criterion} {masks.network}"]
        if made_by != expected:
            raise refusal(f"was scored by other code: found {made_by}", expected)
    files = []
    for seed, asked in (dict.fromkeys(seeds, sparsities) if wanted is None else wanted).items():
        if seed not in seeds or not set(asked) <= set(sparsities):
            raise refusal(
                f"has seeds {seeds} at sparsities {sparsities}", f"seed {seed} at {asked}"
            )
        row, columns = seeds.index(seed), [sparsities.index(sparsity) for sparsity in asked]
        files.append(
            MaskFile(
                path,
                key=key | {"seed": seed},
                classes=classes,
                sparsities=list(asked),
                composition=composition[row],
                anatomies=[anatomies[row][column] for column in columns] if anatomies else [],
                counts=None if counts is None else counts[row][:, columns],
                units=units,
            )
        )
    return files
