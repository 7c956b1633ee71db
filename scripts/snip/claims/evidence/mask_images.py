"""A study's mask images, read by figure and setting, and paired by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from snip.claims.evidence.run_table import batch_examples, place
from snip.claims.verdicts import Missing
from snip.datasets.variants import parse_dataset
from snip.masks.mask_files import read_masks
from snip.study.axes import MASK_AXES, MaskSet
from snip.study.grids import BySeed, expand_masks
from snip.study.settings import scoring_part
from snip.tables.collect import TableError

Images = dict[int, np.ndarray]  # mask images by seed: (classes, sparsities, 784)


class Side(NamedTuple):
    """One side of a comparison: which masks of which figure."""

    figure: str
    criterion: str
    dataset: str


# Axes in which all masks of a comparison must agree.
FIXED = [axis for axis in MASK_AXES if axis not in ("dataset", "criterion", "class_")]


@dataclass(frozen=True)
class MaskImages:
    """A study's mask images.

    Attributes:
        folder: of the mask files.
        grids: completed grids per figure.
        settings: by network, data set and reading, what mask files must have been scored under.
        validation_share: the share of the training images held out.
        code: by criterion and network, the code that must have scored them; None accepts any.
    """

    folder: Path
    grids: Mapping[str, list[dict]]
    settings: Mapping[str, Mapping[str, Mapping[str, Mapping]]]
    validation_share: float
    code: Mapping[str, str] | None = None
    _read: dict[MaskSet, dict[tuple[int, str], np.ndarray]] = field(
        default_factory=dict, init=False, repr=False
    )

    def datasets_of(self, figure: str) -> list[str]:
        """Return the data sets of a figure's masks; an inverted one counts as its original."""
        names = (masks.dataset for masks in expand_masks(figure, self.grids[figure]))
        return list(dict.fromkeys(variant_name(name, inverted=False) for name in names))

    def sparsities_of(self, *sides: Side) -> list[str]:
        """Return the sparsities that all sides of a comparison have, rising."""
        try:
            kinds = [by_seed for side in sides for by_seed in self._masks_of(side).values()]
        except Missing:
            return []
        shown = [set(labels) for by_seed in kinds for labels in by_seed.values()]
        return sorted(set.intersection(*shown), key=float)

    def spelled(self, *sides: Side) -> str:
        """Return in words which sparsities a comparison covers.

        Many are shortened to the first and the last one, unless a side has others, too.
        """
        shared = self.sparsities_of(*sides)
        if not shared:
            return "no sparsity in common"
        if len(shared) > 3 and all(self.sparsities_of(side) == shared for side in sides):
            return f"{len(shared)} sparsities, {shared[0]} to {shared[-1]} %"
        return f"{', '.join(shared)} %"

    def paired(self, *sides: Side) -> list[Images]:
        """Return the mask images of each side of a comparison, paired by name.

        All sides have the same seeds, classes and sparsities (`sparsities_of`).

        Raises:
            Missing: a side has no masks, or the sides have no sparsity, seed, or network and batch
                size in common.
            TableError: see `_masks_of`.
        """
        masks_of_sides = [self._masks_of(side) for side in sides]
        sparsities = self.sparsities_of(*sides)
        places = " and ".join(dict.fromkeys(place(side.figure) for side in sides))
        scored = {
            tuple(getattr(m, axis) for axis in FIXED) for masks in masks_of_sides for m in masks
        }
        if len(scored) > 1 or not sparsities:
            axes = " or ".join(axis.replace("_", " ") for axis in FIXED)
            what = axes if sparsities else "sparsity"
            raise Missing(f"the masks of {places} have no {what} in common")
        images_of_sides = [
            {
                seed: np.stack([self._image(m, seed, label) for label in sparsities], axis=1)
                for m, by_seed in masks.items()
                for seed in by_seed
            }
            for masks in masks_of_sides
        ]
        seeds = sorted(set(images_of_sides[0]).intersection(*images_of_sides[1:]))
        if not seeds:
            raise Missing(f"the masks of {places} have no seed in common")
        return [{seed: images[seed] for seed in seeds} for images in images_of_sides]

    def by_batch_size(self, dataset: str) -> dict[int, dict[int, np.ndarray]]:
        """Return Figure 3's mask images (784,) by number of examples and seed."""
        images: dict[int, dict[int, np.ndarray]] = {}
        for masks, by_seed in self._masks_of(Side("fig3", "snip", dataset)).items():
            size = batch_examples(masks.batch_size, dataset, self.validation_share)
            for seed, sparsities in by_seed.items():
                if len(sparsities) > 1:
                    raise TableError(f"figures.fig3 has sparsities {sparsities}, expected one")
                images.setdefault(size, {})[seed] = self._image(masks, seed, sparsities[0])[0]
        return dict(sorted(images.items()))

    def _masks_of(self, side: Side) -> dict[MaskSet, BySeed]:
        """Return the mask files of one side, and what its figure shows of each.

        Raises:
            Missing: the figure has no such masks.
            TableError: the masks also differ in an axis that the claims cannot tell apart.
        """
        figure = side.figure
        masks_of_side = {
            masks: by_seed
            for masks, by_seed in expand_masks(figure, self.grids[figure]).items()
            if masks.criterion == side.criterion and masks.dataset == side.dataset
        }
        if not masks_of_side:
            raise Missing(
                f"{place(figure)} has no masks with criterion {side.criterion}, {side.dataset}"
            )
        for axis in (axis for axis in FIXED if figure != "fig3" or axis != "batch_size"):
            values = list(dict.fromkeys(getattr(masks, axis) for masks in masks_of_side))
            if len(values) > 1:
                raise TableError(
                    f"{place(figure)} has {axis} {values}, which the claims cannot tell apart, "
                    "expected one"
                )
        return masks_of_side

    def _image(self, masks: MaskSet, seed: int, sparsity: str) -> np.ndarray:
        """Return the mask images of a seed at one sparsity, (classes, 784).

        Raises:
            MaskFileError, SettingsError: see `mask_files.read_masks`.
        """
        if masks not in self._read:  # figures share mask files, and reading takes the most time
            wanted: BySeed = {}
            for figure, grids in self.grids.items():
                for each, labels in expand_masks(figure, grids).get(masks, {}).items():
                    wanted[each] = list(dict.fromkeys([*wanted.get(each, []), *labels]))
            settings = scoring_part(self.settings[masks.network][masks.dataset][masks.reading])
            self._read[masks] = {
                (file.key["seed"], label): image.reshape(len(file.classes), -1)
                for file in read_masks(self.folder, masks, wanted, settings, self.code)
                for label, image in zip(file.sparsities, file.images.swapaxes(0, 1), strict=True)
            }
        return self._read[masks][seed, sparsity]


def variant_name(dataset: str, inverted: bool) -> str:
    """Return the name of a data set with or without dark and bright swapped."""
    variant = replace(parse_dataset(dataset), inverted=inverted)
    examples = f"-{variant.examples}" if variant.examples else ""
    return f"{variant.source}{'-inverted' if variant.inverted else ''}{examples}"
