"""The tidy tables between training and figures: one header line, one row per observation."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from snip.errors import SnipError
from snip.files import unsealed
from snip.mask_files import MaskFile, read_mask_file
from snip.runs import MaskSet, Run, label, number

KEY = [
    "dataset",
    "network",
    "criterion",
    "sparsity",
    "batch_size",
    "labels",
    "weight_decay",
    "seed",
]
OUTCOME = [
    "iterations",
    "parameters",
    "kept",
    "train_loss",
    "validation_error",
    "test_error",
    "best_validation_test_error",
    "best_test_error",
]
# Counts per parameter tensor (see snip.anatomy).
ANATOMY = ["parameters", "kept", "effective", "units", "dead_units"]
MASK_KEY = ["dataset", "network", "criterion", "batch_size", "class", "seed", "sparsity"]


class TableError(SnipError):
    """A result or table that is missing, damaged or another's."""


def read_result(folder: Path, run: Run) -> dict:
    """Read one run's result below `folder` and check that it is that run's.

    Raises:
        TableError: the file is missing, damaged, or holds another run.
    """
    path = folder / f"{run.path}.json"
    try:
        result = unsealed(path.read_bytes())
        found = {name: result[name] for name in KEY}
        missing = [name for name in [*OUTCOME, "layers", "curve"] if name not in result]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(f"result file {path} cannot be used: {error}") from error
    if found != run.key or missing:
        raise TableError(
            f"result file {path} holds {found} without {missing}, expected {run.key}"
            if missing
            else f"result file {path} holds the run {found}, expected {run.key}"
        )
    return result


def tabulate(folder: Path, runs: Iterable[Run]) -> dict[str, pd.DataFrame]:
    """Collect results into the tables `runs`, `layers` and `curves`.

    Returns:
        runs: one row per run, KEY then OUTCOME (errors in percent).
        layers: one row per run and prunable parameter tensor: KEY, layer, ANATOMY.
        curves: one row per run and logged point: KEY, iteration, train_loss.
    """
    rows, layers, curves = [], [], []
    for run in runs:
        result = read_result(folder, run)
        key = [result[name] for name in KEY]
        rows.append(key + [result[name] for name in OUTCOME])
        for layer, counts in result["layers"].items():
            layers.append([*key, layer, *(counts[name] for name in ANATOMY)])
        curves += [[*key, *point] for point in result["curve"]]
    return {
        "runs": pd.DataFrame(rows, columns=KEY + OUTCOME, dtype=object),
        "layers": pd.DataFrame(layers, columns=[*KEY, "layer", *ANATOMY], dtype=object),
        "curves": pd.DataFrame(curves, columns=[*KEY, "iteration", "train_loss"], dtype=object),
    }


def tabulate_masks(folder: Path, masks: Iterable[MaskSet]) -> pd.DataFrame:
    """Collect the anatomy of mask files below `folder`.

    Returns:
        One row per mask file, sparsity and parameter tensor: MASK_KEY, layer, ANATOMY.

    Raises:
        MaskFileError: a file is missing or damaged.
        TableError: a file holds other masks.
    """

    def files() -> Iterator[MaskFile]:
        # One at a time: with their masks, those of a study would fill the memory.
        for wanted in masks:
            path = folder / f"{wanted.path}.npz"
            file = read_mask_file(path)
            if file.key != wanted.key:
                raise TableError(f"mask file {path} holds {file.key}, expected {wanted.key}")
            yield file

    return tabulate_anatomies(files())


def tabulate_anatomies(files: Iterable[MaskFile]) -> pd.DataFrame:
    """Return the anatomy of mask files: the columns of `tabulate_masks`."""
    rows = []
    for file in files:
        for sparsity, layers in zip(file.sparsities, file.anatomies, strict=True):
            key = [*file.key.values(), number(label(sparsity))]
            for layer, counts in layers.items():
                rows.append([*key, layer, *(counts[name] for name in ANATOMY)])
    return pd.DataFrame(rows, columns=[*MASK_KEY, "layer", *ANATOMY], dtype=object)


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a table, with labels as text (`true` is not a boolean) and numbers as numbers.

    Raises:
        TableError: the file is missing or empty.
    """
    try:
        return pd.read_csv(path, dtype={"labels": str, "class": str, "claim": str})
    except (OSError, ValueError) as error:
        raise TableError(f"table {path} cannot be read: {error}") from error
