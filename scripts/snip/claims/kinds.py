"""Claims 5 and 6: how alike two kinds of masks are, and how masks by the gradient differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from snip.claims import likeness
from snip.claims.evidence import Evidence, Side, variant_name
from snip.claims.images import sizes
from snip.claims.verdicts import Means, Missing, Pairs, Statement, no_note
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# Figure 6's caption writes the gradient without bars; both readings are judged.
READINGS = {
    "gradient-signed": "signed gradient, largest kept",
    "gradient": "size of the gradient",
}

BETWEEN = "correlation of mask images of different seeds, between the kinds less within a kind"


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 5 and 6, for each data set of their figures and each reading of Figure 6."""
    for dataset in evidence.datasets_of("fig5"):
        yield _alike(evidence, dataset)
    for criterion, reading in READINGS.items():
        for dataset in evidence.datasets_of("fig6"):
            ours = ("fig2", "snip", dataset)
            gradient = ("fig6", criterion, dataset)
            inverted = ("fig6", criterion, variant_name(dataset, inverted=True))
            what = f"{dataset_name(dataset)}, {reading}"
            differ = partial(_differ, evidence, what)
            yield differ("6a", "the masks differ from the sensitivity's", (ours, gradient))
            yield from _inconsistent(evidence, dataset, what, ours, gradient)
            inverted_differ = "the masks of inverted images differ from those of the originals"
            yield differ("6c", inverted_differ, (gradient, inverted))


def _alike(evidence: Evidence, dataset: str) -> Statement:
    """Return claim 5: masks of inverted images are the same as those of the originals."""
    sides = ("fig2", "snip", dataset), ("fig5", "snip", variant_name(dataset, inverted=True))
    return Statement(
        "5",
        "fig5",
        f"{dataset_name(dataset)}: masks of inverted images are as like those of the originals as "
        f"masks of one kind are like one another ({evidence.spelled(*sides)}).",
        BETWEEN,
        partial(_excess, evidence, sides),
        low=-evidence.margins["5"],
    )


def _differ(
    evidence: Evidence,
    what: str,
    claim: str,
    text: str,
    sides: tuple[Side, Side],
) -> Statement:
    """Return the statement that two kinds of masks differ (6a, 6c): the opposite of claim 5's."""
    return Statement(
        claim,
        "fig6",
        f"{what}: {text} by more than masks of one kind differ ({evidence.spelled(*sides)}).",
        BETWEEN,
        partial(_excess, evidence, sides),
        high=-evidence.margins["5"],
        note=partial(_most_different, evidence, sides) if claim == "6c" else no_note,
    )


def _inconsistent(
    evidence: Evidence, dataset: str, what: str, ours: Side, gradient: Side
) -> Iterator[Statement]:
    """Yield claim 6b: within a class and between classes the gradient's masks are less alike."""
    margin = evidence.margins["5"]
    shown = evidence.spelled(ours, gradient)
    yield Statement(
        "6b",
        "fig6",
        f"{what}: a class's mask changes with sparsity by more than the sensitivity's ({shown}).",
        "correlation of a class's mask images at two sparsities, sensitivity's less gradient's",
        partial(_changes, evidence, ours, gradient),
        low=margin,
    )
    yield Statement(
        "6b",
        "fig6",
        f"{what}: between classes, masks differ in how they follow the class's mean image by size "
        f"more than the sensitivity's do ({shown}).",
        "spread over classes (standard deviation) of the correlation with that image, "
        "gradient's less sensitivity's, mean over sparsities",
        partial(_spreads, evidence, ours, gradient, dataset),
        low=margin,
    )


def _excess(evidence: Evidence, sides: tuple[Side, Side]) -> Pairs:
    """Return by how much the two kinds are more alike than masks of one kind are."""
    images = evidence.images_of(*sides)
    seeds, alike = list(images[0]), likeness.between_and_within(*images)

    def statistic(chosen: list[int]) -> pd.Series:
        index = [seeds.index(seed) for seed in chosen]
        parts = (matrix[np.ix_(index, index)] for matrix in alike)
        return pd.Series({"": likeness.excess(*parts).mean()})

    return Pairs(statistic, seeds, likeness.RESOLUTION)


def _most_different(
    evidence: Evidence,
    sides: tuple[Side, Side],
    seeds: list[int],
    intervals: list[Interval],
) -> str:
    """Return the two classes in which the two kinds differ most."""
    if len(seeds) < 2:
        return ""
    these, those = ({s: i[s] for s in seeds} for i in evidence.images_of(*sides))
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
    """Return by seed what `measure` gives for one kind of masks less what for the other."""
    these, those = evidence.images_of(one, other)
    rows = {s: pd.Series(measure(these[s])) - pd.Series(measure(those[s])) for s in these}
    return Means(pd.DataFrame.from_dict(rows, orient="index"), likeness.RESOLUTION)


def _changes(evidence: Evidence, ours: Side, gradient: Side) -> Means:
    """Return how much less the gradient's masks of two sparsities are alike."""
    sparsities = evidence.sparsities_of(ours, gradient)
    if len(sparsities) == 1:
        raise Missing("figures.fig2 and figures.fig6 share one sparsity, expected two or more")

    def measure(images: np.ndarray) -> dict[str, float]:
        ends = likeness.correlation(images[:, 0], images[:, -1]).mean()
        return {
            f"{sparsities[0]} with {sparsities[-1]} %": ends,
            "all pairs": likeness.across_sparsities(images),
        }

    return _less(evidence, ours, gradient, measure)


def _spreads(evidence: Evidence, ours: Side, gradient: Side, dataset: str) -> Means:
    """Return how much more the classes of the gradient's masks differ in following |z|."""
    pattern = sizes(dataset, evidence.data)[:, None]

    def measure(images: np.ndarray) -> dict[str, float]:
        return {"": likeness.correlation(images, pattern).std(0, ddof=1).mean()}

    return _less(evidence, gradient, ours, measure)
