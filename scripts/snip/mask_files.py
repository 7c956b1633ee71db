"""Mask files: compressed numpy archives without pickled objects. Imports no torch.

One boolean array per parameter tensor, named as in the network, of shape (sparsities, *tensor
shape), True where kept; `sparsity`, the percentages in order; `key` and `anatomy`, JSON texts: what
was scored, and per sparsity what `snip.anatomy` counts.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snip.errors import SnipError


class MaskFileError(SnipError):
    """A mask file that is missing, damaged, another's, or has no image."""


def mask_file(
    masks: list[Mapping[str, Any]],
    sparsities: Iterable[str],
    key: dict,
    anatomies: list[dict],
) -> bytes:
    """Return the content of a mask file.

    Args:
        masks: per sparsity the masks by parameter name (boolean tensors or arrays).
        sparsities: percentages as labels.
        key: what identifies the masks.
        anatomies: per sparsity what `snip.anatomy.anatomy` returned.
    """
    arrays = {name: np.stack([np.asarray(mask[name]) for mask in masks]) for name in masks[0]}
    arrays["sparsity"] = np.array([float(sparsity) for sparsity in sparsities])
    arrays["key"] = np.array(json.dumps(key))
    arrays["anatomy"] = np.array(json.dumps(anatomies))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            # Without the time of day; and lightly: numpy's level takes longer than all the scoring.
            member = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()


@dataclass(frozen=True)
class MaskFile:
    """What the tables and figures read of a mask file.

    Attributes:
        path: where it lies.
        key: what was scored.
        sparsities: percentages, (n,).
        anatomies: per sparsity and parameter tensor, the counts of `snip.anatomy`.
        first: the first layer's masks, (n, *shape of its weights).
    """

    path: Path
    key: dict[str, Any]
    sparsities: np.ndarray
    anatomies: list[dict[str, dict[str, int]]]
    first: np.ndarray

    @property
    def images(self) -> np.ndarray:
        """The mask images (n, 28, 28): per pixel the share of the units that keep it.

        Raises:
            MaskFileError: the first layer's units do not see all 784 pixels.
        """
        if self.first.ndim != 3 or self.first.shape[2] != 784:
            raise MaskFileError(
                f"mask file {self.path}: the first layer has shape {self.first.shape[1:]}, "
                "expected (units, 784), a layer whose every unit sees the whole image"
            )
        # Rounded as the tables have it; one unit of 300 is 0.0033.
        return self.first.mean(1).reshape(-1, 28, 28).round(4)


def read_mask_file(path: Path, shown: Collection[float] | None = None) -> MaskFile:
    """Read a mask file.

    Args:
        shown: leave out other sparsities, which the file has for another figure's sake; None: leave
            out none.

    Raises:
        MaskFileError: the file is missing or damaged, or has none of the sparsities.
    """
    try:
        # Opened here: numpy leaves a file that it cannot read open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            texts = [json.loads(str(archive[name])) for name in ("key", "anatomy")]
            parameters = [n for n in archive.files if n not in ("sparsity", "key", "anatomy")]
            (key, anatomies), sparsities = texts, archive["sparsity"]
            first = archive[parameters[0]]
    except Exception as error:
        raise MaskFileError(f"mask file {path} cannot be read: {error}") from error
    chosen = [i for i, value in enumerate(sparsities) if shown is None or value in shown]
    if not chosen:
        raise MaskFileError(
            f"mask file {path} has sparsities {sparsities.tolist()}, expected one of {list(shown)}"
        )
    anatomies = [anatomies[index] for index in chosen]
    return MaskFile(path, key, sparsities[chosen], anatomies, first[chosen])
