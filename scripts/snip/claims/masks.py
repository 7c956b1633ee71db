"""Claim 2: the mask of a class shows the class, the more so the sparser it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from snip.claims.evidence import likeness
from snip.claims.evidence.gather import Evidence
from snip.claims.evidence.mask_images import Side
from snip.claims.evidence.training_images import bright_means, sizes
from snip.claims.verdicts import Means, Missing, Pairs, Statement, steps
from snip.datasets.sources import CLASSES
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# A seed's share of recognised classes is a multiple of one tenth.
TOLD_STEP = 1 / CLASSES

Pattern = Callable[[], np.ndarray]  # returns the images that masks are compared with
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]  # masks, patterns: number per sparsity


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 2a and 2b, for each data set of Figure 2."""
    for dataset in evidence.masks.datasets_of("fig2"):
        side = Side("fig2", "snip", dataset)
        yield from _told(evidence, side)
        yield from _alike(evidence, side)
        yield Statement(
            "2b",
            "fig2",
            f"{dataset_name(dataset)}: the sparser the mask, the larger the share of its "
            "connections that lie on the strokes of the class, at every step "
            f"({evidence.masks.spelled(side)}).",
            "increase of the share from one sparsity to the next, mean over classes",
            partial(_increases, evidence, side, partial(sizes, dataset, evidence.data)),
            low=0,
        )


def _told(evidence: Evidence, side: Side) -> Iterator[Statement]:
    """Yield 2a: the class is told from its mask image, by two references."""
    pattern = partial(sizes, side.dataset, evidence.data)
    by_size = partial(_by_sparsity, evidence, side, pattern, likeness.share_told, TOLD_STEP)
    for yardstick, numbers in (
        ("mean images by size (bright or dark)", by_size),
        ("mean masks of the other seeds", partial(_told_by_others, evidence, side)),
    ):
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(side.dataset)}: the class is told from its mask image: of the classes' "
            f"{yardstick}, its own is the nearest ({evidence.masks.spelled(side)}).",
            "share of the classes told",
            numbers,
            low=evidence.margins["2a-told"],
            note=partial(_constant_images, evidence, side),
        )


def _alike(evidence: Evidence, side: Side) -> Iterator[Statement]:
    """Yield 2a: the mask image resembles the mean image of its class, by size and as it is."""
    for what, pattern in (
        ("mean image of the class by size (bright or dark)", sizes),
        ("bright mean image of the class", bright_means),
    ):
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(side.dataset)}: the mask image of a class resembles the {what} "
            f"({evidence.masks.spelled(side)}).",
            "correlation, mean over classes",
            partial(
                _by_sparsity,
                evidence,
                side,
                partial(pattern, side.dataset, evidence.data),
                likeness.resemblance,
                likeness.RESOLUTION,
            ),
            low=evidence.margins["2a"],
        )


def _columns(evidence: Evidence, side: Side) -> list[str]:
    """Return what the comparisons of a statement, one per sparsity, are called in print."""
    return [f"{sparsity} %" for sparsity in evidence.masks.sparsities_of(side)]


def _by_sparsity(
    evidence: Evidence, side: Side, pattern: Pattern, measure: Measure, resolution: float
) -> Means:
    """Return a measure of each seed's mask images at each sparsity."""
    [images] = evidence.masks.paired(side)
    patterns = pattern()
    rows = {seed: measure(masks, patterns) for seed, masks in images.items()}
    columns = _columns(evidence, side)
    return Means(pd.DataFrame.from_dict(rows, orient="index", columns=columns), resolution)


def _increases(evidence: Evidence, side: Side, pattern: Pattern) -> Means:
    """Return by how much the share on the strokes rises from each sparsity to the next."""
    shares = _by_sparsity(evidence, side, pattern, likeness.on_strokes, likeness.RESOLUTION)
    if shares.table.shape[1] < 2:
        raise Missing("figures.fig2 has one sparsity, expected two or more")
    return Means(steps(shares.table), shares.resolution)


def _told_by_others(evidence: Evidence, side: Side) -> Pairs:
    """Return the share of classes told by the masks of the other seeds, at each sparsity."""
    [images] = evidence.masks.paired(side)
    columns = _columns(evidence, side)
    return Pairs(
        lambda seeds: pd.Series(likeness.told_by_others(images, seeds), columns),
        list(images),
        TOLD_STEP,
    )


def _constant_images(
    evidence: Evidence, side: Side, seeds: list[int], intervals: list[Interval]
) -> str:
    """Note how many mask images are constant, and why."""
    [images] = evidence.masks.paired(side)
    counts = sum(likeness.constant(images[seed]).sum(0) for seed in seeds)
    places = [
        f"{count} at {sparsity}"
        for count, sparsity in zip(counts, _columns(evidence, side), strict=True)
        if count
    ]
    if not places:
        return ""
    return (
        f"not told because constant: {', '.join(places)}, of {len(seeds) * CLASSES} images each; "
        "every score removed there is exactly 0, so the index decides"
    )
