"""A study's runs and masks, found by name: what the statements are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from snip.claims.verdicts import Missing
from snip.datasets.dataset import parse_dataset, training_size
from snip.masks.mask_files import read_mask_file
from snip.study.axes import MaskSet
from snip.study.figures import MASKED, TRAINED
from snip.study.grids import expand_masks, expand_runs, scoring_part
from snip.tables.collect import KEY, TableError
from snip.tables.reading import read_checked

STUDY = "study"  # stands for the runs of all figures
Side = tuple[str, str, str]  # of a comparison of masks: figure, criterion, data set
Images = dict[int, np.ndarray]  # mask images by seed: (classes, sparsities, 784)


@dataclass(frozen=True)
class Evidence:
    """A study's runs and masks, by figure.

    Attributes:
        runs: the study's table of runs.
        run_grids, mask_grids: completed grids per figure (`claims`: the runs for the claims alone).
        settings: by network and data set, those that mask files must have been scored under.
        masks, data: folders of the mask files and of the fetched data.
        error: the column of test errors.
        validation_share: as in the configuration, to find a run's pruning example.
        margins: per claim.
    """

    runs: pd.DataFrame
    run_grids: Mapping[str, list[dict]]
    mask_grids: Mapping[str, list[dict]]
    settings: Mapping[str, Mapping[str, Mapping]]
    masks: Path
    data: Path
    error: str
    validation_share: float
    margins: Mapping[str, float]
    _read: dict[MaskSet, dict[str, np.ndarray]] = field(
        default_factory=dict, init=False, repr=False
    )

    # Runs

    def values_of(self, figure: str, axis: str) -> list:
        """Return an axis' values in a figure's run grids (`networks`, `datasets`), in order."""
        return list(dict.fromkeys(v for grid in self.run_grids[figure] for v in grid[axis]))

    def runs_of(self, figure: str, criterion: str = "snip", **fixed) -> pd.DataFrame:
        """Return the rows of a figure's runs under a criterion, and of its references.

        Args:
            figure: a figure, `claims`, or STUDY for the runs of all.
            fixed: columns, and the value that each must have.

        Raises:
            Missing: the figure has no such run.
            TableError: the table lacks one of the figure's runs.
        """
        figures = self.run_grids if figure == STUDY else [figure]
        runs = expand_runs(grid for name in figures for grid in self.run_grids[name])
        wanted = pd.DataFrame([run.key for run in runs], columns=KEY)
        found = _alike(wanted).merge(_alike(self.runs), on=KEY, how="left")
        if found["parameters"].isna().any():
            missing = found[found["parameters"].isna()][KEY].iloc[0].to_dict()
            raise TableError(f"the table of runs lacks {missing}, which {_place(figure)} needs")
        found = found[(found["criterion"] == criterion) | (found["sparsity"] == 0)]
        for column, value in fixed.items():
            found = found[found[column] == value]
        if not len(found):
            settings = {"criterion": criterion, **fixed}
            spelled = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in settings.items())
            raise Missing(f"{_place(figure)} has no runs with {spelled}")
        return found

    def by_seed(self, figure: str, column: str, value: str, **chosen) -> pd.DataFrame:
        """Return one row per seed and one column per setting of an axis, in rising order.

        Args:
            column: the axis; batch sizes are numbers of examples.
            value: the column of numbers.
            chosen: as for `runs_of`.

        Raises:
            Missing: the figure has no such run.
            TableError: the runs differ in another axis, too, so that a seed would count twice.
        """
        runs = self.runs_of(figure, **chosen)
        # References have no criterion and no pruning batch, whatever their names say.
        pruned, ignored = runs["sparsity"] > 0, {"criterion", "batch_size"}
        for axis in KEY:
            rows = runs[pruned] if axis in ignored else runs
            if axis not in (column, "seed", "sparsity") and rows[axis].nunique() > 1:
                raise TableError(
                    f"{_place(figure)} has {axis} {rows[axis].unique().tolist()}, which the "
                    "claims cannot tell apart, expected one"
                )
        if column != "sparsity" and runs["sparsity"].nunique() > 1:
            raise TableError(f"{_place(figure)} has several sparsities, expected one")
        runs = runs.drop_duplicates([column, "seed"])
        if column == "batch_size":
            sizes = [
                self.examples(batch, name)
                for batch, name in zip(runs["batch_size"], runs["dataset"], strict=True)
            ]
            runs = runs.assign(batch_size=sizes)
        return runs.pivot(index="seed", columns=column, values=value)

    def examples(self, batch_size: str | int, dataset: str) -> int:
        """Return how many examples a pruning batch has; `all` are those that the run trains on."""
        if batch_size == "all":
            return training_size(dataset, self.validation_share)
        return int(batch_size)

    # Masks

    def datasets_of(self, figure: str) -> list[str]:
        """Return the data sets of a figure's masks, inverted ones under the original's name."""
        names = (mask.dataset for mask in expand_masks(figure, self.mask_grids[figure]))
        return list(dict.fromkeys(variant_name(name, inverted=False) for name in names))

    def _masks_of(self, figure: str, criterion: str, dataset: str) -> dict[MaskSet, list[str]]:
        """Return a figure's mask files of a criterion and data set, and the sparsities shown."""
        masks = {
            mask: sparsities
            for mask, sparsities in expand_masks(figure, self.mask_grids[figure]).items()
            if mask.criterion == criterion and mask.dataset == dataset
        }
        if not masks:
            raise Missing(f"{_place(figure)} has no masks with criterion {criterion}, {dataset}")
        for axis in ("network", "batch_size")[: 1 if figure == "fig3" else 2]:
            found = list(dict.fromkeys(getattr(mask, axis) for mask in masks))
            if len(found) > 1:
                raise TableError(
                    f"{_place(figure)} has {axis} {found}, which the claims cannot tell apart, "
                    "expected one"
                )
        return masks

    def sparsities_of(self, *sides: Side) -> list[str]:
        """Return the sparsities that all sides of a comparison have, rising."""
        try:
            files = [shown for side in sides for shown in self._masks_of(*side).values()]
        except Missing:
            return []
        return sorted(set(files[0]).intersection(*files[1:]), key=float)

    def spelled(self, *sides: Side) -> str:
        """Return the sparsities that a comparison covers; all of them if a side has others."""
        shared = self.sparsities_of(*sides)
        if not shared:
            return "no sparsity in common"
        if len(shared) > 3 and all(self.sparsities_of(side) == shared for side in sides):
            return f"{len(shared)} sparsities, {shared[0]} to {shared[-1]} %"
        return f"{', '.join(shared)} %"

    def images_of(self, *sides: Side) -> list[Images]:
        """Return the mask images of each side of a comparison, paired by name.

        All have the same seeds, the same classes and the same sparsities (`sparsities_of`).

        Raises:
            Missing: a side has no masks, or they have no sparsity or no pruning batch in common.
        """
        masks = [self._masks_of(*side) for side in sides]
        sparsities = self.sparsities_of(*sides)
        places = " and ".join(dict.fromkeys(_place(figure) for figure, *_ in sides))
        scored = {(mask.network, mask.batch_size) for side in masks for mask in side}
        if len(scored) > 1 or not sparsities:
            what = "network and batch size" if sparsities else "sparsity"
            raise Missing(f"the masks of {places} have no {what} in common")
        found = [self._images(side, sparsities) for side in masks]
        seeds = sorted(set(found[0]).intersection(*found[1:]))
        if not seeds:
            raise Missing(f"the masks of {places} have no seed in common")
        return [{seed: images[seed] for seed in seeds} for images in found]

    def _images(self, masks: Mapping[MaskSet, list[str]], sparsities: list[str]) -> Images:
        """Return one side's images by seed."""
        return {
            mask.seed: np.stack([self._image(mask, sparsity) for sparsity in sparsities], axis=1)
            for mask in masks
        }

    def batch_images(self, dataset: str) -> dict[int, dict[int, np.ndarray]]:
        """Return Figure 3's mask images (784,) by number of examples and seed."""
        result: dict[int, dict[int, np.ndarray]] = {}
        for mask, sparsities in self._masks_of("fig3", "snip", dataset).items():
            if len(sparsities) > 1:
                raise TableError(f"figures.fig3 has sparsities {sparsities}, expected one")
            size = self.examples(mask.batch_size, dataset)
            result.setdefault(size, {})[mask.seed] = self._image(mask, sparsities[0])[0]
        return dict(sorted(result.items()))

    def _image(self, mask: MaskSet, sparsity: str) -> np.ndarray:
        """Return the mask images of a file at one sparsity, (classes, 784).

        Raises:
            MaskFileError, SettingsError: see `mask_files.read_mask_file`.
        """
        if mask not in self._read:  # figures share masks, and reading takes longer than all else
            shown = [self._shown(figure, mask) for figure in self.mask_grids]
            sparsities = list(dict.fromkeys(label for labels in shown for label in labels))
            settings = scoring_part(self.settings[mask.network][mask.dataset])
            file = read_mask_file(self.masks, mask, sparsities, settings)
            images = file.images.reshape(len(file.classes), len(sparsities), -1)
            self._read[mask] = dict(zip(sparsities, images.swapaxes(0, 1), strict=True))
        return self._read[mask][sparsity]

    def _shown(self, figure: str, mask: MaskSet) -> list[str]:
        """Return the sparsities at which a figure shows a mask file."""
        return expand_masks(figure, self.mask_grids[figure]).get(mask, [])


def evidence_of(part: Mapping, margins: Mapping[str, float], results: Path, data: Path) -> Evidence:
    """Return the evidence of a study.

    Args:
        part: the slice of all figures and `claims`, see `study.grids.slice_of`.
        margins: per claim.
        results: folder of the study's results.
        data: folder of the fetched data.

    Raises:
        TableError, SettingsError: see `tables.read_checked`.
    """
    any_settings = next(iter(next(iter(part["settings"].values())).values()))
    grids = part["grids"]
    return Evidence(
        runs=read_checked(results / "tables", "runs", part),
        run_grids={name: grids[name] for name in (*TRAINED, "claims") if name in grids},
        mask_grids={name: grids[name] for name in MASKED if name in grids},
        settings=part["settings"],
        masks=results / "masks",
        data=data,
        error=part["reported_error"],
        validation_share=any_settings["validation_share"],
        margins=margins,
    )


def variant_name(dataset: str, inverted: bool) -> str:
    """Return the name of a data set's variant with or without dark and bright swapped."""
    variant = replace(parse_dataset(dataset), inverted=inverted)
    examples = f"-{variant.examples}" if variant.examples else ""
    return f"{variant.source}{'-inverted' if variant.inverted else ''}{examples}"


def _place(figure: str) -> str:
    """Return where the configuration names a figure's runs and masks."""
    return {STUDY: "the study", "claims": "claims.runs"}.get(figure, f"figures.{figure}")


def _alike(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose key columns have one type in all tables: batch sizes are text."""
    return table.astype({"sparsity": float, "weight_decay": float, "batch_size": str})
