"""Claims 4 and 7: which networks fit random labels, and what keeps the others from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from snip.claims.evidence import STUDY, Evidence
from snip.claims.verdicts import Means, Missing, Statement, power_of_ten, single, steps
from snip.datasets.variants import training_size
from snip.study.names import network_name

# Losses are compared by their logarithm to base ten. Rounding alone moves a run's final loss by
# a thousandth of a decade (0.2 %) and more, so equal ones prove no more than that.
RESOLUTION = 1e-3
# Single precision cannot tell a smaller loss from 0, which has no logarithm.
SMALLEST = 1e-7

SHUFFLED = "snip-shuffled"


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 4, 4-capacity, 4-control and 7."""
    yield from _fits(evidence)
    yield from _capacity(evidence)
    yield from _control(evidence)
    yield _rises(evidence)


def _settings(evidence: Evidence, figure: str, criterion: str, **fixed) -> pd.DataFrame:
    """Return the runs of a figure, or none where there are none."""
    try:
        return evidence.runs_of(figure, criterion, **fixed)
    except Missing:
        return evidence.runs[:0]


def _sparsest(evidence: Evidence) -> float | None:
    """Return the highest sparsity of Figure 4, if it has any pruned network."""
    highest = _settings(evidence, "fig4", "snip")["sparsity"].max()
    return highest if highest > 0 else None


def _log_loss(table: pd.DataFrame) -> pd.DataFrame:
    """Return logarithms to base ten of a table of losses."""
    return np.log10(table.clip(lower=SMALLEST))


def _final(evidence: Evidence, figure: str, **chosen) -> pd.Series:
    """Return by seed the logarithm of the final training loss of one curve."""
    table = evidence.by_seed(figure, "sparsity", "train_loss", **chosen)
    return _log_loss(table[chosen["sparsity"]])


def _length(evidence: Evidence, figure: str) -> str:
    """Return how long a figure's runs were trained, ` after 800 iterations`."""
    runs = _settings(evidence, figure, "snip")
    if "iterations" not in runs or not len(runs):
        return ""
    return f" after {runs['iterations'].max():,} iterations"


def _decay_words(decay: float) -> str:
    return f"with L2 ({decay:g})" if decay else "without L2"


def _fits(evidence: Evidence) -> Iterator[Statement]:
    """Yield claim 4: one statement for each curve that the caption names.

    The text names L2 for one curve alone. Where it does not, the curve is found by its labels and
    sparsity, and the statement says which weight decay it has.
    """
    runs, sparsest = _settings(evidence, "fig4", "snip"), _sparsest(evidence)
    curves = (  # labels, sparsity, weight decay (None: whichever), whether the network fits
        ("true", 0, None, True),
        ("true", sparsest, None, True),
        ("random", 0, "0", True),
        ("random", 0, "above 0", True),
        ("random", sparsest, None, False),
    )
    for labels, sparsity, wanted, fits in curves:
        same = runs[(runs["labels"] == labels) & (runs["sparsity"] == sparsity)]
        decays = [
            decay
            for decay in sorted(same["weight_decay"].unique())
            if wanted is None or (decay > 0) == (wanted == "above 0")
        ]
        network = f"network pruned to {sparsity:g} %" if sparsity else "pruned network"
        if sparsity == 0:
            network = "reference"
        for decay in decays or [None]:
            words = {"0": " without L2", "above 0": " with L2"}.get(wanted, "")
            words = words if decay is None else f" {_decay_words(decay)}"
            yield _threshold(
                "4",
                evidence,
                f"The {network}{words} {'fits' if fits else 'does not fit'} {labels} labels.",
                partial(_curve, evidence, labels, sparsity, decay, wanted),
                fits,
            )


def _threshold(claim: str, evidence: Evidence, text: str, found, fits: bool) -> Statement:
    """Return the statement that a final loss is below or above what counts as fitted."""
    limit = evidence.margins["4"]
    region = {"high": limit} if fits else {"low": limit}
    statistic = f"training loss{_length(evidence, 'fig4')}, geometric mean"
    return Statement(claim, "fig4", text, statistic, found, scale=power_of_ten, **region)


def _curve(
    evidence: Evidence, labels: str, sparsity: float | None, decay: float | None, wanted: str | None
) -> Means:
    """Return the final losses of one curve of Figure 4."""
    if sparsity is None:
        raise Missing("figures.fig4 has no runs with criterion snip, sparsity above 0")
    if decay is None:
        decays = f", weight decay {wanted}" if wanted else ""
        raise Missing(
            f"figures.fig4 has no runs with labels {labels}, sparsity {sparsity:g}{decays}"
        )
    losses = _final(evidence, "fig4", labels=labels, sparsity=sparsity, weight_decay=decay)
    return Means(single(losses), RESOLUTION)


def _shuffled(evidence: Evidence) -> pd.DataFrame:
    """Return the control's runs: random masks with the sensitivity's number in every layer."""
    network = evidence.values_of("fig4", "networks")[0]
    dataset = evidence.values_of("fig4", "datasets")[0]
    runs = _settings(evidence, STUDY, SHUFFLED, network=network, dataset=dataset, labels="random")
    return runs[runs["sparsity"] > 0]


def _capacity(evidence: Evidence) -> Iterator[Statement]:
    """Yield whether a random mask fits random labels at the sparsity where the paper's does not."""
    runs, sparsest = _shuffled(evidence), _sparsest(evidence)
    runs = runs[runs["sparsity"] == sparsest]
    at = f"at {sparsest:g} %" if sparsest else "at Figure 4's sparsity"
    for decay in sorted(runs["weight_decay"].unique()) or [None]:
        chosen = runs[runs["weight_decay"] == decay]
        words = f" ({_decay_words(decay)})" if decay is not None else ""
        yield _threshold(
            "4-capacity",
            evidence,
            "A random mask with as many connections in every layer does not fit random labels "
            f"either, {at}{words}.",
            partial(_random_mask, evidence, chosen),
            False,
        )


def _random_mask(evidence: Evidence, control: pd.DataFrame) -> Means:
    """Return the control's own final losses."""
    losses = _final(evidence, STUDY, criterion=SHUFFLED, **_all_else(control))
    return Means(single(losses), RESOLUTION)


def _all_else(control: pd.DataFrame) -> dict:
    """Return what the control's runs have in common with those that they are compared to."""
    if not len(control):
        raise Missing(
            f"the study has no runs with criterion {SHUFFLED}, labels random (claims.runs)"
        )
    axes = ["dataset", "network", "sparsity", "batch_size", "labels", "weight_decay"]
    return {axis: control[axis].iloc[0] for axis in axes}


def _control(evidence: Evidence) -> Iterator[Statement]:
    """Yield, for each sparsity of the control, whether the sensitivity's mask memorises better."""
    runs = _shuffled(evidence)
    settings = sorted(set(zip(runs["sparsity"], runs["weight_decay"], strict=True)))
    for sparsity, decay in settings or [(None, None)]:
        at = f" ({sparsity:g} %, {_decay_words(decay)})" if settings else ""
        chosen = runs[(runs["sparsity"] == sparsity) & (runs["weight_decay"] == decay)]
        yield Statement(
            "4-control",
            "fig4",
            "The sensitivity's mask memorises random labels better than a random mask with as "
            f"many connections in every layer{at}.",
            f"ratio of the training losses{_length(evidence, 'fig4')}, sensitivity's to random "
            "mask's, geometric mean",
            partial(_ratio, evidence, chosen),
            high=1,
            scale=power_of_ten,
            note=partial(_per_example, evidence, chosen),
        )


def _ratio(evidence: Evidence, control: pd.DataFrame) -> Means:
    """Return by seed the logarithm of the ratio of final losses, all else equal."""
    same = _all_else(control)
    ours = _final(evidence, STUDY, criterion="snip", **same)
    random = _final(evidence, STUDY, criterion=SHUFFLED, **same)
    return Means(single((ours - random).dropna()), RESOLUTION)


def _per_example(evidence: Evidence, control: pd.DataFrame, seeds, intervals) -> str:
    """Return how many parameters the networks have for each example that they memorise."""
    kept, dataset = int(control["kept"].iloc[0]), control["dataset"].iloc[0]
    examples = training_size(dataset, evidence.validation_share)
    return f"{kept:,} parameters for {examples:,} examples: {kept / examples:.2g} each"


def _rises(evidence: Evidence) -> Statement:
    """Return claim 7: on random labels the final loss rises with sparsity, at every step."""
    return Statement(
        "7",
        "fig7",
        f"{network_name(evidence.values_of('fig7', 'networks')[0])}: the final training loss on "
        "random labels rises with sparsity, at every step.",
        f"ratio of the training losses{_length(evidence, 'fig7')} from one sparsity to the next, "
        "geometric mean",
        partial(_steps, evidence),
        low=1,
        scale=power_of_ten,
    )


def _steps(evidence: Evidence) -> Means:
    """Return by seed the logarithm of the ratio of losses between neighbouring sparsities."""
    losses = evidence.by_seed("fig7", "sparsity", "train_loss", labels="random")
    if losses.shape[1] < 2:
        raise Missing("figures.fig7 has one sparsity on random labels, expected two or more")
    return Means(steps(_log_loss(losses.rename(columns="{:g} %".format))), RESOLUTION)
