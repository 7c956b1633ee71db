"""Claims 4 and 7: which networks fit random labels, and why the others do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from snip.claims.evidence import SNIP, Evidence
from snip.claims.verdicts import Means, Missing, Statement, named, one_mean, power_of_ten, steps
from snip.datasets.variants import training_size
from snip.study.names import network_name
from snip.study.runs import KEY
from snip.tables.collect import TableError
from snip.tables.intervals import Interval, log_loss

# Losses are compared by their logarithm to base ten. Rounding alone moves a run's final loss by a
# thousandth of a decade (0.2 %) or more, so no smaller difference means anything.
RESOLUTION = 1e-3
# Random masks with as many connections in every layer as the sensitivity's masks.
SHUFFLED = "shuffled"
# The paper's sparsity and weight decay (L2), where Figure 4 has no such curve.
SPARSEST, DECAY = 99, 0.0005
# Claim 4, a row per curve: name, whether pruned, labels, weight decay, whether the network fits.
# The paper speaks of weight decay for one curve only; elsewhere the least of the figure counts.
CURVES = [
    ("4-reference-correct", False, "correct", "any", True),
    ("4-pruned-correct", True, "correct", "any", True),
    ("4-reference-random", False, "random", "none", True),
    ("4-reference-random-l2", False, "random", "some", True),
    ("4-pruned-random", True, "random", "any", False),
]


def statements(evidence: Evidence) -> list[Statement]:
    """Return claims 4, 4-capacity, 4-control and 7; readings may judge other figures alone."""
    found = []
    if evidence.grids["fig4"]:
        found += [*_fits(evidence), _capacity(evidence), *_controls(evidence)]
    if evidence.grids["fig7"]:
        found.append(_rises(evidence))
    return found


def _fits(evidence: Evidence) -> Iterator[Statement]:
    """Yield the statements of CURVES."""
    for name, pruned, labels, wanted, fits in CURVES:
        sparsity = _sparsest(evidence) if pruned else 0
        decay = _decay(evidence, "fig4", labels, sparsity, wanted)
        network = f"network pruned to {sparsity:g} %" if pruned else "reference"
        yield _threshold(
            evidence,
            name,
            "4",
            f"The {network} {_words(decay)} {'fits' if fits else 'does not fit'} {labels} labels.",
            partial(evidence.of, "fig4", labels=labels, sparsity=sparsity, weight_decay=decay),
            fits,
        )


def _capacity(evidence: Evidence) -> Statement:
    """Return 4-capacity: at Figure 4's sparsity a random mask does not fit random labels either."""
    sparsity = _sparsest(evidence)
    decay = _decay(evidence, "claims", "random", sparsity, "any")
    return _threshold(
        evidence,
        "4-capacity",
        "4-capacity",
        "A random mask with as many connections in every layer does not fit random labels either, "
        f"at {sparsity:g} % ({_words(decay)}).",
        partial(_shuffled, evidence, sparsity),
        False,
    )


def _threshold(
    evidence: Evidence,
    name: str,
    claim: str,
    text: str,
    runs: Callable[[], pd.DataFrame],
    fits: bool,
) -> Statement:
    """Return the statement that a final loss lies below (`fits`) or above what counts as fitted."""
    limit = evidence.margins["4"]
    return Statement(
        name,
        claim,
        "fig4",
        text,
        f"training loss{_length(evidence, 'fig4')}, geometric mean",
        lambda: one_mean(log_loss(runs().set_index("seed")["train_loss"]), RESOLUTION),
        low=-math.inf if fits else limit,
        high=limit if fits else math.inf,
        scale=power_of_ten,
    )


def _controls(evidence: Evidence) -> Iterator[Statement]:
    """Yield 4-control: the sensitivity's mask memorises better, at each sparsity of the control."""
    shuffled = (grid for grid in evidence.grids["claims"] if SHUFFLED in grid.controls)
    sparsities = {sparsity for grid in shuffled for sparsity in grid.sparsities}
    for sparsity in sorted(sparsities) or [_sparsest(evidence)]:
        decay = _decay(evidence, "claims", "random", sparsity, "any")
        yield Statement(
            named("4-control", sparsity),
            "4-control",
            "fig4",
            "The sensitivity's mask memorises random labels better than a random mask with as many "
            f"connections in every layer ({sparsity:g} %, {_words(decay)}).",
            f"ratio of the training losses{_length(evidence, 'fig4')}, sensitivity's to random "
            "mask's, geometric mean",
            partial(_ratio, evidence, sparsity),
            high=1,
            scale=power_of_ten,
            note=partial(_per_example, evidence, sparsity),
        )


def _rises(evidence: Evidence) -> Statement:
    """Return claim 7: on random labels the final loss rises with sparsity at every step."""
    network = evidence.values("fig7", "networks")[0]
    return Statement(
        "7-rise",
        "7",
        "fig7",
        f"{network_name(network)}: the final training loss on random labels rises with sparsity, "
        "at every step.",
        f"ratio of the training losses{_length(evidence, 'fig7')} from one sparsity to the next, "
        "geometric mean",
        partial(_steps, evidence),
        low=1,
        scale=power_of_ten,
    )


def _sparsest(evidence: Evidence) -> float:
    """Return the highest sparsity of Figure 4."""
    return max(evidence.values("fig4", "sparsities")) or SPARSEST


def _decay(evidence: Evidence, figure: str, labels: str, sparsity: float, wanted: str) -> float:
    """Return the weight decay of a figure's runs: the least that is `none`, `some`, or `any`."""
    runs = evidence.runs.query("figure == @figure and labels == @labels and sparsity == @sparsity")
    decays = runs["weight_decay"]
    if wanted != "any":
        decays = decays[(decays > 0) == (wanted == "some")]
    return decays.min() if len(decays) else DECAY if wanted == "some" else 0.0


def _words(decay: float) -> str:
    return f"with L2 ({decay:g})" if decay else "without L2"


def _length(evidence: Evidence, figure: str) -> str:
    """Return how long a figure's runs were trained, ` after 800 iterations`; empty without runs."""
    runs = evidence.runs[evidence.runs["figure"] == figure]
    return f" after {runs['iterations'].max():,} iterations" if len(runs) else ""


def _shuffled(evidence: Evidence, sparsity: float) -> pd.DataFrame:
    """Return the runs of the control: by random masks, on the data and network of Figure 4."""
    network, dataset = (evidence.values("fig4", axis)[0] for axis in ("networks", "datasets"))
    same = {"labels": "random", "network": network, "dataset": dataset, "sparsity": sparsity}
    runs = evidence.of("claims", control=SHUFFLED, **same)
    if runs["seed"].duplicated().any():
        raise TableError(
            f"claims.runs has several runs at {sparsity:g} % of a seed, expected one: "
            "the claims cannot tell them apart"
        )
    return runs


def _ratio(evidence: Evidence, sparsity: float) -> Means:
    """Return by seed the logarithm of the ratio of the final losses, all else equal."""
    unchanged = evidence.runs[evidence.runs["control"] == "none"].drop_duplicates(KEY)
    same = [axis for axis in KEY if axis != "control"]
    pairs = unchanged.merge(_shuffled(evidence, sparsity), on=same, suffixes=("", "_shuffled"))
    if pairs.empty:
        raise Missing(
            f"the study has no runs with criterion {SNIP}, sparsity {sparsity:g}, control none and "
            "all else as in claims.runs"
        )
    pairs = pairs.set_index("seed")
    ratio = log_loss(pairs["train_loss"]) - log_loss(pairs["train_loss_shuffled"])
    return one_mean(ratio, RESOLUTION)


def _per_example(
    evidence: Evidence, sparsity: float, seeds: list[int], intervals: list[Interval]
) -> str:
    """Note how many parameters the networks have per example that they memorise."""
    run = _shuffled(evidence, sparsity).iloc[0]
    examples = training_size(run["dataset"], evidence.validation_share)
    return (
        f"{run['kept']:,} parameters for {examples:,} examples: {run['kept'] / examples:.2g} each"
    )


def _steps(evidence: Evidence) -> Means:
    """Return by seed the logarithm of the ratio of the losses at neighbouring sparsities."""
    runs = evidence.of("fig7", labels="random")
    losses = runs.pivot(index="seed", columns="sparsity", values="train_loss")
    return steps(log_loss(losses), RESOLUTION)
