"""Claim 3: what a larger pruning batch does to the mask and to the test error."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from snip.claims.evidence import SNIP, Evidence, Kind, examples
from snip.claims.likeness import RESOLUTION, correlation
from snip.claims.verdicts import Means, Missing, Statement, named, one_mean
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.datasets.summary import mean_images
from snip.study.names import ERRORS
from snip.tables.intervals import ERROR_STEP, Interval

MIDDLE = 100  # examples: the paper's pruning batch


def statements(evidence: Evidence) -> list[Statement]:
    """Return claims 3a, 3b and 3c."""
    if not evidence.grids["fig3"]:  # readings may judge other figures alone
        return []
    dataset, share = evidence.values("fig3", "datasets")[0], evidence.validation_share
    sizes = evidence.values("fig3", "batch_sizes")
    batches = sorted({examples(size, dataset, share) for size in sizes})
    first, last = batches[0], batches[-1]
    error = ERRORS[evidence.error]
    falls = [(first, last)] + [(MIDDLE, last)] * (first < MIDDLE < last)
    return [
        Statement(
            "3a-approach",
            "3a",
            "fig3",
            "The mask image approaches the mean training image as the pruning batch grows "
            f"(from {first:,} to {last:,} examples).",
            "increase of the correlation of the two images",
            lambda: one_mean(_difference(_likeness(evidence), last, first), RESOLUTION),
            low=0,
        ),
        Statement(
            "3b-trend",
            "3b",
            "fig3",
            f"The {error} falls as the pruning batch grows, over "
            f"{', '.join(f'{batch:,}' for batch in batches)} examples.",
            f"slope of the {error}, percentage points per factor of ten",
            lambda: one_mean(_slopes(_errors(evidence)), ERROR_STEP),
            high=0,
            note=partial(_page, evidence),
        ),
        *(
            Statement(
                named("3b-fall", f"{small}", f"{large}"),
                "3b",
                "fig3",
                f"The {error} falls as the pruning batch grows from {small:,} to {large:,} "
                "examples.",
                f"{error} at the smaller batch less that at the larger, percentage points",
                partial(_fall, evidence, small, large),
                low=0,
            )
            for small, large in falls
        ),
        Statement(
            "3c-own-example",
            "3c",
            "fig3",
            "With a pruning batch of one example, the mask image resembles that example.",
            "correlation of the two images",
            lambda: one_mean(_own_example(evidence), RESOLUTION),
            low=evidence.margins["3c"],
        ),
    ]


def _errors(evidence: Evidence) -> pd.DataFrame:
    """Return the test errors: a row per seed, a column per batch size, rising."""
    return evidence.of("fig3").pivot(index="seed", columns="batch_size", values=evidence.error)


def _images(evidence: Evidence) -> pd.DataFrame:
    """Return the mask images, (1, 784): a row per seed, a column per batch size, rising."""
    kind = Kind("fig3", SNIP, evidence.values("fig3", "datasets")[0])
    images = evidence.images(kind, "seed", "batch_size")
    if images.empty:
        raise Missing(f"figures.fig3 has no masks with criterion {SNIP}")
    return images


def _fall(evidence: Evidence, small: int, large: int) -> Means:
    """Return how much lower the test error is with the larger batch."""
    return one_mean(_difference(_errors(evidence), small, large), ERROR_STEP)


def _difference(table: pd.DataFrame, one: int, other: int) -> pd.Series:
    """Return by how much one column of a table exceeds another."""
    if one == other:
        raise Missing("figures.fig3 has one batch size, expected two or more")
    return table[one] - table[other]


def _likeness(evidence: Evidence) -> pd.DataFrame:
    """Return the correlation of each mask image with the mean training image."""
    means = mean_images(evidence.values("fig3", "datasets")[0], evidence.data)
    average = means[-1].reshape(-1)

    def alike(images: np.ndarray) -> float:
        return float(correlation(images[0], average))

    return _images(evidence).map(alike, na_action="ignore")


def _slopes(errors: pd.DataFrame) -> pd.Series:
    """Return each seed's slope of the test error over the logarithm of the batch size."""
    if errors.shape[1] < 3:
        raise Missing("figures.fig3 has fewer than three batch sizes, which a trend takes")
    decades = np.log10(errors.columns.to_numpy(float))
    centred = decades - decades.mean()
    return (errors.dropna() * centred).sum(axis=1) / (centred**2).sum()


def _page(evidence: Evidence, seeds: list[int], intervals: list[Interval]) -> str:
    """Note Page's test of a fall from batch to batch, which only looks at the order of errors."""
    if len(seeds) < Means.least:
        return ""
    falling = _errors(evidence).loc[seeds].to_numpy()[:, ::-1]
    return f"Page's trend test of a fall: p = {stats.page_trend_test(falling).pvalue:.2g}"


def _own_example(evidence: Evidence) -> pd.Series:
    """Return how much each seed's mask image correlates with the one example it was pruned on."""
    images = _images(evidence)
    if 1 not in images:
        raise Missing("figures.fig3 has no masks with batch size 1")
    dataset = load_dataset(evidence.values("fig3", "datasets")[0], evidence.data)
    sign = -1 if dataset.variant.inverted else 1
    single = images[1].dropna()
    likeness: dict[int, float] = {}
    for seed in single.index.tolist():
        training, _ = dataset.split(seed, evidence.validation_share)
        [index] = draw_pruning_batch(dataset.train_labels, training, 1, seed)
        example = sign * dataset.train_images[index].astype(float).reshape(-1)
        likeness[seed] = float(correlation(single[seed][0], example))
    return pd.Series(likeness)
