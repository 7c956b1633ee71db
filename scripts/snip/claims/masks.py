"""Claim 2: the mask of a class shows the class, the more so the sparser it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from snip.claims import likeness
from snip.claims.evidence import SNIP, Evidence, Kind, abs_z, bright_means
from snip.claims.likeness import RESOLUTION
from snip.claims.verdicts import Means, Pairs, Statement, share, steps
from snip.datasets.sources import CLASSES
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# A seed's share of recognised classes is a multiple of one tenth.
TOLD_STEP = 1 / CLASSES

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]  # masks, patterns: number per sparsity
Pattern = Callable[[str, Path], np.ndarray]  # data set, folder: the images to compare masks with


def statements(evidence: Evidence) -> list[Statement]:
    """Return claims 2a and 2b, for each data set of Figure 2."""
    return [
        statement
        for dataset in evidence.originals("fig2")
        for statement in _of_dataset(evidence, dataset)
    ]


def _of_dataset(evidence: Evidence, dataset: str) -> list[Statement]:
    kind = Kind("fig2", SNIP, dataset)
    of, at = dataset_name(dataset), evidence.covered(kind)
    like, told = evidence.margins["2a"], evidence.margins["2a-told"]
    measured = partial(_measured, evidence, kind)
    return [
        Statement(
            f"2a-{dataset}-told",
            "2a",
            "fig2",
            f"{of}: the class is told from its mask image: of the classes' mean images by size "
            f"(bright or dark), its own is the nearest ({at}).",
            "share of the classes told",
            partial(measured, likeness.share_told, abs_z, TOLD_STEP),
            low=told,
            scale=share,
            note=partial(_constant_images, evidence, kind),
        ),
        Statement(
            f"2a-{dataset}-told-by-masks",
            "2a",
            "fig2",
            f"{of}: the class is told from its mask image: of the classes' mean masks of the other "
            f"seeds, its own is the nearest ({at}).",
            "share of the classes told",
            partial(_told_by_masks, evidence, kind),
            low=told,
            scale=share,
            note=partial(_constant_images, evidence, kind),
        ),
        Statement(
            f"2a-{dataset}-like-size",
            "2a",
            "fig2",
            f"{of}: the mask image of a class resembles the mean image of the class by size "
            f"(bright or dark) ({at}).",
            "correlation, mean over classes",
            partial(measured, likeness.resemblance, abs_z, RESOLUTION),
            low=like,
        ),
        Statement(
            f"2a-{dataset}-like-bright",
            "2a",
            "fig2",
            f"{of}: the mask image of a class resembles the bright mean image of the class ({at}).",
            "correlation, mean over classes",
            partial(measured, likeness.resemblance, bright_means, RESOLUTION),
            low=like,
        ),
        Statement(
            f"2b-{dataset}-strokes",
            "2b",
            "fig2",
            f"{of}: the sparser the mask, the larger the share of its connections that lie on the "
            f"strokes of the class, at every step ({at}).",
            "increase of the share from one sparsity to the next, mean over classes",
            lambda: steps(_by_sparsity(evidence, kind, likeness.on_strokes, abs_z), RESOLUTION),
            low=0,
        ),
    ]


def _measured(
    evidence: Evidence, kind: Kind, measure: Measure, pattern: Pattern, resolution: float
) -> Means:
    """Return a measure of each seed's mask images at each sparsity."""
    numbers = _by_sparsity(evidence, kind, measure, pattern)
    return Means(numbers.rename(columns="{:g} %".format), resolution)


def _by_sparsity(
    evidence: Evidence, kind: Kind, measure: Measure, pattern: Pattern
) -> pd.DataFrame:
    """Return a measure of mask images: a row per seed, a column per sparsity."""
    [images] = evidence.paired(kind)
    patterns = pattern(kind.dataset, evidence.data)
    rows = {seed: measure(masks, patterns) for seed, masks in images.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=evidence.sparsities(kind))


def _told_by_masks(evidence: Evidence, kind: Kind) -> Pairs:
    """Return the share of classes told by the masks of the other seeds, at each sparsity."""
    [images] = evidence.paired(kind)
    columns = [f"{sparsity:g} %" for sparsity in evidence.sparsities(kind)]

    def statistic(seeds: list[int]) -> pd.Series:
        return pd.Series(likeness.told_by_others(images, seeds), columns)

    return Pairs(statistic, list(images), TOLD_STEP)


def _constant_images(
    evidence: Evidence, kind: Kind, seeds: list[int], intervals: list[Interval]
) -> str:
    """Note how many mask images are constant, and why."""
    [images] = evidence.paired(kind)
    counts = np.sum([likeness.constant(images[seed]).sum(0) for seed in seeds], axis=0)
    pairs = zip(counts, evidence.sparsities(kind), strict=True)
    places = [f"{count} at {sparsity:g} %" for count, sparsity in pairs if count]
    if not places:
        return ""
    return (
        f"not told because constant: {', '.join(places)}, of {len(seeds) * CLASSES} images each; "
        "every score removed there is exactly 0, so the index decides"
    )
