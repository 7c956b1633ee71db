"""Claims 5 and 6: how alike two kinds of masks are, and how the gradient's masks differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from snip.claims import likeness
from snip.claims.evidence import SNIP, Evidence, Images, Kind, abs_z, place, variant_name
from snip.claims.likeness import RESOLUTION
from snip.claims.verdicts import Means, Missing, Pairs, Statement
from snip.study.figures import FIGURES
from snip.study.names import dataset_name
from snip.tables.intervals import Interval

# Figure 6's caption writes the gradient without bars, so we judge both ways to rank by it: the
# figure that shows it, its name.
GRADIENTS = {
    "signed": ("fig6", "signed gradient, largest kept"),
    "size": ("gradient", "size of the gradient"),
}
BETWEEN = "correlation of mask images of different seeds, between the kinds less within a kind"


def statements(evidence: Evidence) -> list[Statement]:
    """Return claims 5 and 6, for each data set of their figures and each way to rank."""
    same = [_same_inverted(evidence, dataset) for dataset in evidence.originals("fig5")]
    return same + [
        statement
        for ranking, (figure, _) in GRADIENTS.items()
        for dataset in evidence.originals(figure)
        for statement in _inconsistent(evidence, ranking, dataset)
    ]


def _same_inverted(evidence: Evidence, dataset: str) -> Statement:
    """Return claim 5: masks of inverted images are the same as those of the originals."""
    inverted = Kind("fig5", SNIP, variant_name(dataset, inverted=True))
    kinds = (Kind("fig2", SNIP, dataset), inverted)
    return Statement(
        f"5-{dataset}-same",
        "5",
        "fig5",
        f"{dataset_name(dataset)}: masks of original and inverted images correlate as much as "
        f"masks of two seeds do ({evidence.covered(*kinds)}).",
        BETWEEN,
        partial(_excess, evidence, kinds),
        low=-evidence.margins["5"],
    )


def _inconsistent(evidence: Evidence, ranking: str, dataset: str) -> list[Statement]:
    """Return claim 6: the gradient's masks are others, less alike, and change when inverted."""
    figure, words = GRADIENTS[ranking]
    criterion = FIGURES[figure].criterion
    name, of = f"{dataset}-{ranking}", f"{dataset_name(dataset)}, {words}"
    margin = evidence.margins["5"]
    gradient = Kind(figure, criterion, dataset)
    both = (Kind("fig2", SNIP, dataset), gradient)
    inverted = (gradient, Kind(figure, criterion, variant_name(dataset, inverted=True)))
    at = evidence.covered(*both)
    return [
        Statement(
            f"6a-{name}-differ",
            "6a",
            figure,
            f"{of}: masks by the gradient and by the sensitivity correlate less than masks of two "
            f"seeds do ({at}).",
            BETWEEN,
            partial(_excess, evidence, both),
            high=-margin,
        ),
        Statement(
            f"6b-{name}-by-sparsity",
            "6b",
            figure,
            f"{of}: a class's mask changes with sparsity by more than the sensitivity's ({at}).",
            "correlation of a class's mask images at two sparsities, sensitivity's less gradient's",
            partial(_changes, evidence, both),
            low=margin,
        ),
        Statement(
            f"6b-{name}-by-class",
            "6b",
            figure,
            f"{of}: between classes, masks differ in how they follow the class's mean image by "
            f"size more than the sensitivity's do ({at}).",
            "spread over classes (standard deviation) of the correlation with that image, "
            "gradient's less sensitivity's, mean over sparsities",
            partial(_spreads, evidence, both),
            low=margin,
        ),
        Statement(
            f"6c-{name}-inverted",
            "6c",
            figure,
            f"{of}: masks of original and inverted images correlate less than masks of two seeds "
            f"do ({evidence.covered(*inverted)}).",
            BETWEEN,
            partial(_excess, evidence, inverted),
            high=-margin,
            note=partial(_most_different, evidence, inverted),
        ),
    ]


def _excess(evidence: Evidence, kinds: tuple[Kind, Kind]) -> Pairs:
    """Return by how much masks of two kinds correlate more than masks of two seeds do."""
    these, those = evidence.paired(*kinds)
    seeds, matrices = list(these), likeness.between_and_within(these, those)

    def statistic(chosen: list[int]) -> pd.Series:
        index = [seeds.index(seed) for seed in chosen]
        between, within = (matrix[np.ix_(index, index)] for matrix in matrices)
        return pd.Series({"": likeness.excess(between, within).mean()})

    return Pairs(statistic, seeds, RESOLUTION)


def _most_different(
    evidence: Evidence, kinds: tuple[Kind, Kind], seeds: list[int], intervals: list[Interval]
) -> str:
    """Note the two classes in which two kinds of masks differ most."""
    if len(seeds) < 2:
        return ""
    these, those = ({seed: images[seed] for seed in seeds} for images in evidence.paired(*kinds))
    by_class = likeness.excess(*likeness.between_and_within(these, those))
    first, second = map(int, by_class.argsort()[:2])
    if by_class[first] >= 0:
        return "no class differs"
    return (
        f"class {first} differs most ({by_class[first]:.2g}), then class {second} "
        f"({by_class[second]:.2g})"
    )


def _changes(evidence: Evidence, kinds: tuple[Kind, Kind]) -> Means:
    """Return how much less alike the gradient's masks of one class at two sparsities are."""
    pair = evidence.paired(*kinds)
    sparsities = evidence.sparsities(*kinds)
    if len(sparsities) == 1:
        places = " and ".join(place(kind.figure) for kind in kinds)
        raise Missing(f"{places} share one sparsity, expected two or more")
    ends = f"{sparsities[0]:g} with {sparsities[-1]:g} %"

    def measure(images: np.ndarray) -> dict[str, float]:
        lowest, highest = images[:, 0], images[:, -1]
        return {
            ends: likeness.correlation(lowest, highest).mean(),
            "all pairs": likeness.across_sparsities(images),
        }

    sensitivity, gradient = (_by_seed(images, measure) for images in pair)
    return Means(sensitivity - gradient, RESOLUTION)


def _spreads(evidence: Evidence, kinds: tuple[Kind, Kind]) -> Means:
    """Return how much more the gradient's masks differ between classes in following |z|."""
    patterns = abs_z(kinds[0].dataset, evidence.data)[:, None]

    def measure(images: np.ndarray) -> dict[str, float]:
        return {"": likeness.correlation(images, patterns).std(0, ddof=1).mean()}

    sensitivity, gradient = (_by_seed(images, measure) for images in evidence.paired(*kinds))
    return Means(gradient - sensitivity, RESOLUTION)


def _by_seed(images: Images, measure: Callable[[np.ndarray], dict[str, float]]) -> pd.DataFrame:
    """Return the measures of each seed's mask images: a row per seed."""
    rows = {seed: measure(of_seed) for seed, of_seed in images.items()}
    return pd.DataFrame.from_dict(rows, orient="index")
