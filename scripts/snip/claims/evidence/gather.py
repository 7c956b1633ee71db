"""The evidence of a study, in one place: its runs, its mask images, its data, and the margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from snip.claims.evidence.mask_images import MaskImages
from snip.claims.evidence.run_table import RunTable
from snip.study.figures import MASKED, TRAINED
from snip.tables.reading import read_checked


@dataclass(frozen=True)
class Evidence:
    """What the statements about a study are judged on.

    Attributes:
        runs: the study's runs.
        masks: its mask images.
        data: folder of the fetched data.
        margins: per claim, how much counts as a difference or as a likeness.
    """

    runs: RunTable
    masks: MaskImages
    data: Path
    margins: Mapping[str, float]


def gather(part: Mapping, results: Path, data: Path) -> Evidence:
    """Return the evidence of a study.

    Args:
        part: the slice of all figures and `claims`, see `study.slices.slice_of`.
        results: folder of the study's results.
        data: folder of the fetched data.

    Raises:
        TableError, SettingsError: see `reading.read_checked`.
    """
    return evidence_of(part, read_checked(results / "tables", "runs", part), results, data)


def evidence_of(part: Mapping, runs: pd.DataFrame, results: Path, data: Path) -> Evidence:
    """Return evidence with a table of runs, of which the grids of the slice say what to read."""
    grids, settings = part["grids"], part["settings"]
    # All networks, data sets and readings share this value.
    by_dataset = next(iter(settings.values()))
    validation_share = next(iter(next(iter(by_dataset.values())).values()))["validation_share"]
    return Evidence(
        RunTable(
            runs,
            {name: grids[name] for name in (*TRAINED, "claims") if name in grids},
            part["reported_error"],
            validation_share,
        ),
        MaskImages(
            results / "masks",
            {name: grids[name] for name in MASKED if name in grids},
            settings,
            validation_share,
            part.get("code", {}).get("prune"),
        ),
        data,
        part["claims"]["margins"],
    )
