"""Claim 1: up to 90 % sparsity the test error is that of the reference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from snip.claims.evidence.gather import Evidence
from snip.claims.verdicts import Differences, Missing, Statement
from snip.study.names import ERRORS, dataset_name, network_name
from snip.tables.intervals import ERROR_STEP, Interval

NETWORKS = {"1a": "lenet-300-100", "1b": "lenet-5-caffe"}
REFERENCE, SPARSEST = 0, 90  # percent


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 1a and 1b, for each data set of Figure 1."""
    for claim, network in NETWORKS.items():
        margin, error = evidence.margins[claim], ERRORS[evidence.runs.error]
        for dataset in evidence.runs.values_of("fig1", "datasets"):
            yield Statement(
                claim,
                "fig1",
                f"{network_name(network)}, pruned up to {SPARSEST} %, has the {error} of the "
                f"reference ({dataset_name(dataset)}).",
                f"{error} less the reference's, percentage points",
                partial(_errors, evidence, network, dataset),
                -margin,
                margin,
                note=_smallest_margin,
            )


def _errors(evidence: Evidence, network: str, dataset: str) -> Differences:
    """Return the test errors by seed and sparsity, the reference first."""
    errors = evidence.runs.by_seed(
        "fig1", "sparsity", evidence.runs.error, network=network, dataset=dataset
    )
    errors = errors[[sparsity for sparsity in errors.columns if sparsity <= SPARSEST]]
    if REFERENCE not in errors.columns or errors.shape[1] < 2:
        raise Missing(
            f"figures.fig1 has no reference (sparsity 0) or no sparsity up to {SPARSEST} % "
            f"for {network}, {dataset}"
        )
    return Differences(errors.rename(columns=lambda sparsity: f"{sparsity:g} %"), ERROR_STEP)


def _smallest_margin(seeds: list[int], intervals: list[Interval]) -> str:
    """Note the smallest margin with which the statement would be supported."""
    if len(seeds) < Differences.least:
        return ""
    largest = max(max(-each.lower, each.upper) for each in intervals)
    margin = math.ceil(100 * largest) / 100
    return f"equivalence would hold within ±{margin:.2f}"
