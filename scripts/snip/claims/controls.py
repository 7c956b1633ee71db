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

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from snip.claims.verdicts import Means, Missing, Statement, judge, single
from snip.study.names import ERRORS, criterion_name, network_name
from snip.study.spelling import number
from snip.tables.collect import TableError
from snip.tables.intervals import ERROR_STEP, Interval
from snip.tables.paths import add_paths
from snip.tables.reading import read_checked, read_table

# What identifies a mask, up to the seed.
MASK = ["network", "criterion", "sparsity"]


@dataclass(frozen=True)
class Variant:
    """A mask, changed or not, and the weights that are trained under it.

    Attributes:
        name: in print.
        control: the run's control.
        initial_weights: the setting of the run's reading.
    """

    name: str
    control: str
    initial_weights: str


AS_IS = Variant("as is", "none", "keep")
REDRAWN = Variant("redrawn", "none", "redraw")
INPUTS = Variant("shuffled within inputs", "shuffled-inputs", "keep")
LAYERS = Variant("shuffled within layers", "shuffled", "keep")
INVERTED = Variant("inverted", "inverted", "keep")
VARIANTS = {each.name: each for each in (AS_IS, REDRAWN, INPUTS, LAYERS, INVERTED)}
# By claim: a variant, and the baseline that it is compared with.
COMPARISONS = {
    "control-redrawn": (REDRAWN, AS_IS),
    "control-inputs": (INPUTS, AS_IS),
    "control-layers": (LAYERS, AS_IS),
    "control-inverted": (INVERTED, AS_IS),
    "mask-inputs": (INPUTS, REDRAWN),
    "mask-layers": (LAYERS, REDRAWN),
}
BASELINES = [AS_IS.name, REDRAWN.name]
# Notes say which share of the kept connections is on a path if it is below this one.
NEARLY_ALL = 0.995


def table(part: Mapping, results: Path, data: Path) -> pd.DataFrame:
    """Return the verdicts on a study's controls of masks.

    Args:
        part: the slice of the figure, see `study.slices.slice_of`.
        results: folder of the study's results.
        data: folder of the fetched data, which no statement here needs.

    Returns:
        See `verdicts.judge`; the rows are those of `comparisons`.

    Raises:
        TableError, SettingsError: see `reading.read_checked`.
    """
    folder = results / "tables" / "controls"
    runs, layers = (read_checked(folder, name, part) for name in ("runs", "layers"))
    claims = part["claims"]
    return judge(list(statements(part, runs, layers)), claims["alpha"], claims["confirming_from"])


def comparisons(part: Mapping) -> Iterator[tuple[str, str, float, str]]:
    """Yield network, criterion, sparsity and claim of each statement, in order."""
    masks = {
        (network, criterion, number(sparsity)): None
        for grid in part["grids"]["controls"]
        for network in grid["networks"]
        for criterion in grid["criteria"]
        for sparsity in grid["sparsities"]
        if float(sparsity) > 0
    }
    for mask, claim in itertools.product(masks, COMPARISONS):
        yield *mask, claim


def statements(part: Mapping, runs: pd.DataFrame, layers: pd.DataFrame) -> Iterator[Statement]:
    """Yield the statements about the controls of a study.

    Args:
        part: the slice of the figure.
        runs: its table of runs.
        layers: its table of layers.
    """
    runs = with_variants(add_paths(runs, layers), part["settings"])
    for *mask, claim in comparisons(part):
        variant, baseline = COMPARISONS[claim]
        of_mask = runs[runs[MASK].eq(mask).all(axis=1)]
        yield Statement(
            claim,
            "controls",
            sentence(*mask, claim, part["reported_error"]),
            f"{ERRORS[part['reported_error']]} less that {baseline.name}, percentage points",
            partial(
                _differences, of_mask, part["reported_error"], variant, baseline, mask_name(*mask)
            ),
            low=0,
            note=partial(_note, of_mask, variant, baseline),
        )


def mask_name(network: str, criterion: str, sparsity: float) -> str:
    """Return `LeNet-300-100, magnitude, 90 %`."""
    return f"{network_name(network)}, {criterion_name(criterion)}, {sparsity:g} %"


def sentence(network: str, criterion: str, sparsity: float, claim: str, error: str) -> str:
    """Return the statement about a control of a mask."""
    variant, baseline = COMPARISONS[claim]
    mask = mask_name(network, criterion, sparsity)
    return f"{mask}: the {ERRORS[error]} is higher {variant.name} than {baseline.name}."


def with_variants(runs: pd.DataFrame, settings: Mapping) -> pd.DataFrame:
    """Return a table of runs with the column `variant`, the name of each run's variant.

    Args:
        settings: by network, data set and reading.
    """
    names = {(each.control, each.initial_weights): each.name for each in VARIANTS.values()}
    variants = [
        names[row.control, settings[row.network][row.dataset][row.reading]["initial_weights"]]
        for row in runs.itertuples()
    ]
    return runs.assign(variant=variants)


def _differences(
    runs: pd.DataFrame, error: str, variant: Variant, baseline: Variant, mask: str
) -> Means:
    """Return by seed how much higher the error of a variant is than that of its baseline.

    Args:
        runs: those of the mask, with the columns of `with_variants` and `add_paths`.
        error: the column of test errors, percent.
        mask: its name in print.
    """
    errors = runs.pivot(index="seed", columns="variant", values=error)
    for needed in (baseline, variant):
        if needed.name not in errors:
            raise Missing(
                f"figures.controls has no runs with control {needed.control} and initial_weights "
                f"{needed.initial_weights} for {mask}"
            )
    if runs.loc[runs["variant"] == baseline.name, "no_path"].all():
        raise Missing(
            f"{baseline.name}, no network has a path from input to output, so all output a constant"
        )
    return Means(single((errors[variant.name] - errors[baseline.name]).dropna()), ERROR_STEP)


def _note(
    runs: pd.DataFrame,
    variant: Variant,
    baseline: Variant,
    seeds: list[int],
    intervals: list[Interval],
) -> str:
    """Return how many networks have no path, and which share of the connections is on one."""
    runs = runs[runs["seed"].isin(seeds)]
    both = [runs[runs["variant"] == each.name] for each in (variant, baseline)]
    parts = [
        f"{name}, no path from input to output in {of_one['no_path'].sum()} of {len(of_one)}"
        for name, of_one in zip((variant.name, baseline.name), both, strict=True)
        if of_one["no_path"].any()
    ]
    shares = [of_one["on_path"].mean() for of_one in both]
    if min(shares) < NEARLY_ALL:
        kept, kept_in_baseline = (f"{100 * share:.0f} %" for share in shares)
        parts.append(f"on a path: {kept} of the kept, {kept_in_baseline} in the baseline")
    return "; ".join(parts)


def read_verdicts(path: Path, part: Mapping) -> pd.DataFrame:
    """Read the table that `table` returned, and say what each row compares.

    Returns:
        The table with the columns MASK, variant and baseline, which are names of variants.

    Raises:
        TableError: the table is missing, or belongs to other statements.
    """
    compared = list(comparisons(part))
    judged = read_table(path)
    expected = [sentence(*each, part["reported_error"]) for each in compared]
    if judged["statement"].tolist() != expected:
        raise TableError(f"table {path} has other statements, expected those of the configuration")
    keys = [(*mask, *(each.name for each in COMPARISONS[claim])) for *mask, claim in compared]
    return judged.join(pd.DataFrame(keys, columns=[*MASK, "variant", "baseline"]))
