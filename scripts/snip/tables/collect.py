"""The tidy tables between training and figures: one header line, one row per observation."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from snip.jobs.failures import SnipError
from snip.jobs.files import unsealed
from snip.masks.mask_files import MaskFile, read_mask_file
from snip.study.axes import Run, batch_size, check_settings, number
from snip.study.figures import FIGURES, TRAINED
from snip.study.grids import scoring_part, slice_masks, slice_runs

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
# Counts per parameter tensor (see snip.masks.anatomy).
ANATOMY = ["parameters", "kept", "effective", "units", "dead_units"]
TEXTS = ("labels", "class", "claim")
SETTINGS = ["network", "dataset", "setting", "value"]
MASK_KEY = ["dataset", "network", "criterion", "batch_size", "class", "seed", "sparsity"]


class TableError(SnipError):
    """A result or table that is missing, damaged, another run's, or made under other settings."""


def read_result(folder: Path, run: Run, settings: Mapping) -> dict:
    """Read one run's result below `folder`, and check that it is that run's.

    Args:
        settings: those the run is expected to have been trained under.

    Raises:
        TableError: the file is missing or damaged, or holds another run.
        SettingsError: the run was trained under other settings.
    """
    path = folder / f"{run.path}.json"
    try:
        result = unsealed(path.read_bytes())
        found = {name: result[name] for name in KEY}
        missing = [name for name in [*OUTCOME, "settings", "layers", "curve"] if name not in result]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(f"result file {path} cannot be used: {error}") from error
    if found != run.key or missing:
        raise TableError(
            f"result file {path} holds {found} without {missing}, expected {run.key}"
            if missing
            else f"result file {path} holds the run {found}, expected {run.key}"
        )
    check_settings(f"result file {path}", result["settings"], settings)
    return result


def tabulate_runs(folder: Path, part: Mapping) -> dict[str, pd.DataFrame]:
    """Collect the results of a slice of a study into tables.

    Args:
        folder: of the result files.
        part: see `study.grids.slice_of`.

    Returns:
        runs: one row per run, KEY then OUTCOME (errors in percent).
        layers: one row per run and prunable parameter tensor: KEY, layer, ANATOMY.
        curves: one row per run and logged point: KEY, iteration, train_loss.
        settings: one row per network, data set and setting, its value as JSON.
    """
    rows, layers, curves = [], [], []
    for run in slice_runs(part, part["grids"]):
        result = read_result(folder, run, part["settings"][run.network][run.dataset])
        key = [result[name] for name in KEY]
        rows.append(key + [result[name] for name in OUTCOME])
        for layer, counts in result["layers"].items():
            layers.append([*key, layer, *(counts[name] for name in ANATOMY)])
        curves += [[*key, *point] for point in result["curve"]]
    settings = [
        [network, dataset, name, json.dumps(value)]
        for network, by_dataset in part["settings"].items()
        for dataset, values in by_dataset.items()
        for name, value in values.items()
    ]
    return {
        "runs": pd.DataFrame(rows, columns=KEY + OUTCOME, dtype=object),
        "layers": pd.DataFrame(layers, columns=[*KEY, "layer", *ANATOMY], dtype=object),
        "curves": pd.DataFrame(curves, columns=[*KEY, "iteration", "train_loss"], dtype=object),
        "settings": pd.DataFrame(settings, columns=SETTINGS, dtype=object),
    }


def read_figure_masks(
    folder: Path, part: Mapping, figure: str, seed: int | None = None
) -> Iterable[MaskFile]:
    """Yield the mask files of a figure, one at a time: together they would fill the memory.

    Args:
        folder: of the mask files.
        part: see `study.grids.slice_of`.
        seed: leave out other seeds. None: leave out none.

    Raises:
        MaskFileError: see `mask_files.read_mask_file`.
        SettingsError: a file was scored under other settings.
    """
    for masks, sparsities in slice_masks(part, figure).items():
        if seed is None or masks.seed == seed:
            settings = scoring_part(part["settings"][masks.network][masks.dataset])
            yield read_mask_file(folder, masks, sparsities, settings)


def tabulate_masks(folder: Path, part: Mapping) -> pd.DataFrame:
    """Collect the masks of pruning batches of all classes, of every figure of a slice.

    Args:
        folder: of the mask files.
        part: see `study.grids.slice_of`.

    Returns:
        See `tabulate_anatomies`.
    """
    figures = [figure for figure in part["grids"] if FIGURES[figure].masks == "all"]
    return tabulate_anatomies(
        file for figure in figures for file in read_figure_masks(folder, part, figure)
    )


def tabulate_anatomies(files: Iterable[MaskFile]) -> pd.DataFrame:
    """Collect the anatomy of masks of all classes.

    Returns:
        One row per mask file, sparsity and parameter tensor: MASK_KEY, layer, ANATOMY.
    """
    rows = []
    for file in files:
        for sparsity, layers in zip(file.sparsities, file.anatomies, strict=True):
            key = [*file.key.values(), number(sparsity)]
            for layer, counts in layers.items():
                rows.append([*key, layer, *(counts[name] for name in ANATOMY)])
    table = pd.DataFrame(rows, columns=[*MASK_KEY, "layer", *ANATOMY], dtype=object)
    return table.drop_duplicates(ignore_index=True)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: one header line, one row per observation, no index."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def read_table(path: Path | str, dtype: Mapping | None = None) -> pd.DataFrame:
    """Read a table, with labels as text (`true` is not a boolean) and numbers as numbers.

    Raises:
        TableError: the file is missing or empty.
    """
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str) | (dtype or {}))
        sizes = table.get("batch_size")
        if sizes is not None and not pd.api.types.is_numeric_dtype(sizes):
            # Beside `all`, pandas leaves the numbers as text, too.
            table["batch_size"] = sizes.astype(object).map(batch_size, na_action="ignore")
    except (OSError, ValueError) as error:
        raise TableError(f"table {path} cannot be read: {error}") from error
    return table


def read_settings(folder: Path) -> dict[str, dict[str, dict]]:
    """Return the settings of the runs in a folder of tables, by network and data set."""
    settings: dict[str, dict[str, dict]] = {}
    for row in read_table(folder / "settings.csv", {"value": str}).itertuples():
        by_name = settings.setdefault(row.network, {}).setdefault(row.dataset, {})
        by_name[row.setting] = json.loads(row.value)
    return settings


def read_checked(folder: Path, table: str, part: Mapping) -> pd.DataFrame:
    """Read a table of runs, and check that its runs were trained under the settings of a slice.

    Raises:
        TableError: a table is missing or empty.
        SettingsError: its runs were trained under other settings.
    """
    found = read_settings(folder)
    trained = [name for name in part["grids"] if name in (*TRAINED, "claims")]
    for network, dataset in {(r.network, r.dataset): None for r in slice_runs(part, trained)}:
        what = f"table {folder / table}.csv, {network} on {dataset},"
        expected = part["settings"][network][dataset]
        check_settings(what, found.get(network, {}).get(dataset, {}), expected)
    rows = read_table(folder / f"{table}.csv")
    _check_runs(f"table {folder / table}.csv", rows, slice_runs(part, trained))
    return rows


def _check_runs(what: str, rows: pd.DataFrame, runs: Iterable[Run]) -> None:
    """Refuse a table that lacks one of the runs, or has others.

    Raises:
        TableError: it does; the message begins with `what`.
    """

    def spelled(row: Iterable) -> tuple[str, ...]:
        return tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in row)

    found = {spelled(row) for row in rows[KEY].drop_duplicates().itertuples(index=False)}
    expected = {spelled(run.key.values()) for run in runs}
    for row in sorted(found ^ expected):
        state = "lacks" if row in expected else "has"
        end = "which its configuration asks for" if row in expected else "expected no such run"
        raise TableError(f"{what} {state} the run {' '.join(row)}, {end}")
