"""What of a mask matters: the error of each control of a mask, less that of the mask as it is.

The paper has no such control. Su et al. ("Sanity-checking pruning methods", 2020) and Frankle et
al. ("Pruning neural networks at initialization: why are we missing the mark?", 2021) have them: if
a network trains as well with its mask shuffled, the mask says no more than how many connections
each layer keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from snip.claims.verdicts import Means, Missing, Statement, judge, single
from snip.study.names import criterion_name, network_name
from snip.study.spelling import number
from snip.tables.collect import TableError
from snip.tables.intervals import ERROR_STEP
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
        claim: the name of the statements about it.
        change: what was done to the mask or to the weights, as the subject of a sentence.
    """

    name: str
    control: str
    initial_weights: str
    claim: str = ""
    change: str = ""


AS_IS = Variant("as is", "none", "keep")
CONTROLS = [
    Variant("redrawn", "none", "redraw", "control-redrawn", "drawing new weights"),
    Variant(
        "shuffled within inputs",
        "shuffled-inputs",
        "keep",
        "control-inputs",
        "shuffling the connections of each input",
    ),
    Variant(
        "shuffled within layers",
        "shuffled",
        "keep",
        "control-layers",
        "shuffling the connections of each layer",
    ),
    Variant(
        "inverted", "inverted", "keep", "control-inverted", "keeping the lowest scores instead"
    ),
]
VARIANTS = {each.name: each for each in (AS_IS, *CONTROLS)}


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
    runs = read_checked(results / "tables" / "controls", "runs", part)
    claims = part["claims"]
    return judge(list(statements(part, runs)), claims["alpha"], claims["confirming_from"])


def comparisons(part: Mapping) -> Iterator[tuple[str, str, float, Variant]]:
    """Yield network, criterion, sparsity and variant of each statement, in order."""
    grids = part["grids"]["controls"]
    masks = {
        (network, criterion, number(sparsity)): None
        for grid in grids
        for network in grid["networks"]
        for criterion in grid["criteria"]
        for sparsity in grid["sparsities"]
        if float(sparsity) > 0
    }
    for mask, variant in itertools.product(masks, CONTROLS):
        yield *mask, variant


def statements(part: Mapping, runs: pd.DataFrame) -> Iterator[Statement]:
    """Yield the statements about the controls of a study.

    Args:
        part: the slice of the figure.
        runs: its table of runs.
    """
    runs = with_variants(runs, part["settings"])
    for network, criterion, sparsity, variant in comparisons(part):
        yield Statement(
            variant.claim,
            "controls",
            sentence(network, criterion, sparsity, variant),
            "test error less that of the mask as is, percentage points",
            partial(
                _differences, runs, part["reported_error"], (network, criterion, sparsity), variant
            ),
            low=0,
        )


def sentence(network: str, criterion: str, sparsity: float, variant: Variant) -> str:
    """Return the statement about a control of a mask."""
    mask = f"{network_name(network)}, {criterion_name(criterion)}, {sparsity:g} %"
    return f"{mask}: {variant.change} raises the test error."


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


def _differences(runs: pd.DataFrame, error: str, mask: tuple, variant: Variant) -> Means:
    """Return by seed how much higher the error of a variant is than that of the mask as is.

    Args:
        runs: with the column `variant`.
        error: the column of test errors, percent.
        mask: network, criterion and sparsity.
    """
    of_mask = runs[runs[MASK].eq(list(mask)).all(axis=1)]
    errors = of_mask.pivot(index="seed", columns="variant", values=error)
    for needed in (AS_IS, variant):
        if needed.name not in errors:
            network, criterion, sparsity = mask
            raise Missing(
                f"figures.controls has no runs with control {needed.control} and initial_weights "
                f"{needed.initial_weights} for {network}, {criterion}, {sparsity:g} %"
            )
    return Means(single((errors[variant.name] - errors[AS_IS.name]).dropna()), ERROR_STEP)


def read_verdicts(path: Path, part: Mapping) -> pd.DataFrame:
    """Read the table that `table` returned, and say what each row compares.

    Returns:
        The table with the columns MASK and variant.

    Raises:
        TableError: the table is missing, or belongs to other statements.
    """
    compared = list(comparisons(part))
    judged = read_table(path)
    if judged["statement"].tolist() != [sentence(*each) for each in compared]:
        raise TableError(f"table {path} has other statements, expected those of the configuration")
    keys = [(*mask, variant.name) for *mask, variant in compared]
    return judged.join(pd.DataFrame(keys, columns=[*MASK, "variant"]))
