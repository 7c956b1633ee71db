"""Claim 1: up to 90 % sparsity the test error is that of the reference."""

from __future__ import annotations

import math
from functools import partial

from snip.claims.evidence import Evidence
from snip.claims.verdicts import Differences, Missing, Statement, named
from snip.study.names import CLAIM_1, ERRORS, dataset_name, network_name
from snip.tables.intervals import ERROR_STEP, Interval

SPARSEST = 90  # percent


def statements(evidence: Evidence) -> list[Statement]:
    """Return claims 1a and 1b, for each data set of Figure 1."""
    error = ERRORS[evidence.error]
    return [
        Statement(
            named(claim, dataset, "equal"),
            claim,
            "fig1",
            f"{network_name(network)}, pruned {_covered(evidence, network, dataset)}, has the "
            f"{error} of the reference ({dataset_name(dataset)}).",
            f"{error} less the reference's, percentage points",
            partial(_differences, evidence, network, dataset),
            low=-evidence.margins[claim],
            high=evidence.margins[claim],
            note=_smallest_margin,
        )
        for claim, network in CLAIM_1.items()
        for dataset in evidence.values("fig1", "datasets")
    ]


def _covered(evidence: Evidence, network: str, dataset: str) -> str:
    """Return in words which sparsities the statement is about."""
    grids = evidence.grids["fig1"]
    found = {
        s for g in grids if network in g.networks and dataset in g.datasets for s in g.sparsities
    }
    pruned = sorted(s for s in found if 0 < s <= SPARSEST)
    if len(pruned) == 1:
        return f"to {pruned[0]:g} %"
    return f"at {len(pruned)} sparsities up to {SPARSEST} %" if pruned else f"up to {SPARSEST} %"


def _differences(evidence: Evidence, network: str, dataset: str) -> Differences:
    """Return the test errors by seed and sparsity, the reference first."""
    runs = evidence.of("fig1", network=network, dataset=dataset)
    errors = runs.pivot(index="seed", columns="sparsity", values=evidence.error).loc[:, :SPARSEST]
    if 0 not in errors or errors.shape[1] < 2:
        raise Missing(
            f"figures.fig1 has no reference (sparsity 0) or no sparsity up to {SPARSEST} % "
            f"for {network}, {dataset}"
        )
    return Differences(errors.rename(columns="{:g} %".format), ERROR_STEP)


def _smallest_margin(seeds: list[int], intervals: list[Interval]) -> str:
    """Note the smallest margin with which the statement would be supported."""
    if len(seeds) < Differences.least:
        return ""
    largest = max(max(-each.lower, each.upper) for each in intervals)
    return f"equivalence would hold within ±{math.ceil(100 * largest) / 100:.2f}"
