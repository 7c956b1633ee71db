"""Claims 4 and 7: which networks fit random labels, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from snip.claims.evidence.gather import Evidence
from snip.claims.evidence.run_table import STUDY
from snip.claims.verdicts import Means, Missing, Statement, power_of_ten, single, steps
from snip.datasets.variants import training_size
from snip.study.axes import KEY
from snip.study.names import network_name
from snip.tables.collect import TableError
from snip.tables.intervals import Interval, log_loss

# Losses are compared by their logarithm to base ten. Rounding alone moves a run's final loss by a
# thousandth of a decade (0.2 %) or more, so no smaller difference means anything.
RESOLUTION = 1e-3
# Random masks with as many connections in every layer as the sensitivity's masks.
SHUFFLED = "shuffled"


def statements(evidence: Evidence) -> Iterator[Statement]:
    """Yield claims 4, 4-capacity, 4-control and 7."""
    if evidence.runs.grids["fig4"]:  # readings may judge other figures alone
        yield from _fits(evidence)
        yield from _capacity(evidence)
        yield from _control(evidence)
    if evidence.runs.grids["fig7"]:
        yield _rises(evidence)


def _runs(evidence: Evidence, figure: str, criterion: str, **fixed) -> pd.DataFrame:
    """Return the runs that `RunTable.select` finds, or a table without rows."""
    try:
        return evidence.runs.select(figure, criterion, **fixed)
    except Missing:
        return evidence.runs.table[:0]


def _sparsest(evidence: Evidence) -> float | None:
    """Return the highest sparsity of Figure 4; None if it has no pruned network."""
    highest = _runs(evidence, "fig4", "snip")["sparsity"].max()
    return highest if highest > 0 else None


def _final(evidence: Evidence, figure: str, **selected) -> pd.Series:
    """Return by seed the logarithm of the final training loss of one curve.

    Args:
        selected: arguments for `RunTable.select`, `sparsity` among them.
    """
    losses = evidence.runs.by_seed(figure, "sparsity", "train_loss", **selected)
    return log_loss(losses[selected["sparsity"]])


def _length(evidence: Evidence, figure: str) -> str:
    """Return how long a figure's runs were trained, ` after 800 iterations`; empty without runs."""
    runs = _runs(evidence, figure, "snip")
    if "iterations" not in runs or not len(runs):
        return ""
    return f" after {runs['iterations'].max():,} iterations"


def _decay_words(decay: float) -> str:
    return f"with L2 ({decay:g})" if decay else "without L2"


def _fits(evidence: Evidence) -> Iterator[Statement]:
    """Yield claim 4: one statement per curve that the caption of Figure 4 names.

    The paper speaks of weight decay (L2) for one curve only. Where it does not, a curve counts
    whatever its weight decay, and the statement says which one it has.
    """
    runs, sparsest = _runs(evidence, "fig4", "snip"), _sparsest(evidence)
    curves = (  # labels, sparsity, weight decay (None: any), whether the network fits the labels
        ("correct", 0, None, True),
        ("correct", sparsest, None, True),
        ("random", 0, "0", True),
        ("random", 0, "above 0", True),
        ("random", sparsest, None, False),
    )
    for labels, sparsity, wanted, fits in curves:
        curve = runs[(runs["labels"] == labels) & (runs["sparsity"] == sparsity)]
        decays = [
            decay
            for decay in sorted(curve["weight_decay"].unique())
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


def _threshold(
    claim: str, evidence: Evidence, text: str, losses: Callable[[], Means], fits: bool
) -> Statement:
    """Return the statement that a final loss lies below (`fits`) or above what counts as fitted."""
    limit = evidence.margins["4"]
    region = {"high": limit} if fits else {"low": limit}
    statistic = f"training loss{_length(evidence, 'fig4')}, geometric mean"
    return Statement(claim, "fig4", text, statistic, losses, scale=power_of_ten, **region)


def _curve(
    evidence: Evidence, labels: str, sparsity: float | None, decay: float | None, wanted: str | None
) -> Means:
    """Return the final losses of one curve of Figure 4.

    Args:
        decay: the weight decay. None: the figure has no such curve.
        wanted: the weight decay that was asked for, in words.
    """
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
    """Return the runs of the control."""
    network = evidence.runs.values_of("fig4", "networks")[0]
    dataset = evidence.runs.values_of("fig4", "datasets")[0]
    same = {"network": network, "dataset": dataset, "labels": "random"}
    runs = _runs(evidence, STUDY, "snip", control=SHUFFLED, **same)
    return runs[runs["sparsity"] > 0]


def _capacity(evidence: Evidence) -> Iterator[Statement]:
    """Yield 4-capacity: at Figure 4's sparsity a random mask does not fit random labels either."""
    runs, sparsest = _shuffled(evidence), _sparsest(evidence)
    runs = runs[runs["sparsity"] == sparsest]
    at = f"at {sparsest:g} %" if sparsest else "at Figure 4's sparsity"
    for decay in sorted(runs["weight_decay"].unique()) or [None]:
        control = runs[runs["weight_decay"] == decay]
        words = f" ({_decay_words(decay)})" if decay is not None else ""
        yield _threshold(
            "4-capacity",
            evidence,
            "A random mask with as many connections in every layer does not fit random labels "
            f"either, {at}{words}.",
            partial(_random_mask, evidence, control),
            False,
        )


def _random_mask(evidence: Evidence, control: pd.DataFrame) -> Means:
    """Return the final losses of the control's runs of one setting."""
    losses = _final(evidence, STUDY, control=SHUFFLED, **_all_else(control))
    return Means(single(losses), RESOLUTION)


def _all_else(control: pd.DataFrame) -> dict:
    """Return the axes in which the control's runs and those they are compared with agree.

    Args:
        control: the control's runs of one setting.
    """
    if not len(control):
        raise Missing(f"the study has no runs with control {SHUFFLED}, labels random (claims.runs)")
    same = {axis: control[axis].unique() for axis in KEY if axis not in ("control", "seed")}
    for axis, values in same.items():
        if len(values) > 1:
            raise TableError(
                f"claims.runs has {axis} {values.tolist()}, which the claims cannot tell apart, "
                "expected one"
            )
    return {axis: values[0] for axis, values in same.items()}


def _control(evidence: Evidence) -> Iterator[Statement]:
    """Yield 4-control: the sensitivity's mask memorises better, at each sparsity of the control."""
    runs = _shuffled(evidence)
    settings = sorted(set(zip(runs["sparsity"], runs["weight_decay"], strict=True)))
    for sparsity, decay in settings or [(None, None)]:
        at = f" ({sparsity:g} %, {_decay_words(decay)})" if settings else ""
        control = runs[(runs["sparsity"] == sparsity) & (runs["weight_decay"] == decay)]
        yield Statement(
            "4-control",
            "fig4",
            "The sensitivity's mask memorises random labels better than a random mask with as "
            f"many connections in every layer{at}.",
            f"ratio of the training losses{_length(evidence, 'fig4')}, sensitivity's to random "
            "mask's, geometric mean",
            partial(_ratio, evidence, control),
            high=1,
            scale=power_of_ten,
            note=partial(_per_example, evidence, control),
        )


def _ratio(evidence: Evidence, control: pd.DataFrame) -> Means:
    """Return by seed the logarithm of the ratio of the final losses, all else equal."""
    same = _all_else(control)
    sensitivity = _final(evidence, STUDY, control="none", **same)
    random = _final(evidence, STUDY, control=SHUFFLED, **same)
    return Means(single((sensitivity - random).dropna()), RESOLUTION)


def _per_example(
    evidence: Evidence, control: pd.DataFrame, seeds: list[int], intervals: list[Interval]
) -> str:
    """Note how many parameters the networks have per example that they memorise."""
    kept, dataset = int(control["kept"].iloc[0]), control["dataset"].iloc[0]
    examples = training_size(dataset, evidence.runs.validation_share)
    return f"{kept:,} parameters for {examples:,} examples: {kept / examples:.2g} each"


def _rises(evidence: Evidence) -> Statement:
    """Return claim 7: on random labels the final loss rises with sparsity at every step."""
    network = evidence.runs.values_of("fig7", "networks")[0]
    return Statement(
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


def _steps(evidence: Evidence) -> Means:
    """Return by seed the logarithm of the ratio of the losses at neighbouring sparsities."""
    losses = evidence.runs.by_seed("fig7", "sparsity", "train_loss", labels="random")
    if losses.shape[1] < 2:
        raise Missing("figures.fig7 has one sparsity on random labels, expected two or more")
    return Means(steps(log_loss(losses.rename(columns="{:g} %".format))), RESOLUTION)
