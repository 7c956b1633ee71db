"""Claim 3: what a larger pruning batch does to the mask and to the test error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from snip.claims.evidence.gather import Evidence
from snip.claims.evidence.likeness import RESOLUTION, correlation
from snip.claims.evidence.run_table import batch_examples
from snip.claims.evidence.training_images import average_image, single_examples
from snip.claims.verdicts import Means, Missing, Statement, single
from snip.study.names import ERRORS
from snip.tables.intervals import ERROR_STEP

MIDDLE = 100  # examples: the paper's pruning batch


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 3a, 3b and 3c."""
    runs = evidence.runs
    if not runs.grids["fig3"]:  # readings may judge other figures alone
        return
    dataset = runs.values_of("fig3", "datasets")[0]
    batches = runs.values_of("fig3", "batch_sizes")
    sizes = sorted({batch_examples(batch, dataset, runs.validation_share) for batch in batches})
    first, last = sizes[0], sizes[-1]
    yield Statement(
        "3a",
        "fig3",
        "The mask image approaches the mean training image as the pruning batch grows "
        f"(from {first:,} to {last:,} examples).",
        "increase of the correlation of the two images",
        partial(_approach, evidence, dataset, first, last),
        low=0,
    )
    error = ERRORS[runs.error]
    errors = partial(runs.by_seed, "fig3", "batch_size", runs.error)
    yield Statement(
        "3b",
        "fig3",
        f"The {error} falls as the pruning batch grows, over "
        f"{', '.join(f'{size:,}' for size in sizes)} examples.",
        f"slope of the {error}, percentage points per factor of ten",
        lambda: _slopes(errors()),
        high=0,
        note=lambda seeds, _: _page(errors().loc[seeds]),
    )
    ends = [(first, last)] + [(MIDDLE, last)] * (first < MIDDLE < last)
    for small, large in ends:
        yield Statement(
            "3b",
            "fig3",
            f"The {error} falls as the pruning batch grows from {small:,} to {large:,} examples.",
            f"{error} at the smaller batch less that at the larger, percentage points",
            partial(_decrease, errors, small, large),
            low=0,
        )
    yield Statement(
        "3c",
        "fig3",
        "With a pruning batch of one example, the mask image resembles that example.",
        "correlation of the two images",
        partial(_own_example, evidence, dataset),
        low=evidence.margins["3c"],
    )


def _approach(evidence: Evidence, dataset: str, first: int, last: int) -> Means:
    """Return how much more the mask image of the largest batch resembles the mean image."""
    images = evidence.masks.by_batch_size(dataset)
    if first == last:
        raise Missing("figures.fig3 has one batch size, expected two or more")
    average = average_image(dataset, evidence.data)
    likeness = {
        size: pd.Series({seed: float(correlation(i, average)) for seed, i in by_seed.items()})
        for size, by_seed in images.items()
    }
    if not {first, last} <= set(likeness):
        raise Missing(f"figures.fig3 has no masks of batches of {first} and of {last} examples")
    return Means(single(likeness[last] - likeness[first]), RESOLUTION)


def _slopes(errors: pd.DataFrame) -> Means:
    """Return each seed's slope of the test error over the logarithm of the batch size."""
    if errors.shape[1] < 3:
        raise Missing("figures.fig3 has fewer than three batch sizes, which a trend takes")
    errors = errors.dropna()
    decades = np.log10(np.array(errors.columns, float))
    centred = decades - decades.mean()
    slopes = (errors * centred).sum(axis=1) / (centred**2).sum()
    return Means(single(slopes), ERROR_STEP)


def _page(errors: pd.DataFrame) -> str:
    """Note Page's test of a fall from size to size, which only looks at the order of the errors."""
    if len(errors) < Means.least:
        return ""
    p = stats.page_trend_test(errors.to_numpy()[:, ::-1]).pvalue
    return f"Page's trend test of a fall: p = {p:.2g}"


def _decrease(errors: Callable[[], pd.DataFrame], small: int, large: int) -> Means:
    """Return how much lower the test error is with the larger batch."""
    table = errors()
    if small == large or not {small, large} <= set(table.columns):
        raise Missing(f"figures.fig3 has no runs with batches of {small} and of {large} examples")
    return Means(single(table[small] - table[large]), ERROR_STEP)


def _own_example(evidence: Evidence, dataset: str) -> Means:
    """Return how much each seed's mask image correlates with the one example it was pruned on."""
    images = evidence.masks.by_batch_size(dataset)
    if 1 not in images:
        raise Missing("figures.fig3 has no masks with batch size 1")
    share = evidence.runs.validation_share
    examples = single_examples(dataset, evidence.data, share, images[1])
    likeness = {seed: float(correlation(i, examples[seed])) for seed, i in images[1].items()}
    return Means(single(pd.Series(likeness)), RESOLUTION)
