"""What of a mask matters: the error of each control of a mask, less that of what it starts from.

The paper has no such control. Su et al. ("Sanity-checking pruning methods", 2020) and Frankle et
al. ("Pruning neural networks at initialization: why are we missing the mark?", 2021) have them: if
a network trains as well with its mask shuffled, the mask says no more than how many connections
each layer keeps.

A score selects weights, too: those that a mask keeps are larger than others. A shuffled mask keeps
weights that no score selected, and so does a mask whose weights are redrawn. So the shuffles are
compared with both: the mask as it is, and the mask under redrawn weights, from which they differ by
the mask alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from snip.claims.verdicts import Means, Missing, Statement, judge, named, one_mean
from snip.study.names import ERRORS, criterion_name, network_name
from snip.study.spec import Spec
from snip.tables.collect import TableError
from snip.tables.intervals import ERROR_STEP, Interval
from snip.tables.paths import add_paths
from snip.tables.reading import read_checked, read_table

# What identifies a mask, up to the seed.
MASK = ["network", "criterion", "sparsity"]
AS_IS, REDRAWN = BASELINES = ["as is", "redrawn"]
INPUTS, LAYERS, INVERTED = "shuffled within inputs", "shuffled within layers", "inverted"
# What a variant of a mask is: the run's control, and the initial weights of its reading.
VARIANTS = {
    AS_IS: ("none", "keep"),
    REDRAWN: ("none", "redraw"),
    INPUTS: ("shuffled-inputs", "keep"),
    LAYERS: ("shuffled", "keep"),
    INVERTED: ("inverted", "keep"),
}
# By claim: a variant, and the baseline that it is compared with.
COMPARISONS = {
    "control-redrawn": (REDRAWN, AS_IS),
    "control-inputs": (INPUTS, AS_IS),
    "control-layers": (LAYERS, AS_IS),
    "control-inverted": (INVERTED, AS_IS),
    "mask-inputs": (INPUTS, REDRAWN),
    "mask-layers": (LAYERS, REDRAWN),
}
# Notes say which share of the kept connections is on a path if it is below this one.
NEARLY_ALL = 0.995


class Comparison(NamedTuple):
    """Two variants of a mask, whose errors are compared."""

    claim: str
    network: str
    criterion: str
    sparsity: float
    variant: str
    baseline: str

    @property
    def name(self) -> str:
        """The name of the statement: `control-inputs-lenet-300-100-snip-90`."""
        return named(self.claim, self.network, self.criterion, self.sparsity)

    @property
    def mask(self) -> str:
        """The mask in print: `LeNet-300-100, magnitude, 90 %`."""
        names = network_name(self.network), criterion_name(self.criterion)
        return f"{', '.join(names)}, {self.sparsity:g} %"


def table(spec: Spec, tables: Path, masks: Path, data: Path) -> pd.DataFrame:
    """Return the verdicts on a study's controls of masks, in the order of `comparisons`.

    No statement here needs masks or data.

    Raises:
        TableError: see `reading.read_checked`.
    """
    runs, layers = (read_checked(tables, name, spec) for name in ("runs", "layers"))
    claims = spec.judging
    return judge(list(statements(spec, runs, layers)), claims.alpha, claims.confirming_from)


def comparisons(spec: Spec) -> list[Comparison]:
    """Return what is compared, by network, criterion, sparsity and claim."""
    masks = {
        (network, criterion, sparsity): None
        for grid in spec.grids["controls"]
        for network in grid.networks
        for criterion in grid.criteria
        for sparsity in grid.sparsities
        if sparsity > 0
    }
    return [
        Comparison(claim, *mask, *pair) for mask in masks for claim, pair in COMPARISONS.items()
    ]


def statements(spec: Spec, runs: pd.DataFrame, layers: pd.DataFrame) -> Iterator[Statement]:
    """Yield the statements about the runs and layers of a study's controls."""
    runs, column = with_variants(add_paths(runs, layers), spec), spec.reported_error
    error = ERRORS[column]
    for each in comparisons(spec):
        same = [each.network, each.criterion, each.sparsity]
        of_mask = runs[runs[MASK].eq(same).all(axis=1)]
        yield Statement(
            each.name,
            each.claim,
            "controls",
            f"{each.mask}: the {error} is higher {each.variant} than {each.baseline}.",
            f"{error} less that {each.baseline}, percentage points",
            partial(_rise, of_mask, column, each),
            low=0,
            note=partial(_note, of_mask, each),
        )


def with_variants(runs: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Return runs with the column `variant`."""
    names = {made: name for name, made in VARIANTS.items()}
    keys = zip(*(runs[axis] for axis in ("control", "network", "dataset", "reading")), strict=True)
    variants = [
        names[control, spec.settings[n][d][r]["initial_weights"]] for control, n, d, r in keys
    ]
    return runs.assign(variant=variants)


def _rise(runs: pd.DataFrame, error: str, compared: Comparison) -> Means:
    """Return by seed how much higher the error of a variant is than that of its baseline."""
    errors = runs.pivot(index="seed", columns="variant", values=error)
    for needed in (compared.baseline, compared.variant):
        if needed not in errors:
            control, weights = VARIANTS[needed]
            raise Missing(
                f"figures.controls has no runs with control {control} and initial_weights "
                f"{weights} for {compared.mask}"
            )
    if runs.loc[runs["variant"] == compared.baseline, "no_path"].all():
        raise Missing(
            f"{compared.baseline}, no network has a path from input to output, so all output a "
            "constant"
        )
    return one_mean((errors[compared.variant] - errors[compared.baseline]).dropna(), ERROR_STEP)


def _note(
    runs: pd.DataFrame, compared: Comparison, seeds: list[int], intervals: list[Interval]
) -> str:
    """Return how many networks have no path, and which share of the connections is on one."""
    runs = runs[runs["seed"].isin(seeds)]
    pair = (compared.variant, compared.baseline)
    of_pair = [runs[runs["variant"] == name] for name in pair]
    parts = [
        f"{name}, no path from input to output in {one['no_path'].sum()} of {len(one)}"
        for name, one in zip(pair, of_pair, strict=True)
        if one["no_path"].any()
    ]
    shares = [one["on_path"].mean() for one in of_pair]
    if min(shares) < NEARLY_ALL:
        kept, kept_in_baseline = (f"{100 * share:.0f} %" for share in shares)
        parts.append(f"on a path: {kept} of the kept, {kept_in_baseline} in the baseline")
    return "; ".join(parts)


def read_verdicts(path: Path, spec: Spec) -> pd.DataFrame:
    """Read what `table` returned, and say what each row compares: MASK, variant and baseline.

    Raises:
        TableError: the table is missing, or belongs to other statements.
    """
    judged, compared = read_table(path), comparisons(spec)
    if judged["name"].tolist() != [each.name for each in compared]:
        raise TableError(f"table {path} has other statements, expected those of the configuration")
    return judged.join(pd.DataFrame(compared)[[*MASK, "variant", "baseline"]])
