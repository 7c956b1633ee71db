"""Claims 5 and 6: how alike two kinds of masks are, and how the gradient's masks differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from snip.claims.evidence import likeness
from snip.claims.evidence.gather import Evidence
from snip.claims.evidence.mask_images import Side, variant_name
from snip.claims.evidence.training_images import sizes
from snip.claims.verdicts import Means, Missing, Pairs, Statement, no_note
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# Figure 6's caption writes the gradient without bars, so we judge both ways to rank by it.
GRADIENTS = {
    "gradient-signed": "signed gradient, largest kept",
    "gradient": "size of the gradient",
}

BETWEEN = "correlation of mask images of different seeds, between the kinds less within a kind"


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 5 and 6, for each data set of their figures and each way to rank."""
    for dataset in evidence.masks.datasets_of("fig5"):
        yield _alike(evidence, dataset)
    for criterion, ranking in GRADIENTS.items():
        for dataset in evidence.masks.datasets_of("fig6"):
            sensitivity = Side("fig2", "snip", dataset)
            gradient = Side("fig6", criterion, dataset)
            inverted = Side("fig6", criterion, variant_name(dataset, inverted=True))
            subject = f"{dataset_name(dataset)}, {ranking}"
            differ = partial(_differ, evidence, subject)
            yield differ("6a", "the masks differ from the sensitivity's", (sensitivity, gradient))
            yield from _inconsistent(evidence, subject, sensitivity, gradient)
            inverted_differ = "the masks of inverted images differ from those of the originals"
            yield differ("6c", inverted_differ, (gradient, inverted))


def _alike(evidence: Evidence, dataset: str) -> Statement:
    """Return claim 5: masks of inverted images are the same as those of the originals."""
    sides = (
        Side("fig2", "snip", dataset),
        Side("fig5", "snip", variant_name(dataset, inverted=True)),
    )
    return Statement(
        "5",
        "fig5",
        f"{dataset_name(dataset)}: masks of inverted images are as like those of the originals as "
        f"masks of one kind are like one another ({evidence.masks.spelled(*sides)}).",
        BETWEEN,
        partial(_excess, evidence, sides),
        low=-evidence.margins["5"],
    )


def _differ(
    evidence: Evidence, subject: str, claim: str, text: str, sides: tuple[Side, Side]
) -> Statement:
    """Return 6a or 6c: two kinds of masks differ, the opposite of claim 5."""
    return Statement(
        claim,
        "fig6",
        f"{subject}: {text} by more than masks of one kind differ "
        f"({evidence.masks.spelled(*sides)}).",
        BETWEEN,
        partial(_excess, evidence, sides),
        high=-evidence.margins["5"],
        note=partial(_most_different, evidence, sides) if claim == "6c" else no_note,
    )


def _inconsistent(
    evidence: Evidence, subject: str, sensitivity: Side, gradient: Side
) -> Iterator[Statement]:
    """Yield 6b: the gradient's masks are less alike, within a class and between classes."""
    margin = evidence.margins["5"]
    sparsities = evidence.masks.spelled(sensitivity, gradient)
    yield Statement(
        "6b",
        "fig6",
        f"{subject}: a class's mask changes with sparsity by more than the sensitivity's "
        f"({sparsities}).",
        "correlation of a class's mask images at two sparsities, sensitivity's less gradient's",
        partial(_changes, evidence, sensitivity, gradient),
        low=margin,
    )
    yield Statement(
        "6b",
        "fig6",
        f"{subject}: between classes, masks differ in how they follow the class's mean image by "
        f"size more than the sensitivity's do ({sparsities}).",
        "spread over classes (standard deviation) of the correlation with that image, "
        "gradient's less sensitivity's, mean over sparsities",
        partial(_spreads, evidence, sensitivity, gradient),
        low=margin,
    )


def _excess(evidence: Evidence, sides: tuple[Side, Side]) -> Pairs:
    """Return by how much two kinds of masks are more alike than masks of one kind are."""
    these, those = evidence.masks.paired(*sides)
    seeds, matrices = list(these), likeness.between_and_within(these, those)

    def statistic(chosen: list[int]) -> pd.Series:
        index = [seeds.index(seed) for seed in chosen]
        between, within = (matrix[np.ix_(index, index)] for matrix in matrices)
        return pd.Series({"": likeness.excess(between, within).mean()})

    return Pairs(statistic, seeds, likeness.RESOLUTION)


def _most_different(
    evidence: Evidence, sides: tuple[Side, Side], seeds: list[int], intervals: list[Interval]
) -> str:
    """Note the two classes in which two kinds of masks differ most."""
    if len(seeds) < 2:
        return ""
    these, those = ({s: images[s] for s in seeds} for images in evidence.masks.paired(*sides))
    by_class = likeness.excess(*likeness.between_and_within(these, those))
    first, second = map(int, by_class.argsort()[:2])
    if by_class[first] >= 0:
        return "no class differs"
    return (
        f"class {first} differs most ({by_class[first]:.2g}), then class {second} "
        f"({by_class[second]:.2g})"
    )


def _less(
    evidence: Evidence, one: Side, other: Side, measure: Callable[[np.ndarray], dict[str, float]]
) -> Means:
    """Return by seed a measure of one kind of masks less that of the other kind."""
    these, those = evidence.masks.paired(one, other)
    rows = {s: pd.Series(measure(these[s])) - pd.Series(measure(those[s])) for s in these}
    return Means(pd.DataFrame.from_dict(rows, orient="index"), likeness.RESOLUTION)


def _changes(evidence: Evidence, sensitivity: Side, gradient: Side) -> Means:
    """Return how much less alike the gradient's masks of one class at two sparsities are."""
    sparsities = evidence.masks.sparsities_of(sensitivity, gradient)
    if len(sparsities) == 1:
        raise Missing("figures.fig2 and figures.fig6 share one sparsity, expected two or more")

    def measure(images: np.ndarray) -> dict[str, float]:
        ends = likeness.correlation(images[:, 0], images[:, -1]).mean()
        return {
            f"{sparsities[0]} with {sparsities[-1]} %": ends,
            "all pairs": likeness.across_sparsities(images),
        }

    return _less(evidence, sensitivity, gradient, measure)


def _spreads(evidence: Evidence, sensitivity: Side, gradient: Side) -> Means:
    """Return how much more the gradient's masks differ between classes in following |z|."""
    patterns = sizes(gradient.dataset, evidence.data)[:, None]

    def measure(images: np.ndarray) -> dict[str, float]:
        return {"": likeness.correlation(images, patterns).std(0, ddof=1).mean()}

    return _less(evidence, gradient, sensitivity, measure)
