"""What the statements about a study are judged on: its runs, its mask images, its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from snip.claims.verdicts import Missing
from snip.datasets.sources import CLASSES
from snip.datasets.summary import load_summary, mean_images
from snip.datasets.variants import parse_dataset, training_size
from snip.study.figures import MASKED, STUDIED
from snip.study.grids import FullGrid
from snip.study.runs import KEY
from snip.study.spec import Spec
from snip.tables.collect import OUTCOME, read_figure_masks

# The criterion that the paper's statements are about; Figure 6 has others.
SNIP = "snip"
# Masks are compared if they agree in these.
SHARED = ["network", "batch_size", "reading", "seed"]

Images = dict[int, np.ndarray]  # by seed, (classes, sparsities, 784)


class Kind(NamedTuple):
    """The masks of a figure by one criterion on one data set."""

    figure: str
    criterion: str
    dataset: str


@dataclass(frozen=True)
class Evidence:
    """What the statements about a study are judged on.

    Attributes:
        grids: the study's completed grids by figure; `claims` are the runs that only claims need.
        runs: a row per figure and run by SNIP, or of a reference: `figure`, then the columns of the
            table of runs. Batch sizes are numbers of examples.
        masks: a row per figure, mask file, seed and sparsity: `figure`, what was scored, and
            `images`, (classes, 784). Batch sizes are numbers of examples.
        error: the column of test errors to judge.
        margins: per claim, how much counts as a difference or as a likeness.
        validation_share: the share of the training images held out.
        data: folder of the fetched data.
    """

    grids: Mapping[str, list[FullGrid]]
    runs: pd.DataFrame
    masks: pd.DataFrame
    error: str
    margins: Mapping[str, float]
    validation_share: float
    data: Path

    def values(self, figure: str, axis: str) -> list:
        """Return the values of an axis (`networks`, `datasets`) in a figure's grids, in order."""
        return list(dict.fromkeys(v for grid in self.grids[figure] for v in getattr(grid, axis)))

    def originals(self, figure: str) -> list[str]:
        """Return the data sets of a figure; an inverted one counts as its original."""
        names = self.values(figure, "datasets")
        return list(dict.fromkeys(variant_name(name, inverted=False) for name in names))

    def of(self, figure: str, **wanted: str | float) -> pd.DataFrame:
        """Return the runs of a figure whose axes have these values.

        Raises:
            Missing: there are none.
        """
        runs = self.runs[self.runs["figure"] == figure]
        for axis, value in wanted.items():
            runs = runs[runs[axis] == value]
        if runs.empty:
            names = (f", {axis.replace('_', ' ')} {value}" for axis, value in wanted.items())
            raise Missing(f"{place(figure)} has no runs with criterion {SNIP}{''.join(names)}")
        return runs

    def images(self, kind: Kind, rows: str | list[str], columns: str) -> pd.DataFrame:
        """Return the mask images of a kind, each (classes, 784), by two of the masks' columns."""
        masks = self.masks[self.masks[list(kind._fields)].eq(list(kind)).all(axis=1)]
        return masks.pivot(index=rows, columns=columns, values="images")

    def sparsities(self, *kinds: Kind) -> list[float]:
        """Return the sparsities that all seeds of all kinds have, rising."""
        tables = (self.images(kind, SHARED, "sparsity").dropna(axis=1) for kind in kinds)
        return _common(table.columns for table in tables)

    def covered(self, *kinds: Kind) -> str:
        """Return in words which sparsities a comparison covers."""
        shared = [f"{sparsity:g}" for sparsity in self.sparsities(*kinds)]
        if len(shared) > 3:
            return f"{len(shared)} sparsities, {shared[0]} to {shared[-1]} %"
        return f"{', '.join(shared)} %" if shared else "no sparsity in common"

    def paired(self, *kinds: Kind) -> list[Images]:
        """Return the mask images of each kind, of the seeds and sparsities that all kinds have.

        Raises:
            Missing: a kind has no masks, or they have nothing of SHARED, or no sparsity, in common.
        """
        tables = [self.images(kind, SHARED, "sparsity") for kind in kinds]
        for kind, table in zip(kinds, tables, strict=True):
            if table.empty:
                raise Missing(
                    f"{place(kind.figure)} has no masks with criterion {kind.criterion}, "
                    f"{kind.dataset}"
                )
        rows, sparsities = _common(table.index for table in tables), self.sparsities(*kinds)
        if not rows or not sparsities:
            places = " and ".join(place(kind.figure) for kind in kinds)
            raise Missing(f"the masks of {places} have no {', '.join(SHARED)}, sparsity in common")
        return [
            {key[-1]: np.stack(list(row), axis=1) for key, row in zip(rows, images, strict=True)}
            for images in (table.loc[rows, sparsities].to_numpy() for table in tables)
        ]


def gather(spec: Spec, runs: pd.DataFrame, masks: Path, data: Path) -> Evidence:
    """Return the evidence of a study.

    Args:
        spec: of all figures and `claims`.
        runs: a table of runs that has those of the specification.
        masks: folder of the mask files.
        data: folder of the fetched data.

    Raises:
        MaskFileError, SettingsError: see `collect.read_figure_masks`.
    """
    asked = [{"figure": figure, **run.key} for figure in STUDIED for run in spec.runs(figure)]
    of_figures = _comparable(pd.DataFrame(asked, columns=["figure", *KEY]))
    runs = of_figures.merge(_comparable(runs), on=KEY)
    runs = runs[runs["criterion"].eq(SNIP) | runs["sparsity"].eq(0)]
    scored = [
        {"figure": figure, **file.key, "sparsity": sparsity, "images": images}
        for figure in MASKED
        if figure in spec.grids
        for file in read_figure_masks(masks, spec, figure)
        for sparsity, images in zip(
            file.sparsities,
            file.images.reshape(*file.images.shape[:2], -1).swapaxes(0, 1),
            strict=True,
        )
    ]
    return _evidence(spec, spec.grids, runs, scored, data)


def of_family(spec: Spec) -> Evidence:
    """Return the evidence of the claims' grids before anything has run."""
    runs = pd.DataFrame(columns=["figure", *KEY, *OUTCOME])
    return _evidence(spec, spec.family, runs, [], Path())


def _evidence(
    spec: Spec,
    grids: Mapping[str, list[FullGrid]],
    runs: pd.DataFrame,
    scored: list[dict],
    data: Path,
) -> Evidence:
    by_dataset = next(iter(spec.settings.values()))
    share = next(iter(next(iter(by_dataset.values())).values()))["validation_share"]
    columns = ["figure", "dataset", "criterion", *SHARED, "sparsity", "images"]
    masks = _counted(pd.DataFrame(scored, columns=columns), share)
    error, margins = spec.reported_error, spec.judging.margins
    return Evidence(grids, _counted(runs, share), masks, error, margins, share, data)


def place(figure: str) -> str:
    """Return where the configuration names a figure's runs and masks."""
    return "claims.runs" if figure == "claims" else f"figures.{figure}"


def _common(labels: Iterable[pd.Index]) -> list:
    """Return the labels that all have, rising."""
    return reduce(pd.Index.intersection, labels).sort_values().tolist()


def _comparable(runs: pd.DataFrame) -> pd.DataFrame:
    """Return runs whose keys have the same types in all tables: batch sizes are text."""
    return runs.astype({"sparsity": float, "weight_decay": float, "batch_size": str})


def _counted(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return a table whose batch sizes are numbers of examples."""
    pairs = zip(table["batch_size"], table["dataset"], strict=True)
    return table.assign(batch_size=[examples(batch, name, share) for batch, name in pairs])


def examples(batch_size: str | int, dataset: str, validation_share: float) -> int:
    """Return the number of examples in a pruning batch; `all` are those that a run trains on."""
    if batch_size == "all":
        return training_size(dataset, validation_share)
    return int(batch_size)


def variant_name(dataset: str, inverted: bool) -> str:
    """Return the name of a data set with or without dark and bright swapped."""
    variant = parse_dataset(dataset)
    number = f"-{variant.examples}" if variant.examples else ""
    return f"{variant.source}{'-inverted' if inverted else ''}{number}"


def bright_means(dataset: str, data: Path) -> np.ndarray:
    """Return the mean training image of each class, (classes, 784); bright pixels are large."""
    return mean_images(dataset, data)[:CLASSES].reshape(CLASSES, -1)


def abs_z(dataset: str, data: Path) -> np.ndarray:
    """Return |z| of each class, (classes, 784), where z is its mean standardised image.

    Standardising is linear, so z is also the standardised mean image of the class.
    """
    histogram = load_summary(data, parse_dataset(dataset).source)["histogram"]
    greys = np.arange(256) / 255
    mean = np.average(greys, weights=histogram)
    deviation = np.sqrt(np.average((greys - mean) ** 2, weights=histogram))
    return np.abs((bright_means(dataset, data) - mean) / deviation)
