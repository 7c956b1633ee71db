"""What a figure may read: the tables of its own runs, its own mask files, mean images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from snip.figures.provenance import Origin
from snip.masks.mask_files import MaskFile
from snip.study.grids import shared_seeds
from snip.study.spec import Spec
from snip.tables.collect import read_figure_masks
from snip.tables.published import compare
from snip.tables.reading import read_checked


@dataclass(frozen=True)
class Inputs:
    """One figure of one study.

    Attributes:
        figure: its name in the table of figures.
        spec: what decides the figure.
        tables: folder of the tables of its own runs.
        masks: folder of the mask files.
        judged: the table of the figure's own statements.
        data: folder of the fetched data.
    """

    figure: str
    spec: Spec
    tables: Path
    masks: Path
    judged: Path
    data: Path

    @property
    def origin(self) -> Origin:
        """What the files of the figure say about where they come from."""
        return Origin.of(self.spec)

    @property
    def error(self) -> str:
        """The column of test errors to show."""
        return self.spec.reported_error

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the figure's runs: `runs`, `layers` or `curves`.

        Raises:
            TableError, SettingsError: see `reading.read_checked`.
        """
        return read_checked(self.tables, name, self.spec)

    def published(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Return the published errors beside the figure's, see `published.compare`."""
        return compare(runs, self.spec.settings, self.error)

    @property
    def seeds(self) -> list[int]:
        """The seeds that all kinds of masks of the figure have, rising."""
        return shared_seeds(self.figure, self.spec.grids[self.figure])

    def mask_files(self, seed: int | None = None) -> Iterator[MaskFile]:
        """Yield the figure's masks of one seed; None: of every seed.

        Raises:
            MaskFileError, SettingsError: see `mask_files.read_masks`.
        """
        yield from read_figure_masks(self.masks, self.spec, self.figure, seed)
