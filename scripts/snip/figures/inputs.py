"""What a figure may read: the tables of its own runs, its own mask files, mean images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from snip.figures.provenance import Origin
from snip.masks.mask_files import MaskFile
from snip.study.grids import shared_seeds
from snip.tables.collect import read_figure_masks
from snip.tables.reading import read_checked


@dataclass(frozen=True)
class Inputs:
    """One figure of one study.

    Attributes:
        figure: its name in the table of figures.
        part: the slice of the configuration that decides the figure, see `study.slices.slice_of`.
        results: folder of the study's results.
        data: folder of the fetched data.
    """

    figure: str
    part: Mapping
    results: Path
    data: Path

    @property
    def origin(self) -> Origin:
        """What the files of the figure say about where they come from."""
        return Origin.of(self.part)

    @property
    def error(self) -> str:
        """The column of test errors to show."""
        return self.part["reported_error"]

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the figure's runs: `runs`, `layers` or `curves`.

        Raises:
            TableError, SettingsError: see `reading.read_checked`.
        """
        return read_checked(self.results / "tables" / self.figure, name, self.part)

    @property
    def seed(self) -> int:
        """The lowest seed that all kinds of masks of the figure have."""
        return shared_seeds(self.figure, self.part["grids"][self.figure])[0]

    def mask_files(self, seed: int | None = None, every: bool = False) -> Iterator[MaskFile]:
        """Yield the figure's masks of one seed, or of every seed.

        Args:
            seed: None: `self.seed`.
            every: yield those of every seed.

        Raises:
            MaskFileError, SettingsError: see `mask_files.read_masks`.
        """
        seed = self.seed if seed is None else seed
        folder = self.results / "masks"
        yield from read_figure_masks(folder, self.part, self.figure, None if every else seed)
