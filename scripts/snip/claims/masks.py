"""Claim 2: the masks of a class show the class, the more so the sparser they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from snip.claims import likeness
from snip.claims.evidence import Evidence, Side
from snip.claims.images import bright_means, sizes
from snip.claims.verdicts import Means, Missing, Pairs, Statement, steps
from snip.datasets.sources import CLASSES
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# A class is told or not, so a seed's share of the ten comes in steps of one class.
TOLD_STEP = 1 / CLASSES

Pattern = Callable[[], np.ndarray]  # returns images that masks are compared with
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]  # masks, pattern: number per sparsity


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 2a and 2b, for each data set of Figure 2."""
    for dataset in evidence.datasets_of("fig2"):
        yield from _told(evidence, dataset)
        yield from _alike(evidence, dataset)
        yield Statement(
            "2b",
            "fig2",
            f"{dataset_name(dataset)}: the sparser the mask, the larger the share of its "
            "connections that lie on the strokes of the class, at every step "
            f"({evidence.spelled(_side(dataset))}).",
            "increase of the share from one sparsity to the next, mean over classes",
            partial(_increases, evidence, _side(dataset), partial(sizes, dataset, evidence.data)),
            low=0,
        )


def _side(dataset: str) -> Side:
    """Return where Figure 2's masks of a data set are."""
    return "fig2", "snip", dataset


def _told(evidence: Evidence, dataset: str) -> Iterator[Statement]:
    """Yield whether the class is told, by two yardsticks."""
    side = _side(dataset)
    pattern = partial(sizes, dataset, evidence.data)
    by_size = partial(_by_sparsity, evidence, side, pattern, likeness.share_told, TOLD_STEP)
    for yardstick, numbers in (
        ("mean images by size (bright or dark)", by_size),
        ("mean masks of the other seeds", partial(_told_by_others, evidence, side)),
    ):
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(dataset)}: the class is told from its mask image: of the classes' "
            f"{yardstick}, its own is the nearest ({evidence.spelled(side)}).",
            "share of the classes told",
            numbers,
            low=evidence.margins["2a-told"],
            note=partial(_constant_images, evidence, side),
        )


def _alike(evidence: Evidence, dataset: str) -> Iterator[Statement]:
    """Yield whether the mask image resembles the class's mean image, by size and as it is."""
    side = _side(dataset)
    for what, pattern in (
        ("mean image of the class by size (bright or dark)", sizes),
        ("bright mean image of the class", bright_means),
    ):
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(dataset)}: the mask image of a class resembles the {what} "
            f"({evidence.spelled(side)}).",
            "correlation, mean over classes",
            partial(
                _by_sparsity,
                evidence,
                side,
                partial(pattern, dataset, evidence.data),
                likeness.resemblance,
                likeness.RESOLUTION,
            ),
            low=evidence.margins["2a"],
        )


def _columns(evidence: Evidence, side: Side) -> list[str]:
    """Return how the comparisons of a statement are called in print."""
    return [f"{sparsity} %" for sparsity in evidence.sparsities_of(side)]


def _by_sparsity(
    evidence: Evidence, side: Side, pattern: Pattern, measure: Measure, resolution: float
) -> Means:
    """Return what a measure gives for the mask images of each seed, at each sparsity."""
    [images] = evidence.images_of(side)
    compared = pattern()
    rows = {seed: measure(masks, compared) for seed, masks in images.items()}
    columns = _columns(evidence, side)
    return Means(pd.DataFrame.from_dict(rows, orient="index", columns=columns), resolution)


def _increases(evidence: Evidence, side: Side, pattern: Pattern) -> Means:
    """Return by how much the share on the strokes rises from each sparsity to the next."""
    shares = _by_sparsity(evidence, side, pattern, likeness.on_strokes, likeness.RESOLUTION)
    if shares.table.shape[1] < 2:
        raise Missing("figures.fig2 has one sparsity, expected two or more")
    return Means(steps(shares.table), shares.resolution)


def _told_by_others(evidence: Evidence, side: Side) -> Pairs:
    """Return the share of classes told by the other seeds' masks, at each sparsity."""
    [images] = evidence.images_of(side)
    columns = _columns(evidence, side)
    return Pairs(
        lambda seeds: pd.Series(likeness.told_by_others(images, seeds), columns),
        list(images),
        TOLD_STEP,
    )


def _constant_images(
    evidence: Evidence, side: Side, seeds: list[int], intervals: list[Interval]
) -> str:
    """Return how many mask images are constant, and why."""
    [images] = evidence.images_of(side)
    numbers = sum(likeness.constant(images[seed]).sum(0) for seed in seeds)
    found = [
        f"{number} at {where}"
        for number, where in zip(numbers, _columns(evidence, side), strict=True)
        if number
    ]
    if not found:
        return ""
    return (
        f"not told because constant: {', '.join(found)}, of {len(seeds) * CLASSES} images each; "
        "every score removed there is exactly 0, so the index decides"
    )
