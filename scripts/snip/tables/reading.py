"""Reading tables, and checking that they belong to the configuration of their reader."""

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from snip.study.axes import AXES, KEY, Run
from snip.study.figures import FIGURES
from snip.study.settings import check_settings
from snip.study.slices import slice_runs
from snip.tables.collect import SETTINGS, TableError

# Columns that stay text although some of their values look like booleans or numbers.
TEXTS = ("class", "claim")


def read_table(
    path: Path | str, dtype: Mapping | None = None, columns: Iterable[str] = ()
) -> pd.DataFrame:
    """Read a table, with names as text and numbers as numbers.

    Args:
        dtype: types of further columns.
        columns: what it must have.

    Raises:
        TableError: the file is missing, empty or damaged.
    """
    try:
        content = Path(path).read_bytes()
        if not content.endswith(b"\n"):
            raise ValueError("its last line has no end" if content else "it is empty")
        types = dict.fromkeys(TEXTS, str) | (dtype or {})
        table = pd.read_csv(io.BytesIO(content), dtype=types)
        if missing := [name for name in columns if name not in table]:
            raise ValueError(f"it has no column {missing[0]}")
        sizes = table.get("batch_size")
        if sizes is not None and not pd.api.types.is_numeric_dtype(sizes):
            # If one batch size is `all`, pandas reads the numbers as text, too.
            table["batch_size"] = sizes.astype(object).map(
                AXES["batch_size"].spelled, na_action="ignore"
            )
    except OSError as error:
        raise TableError(f"table {path} cannot be read: {error}") from error
    except ValueError as error:
        raise _damaged(path, error) from error
    return table


def _damaged(path: Path | str, error: Exception) -> TableError:
    said = " ".join(str(error).split())
    return TableError(f"table {path} is damaged: {said}; delete it, and Snakemake makes it again")


def read_settings(folder: Path) -> dict[tuple[str, str, str], dict]:
    """Read the table of settings in a folder of tables: by network, data set and reading."""
    settings: dict[tuple[str, str, str], dict] = {}
    path = folder / "settings.csv"
    for row in read_table(path, {"value": str}, SETTINGS).itertuples():
        by_name = settings.setdefault((row.network, row.dataset, row.reading), {})
        try:
            by_name[row.setting] = json.loads(row.value)
        except (ValueError, TypeError) as error:
            raise _damaged(path, error) from error
    return settings


def read_checked(folder: Path, name: str, part: Mapping) -> pd.DataFrame:
    """Read a table of runs, and check that it belongs to a slice of the configuration.

    Args:
        folder: of the table, with the table of settings beside it.
        name: `runs`, `layers` or `curves`.
        part: the slice, see `study.slices.slice_of`.

    Raises:
        TableError: a table is missing or damaged, lacks a run of the slice or has another.
        SettingsError: its runs were trained under other settings.
    """
    path = folder / f"{name}.csv"
    trained = read_settings(folder)
    shown = [name for name in part["grids"] if name == "claims" or FIGURES[name].trained]
    runs = slice_runs(part, shown)
    for place in dict.fromkeys((run.network, run.dataset, run.reading) for run in runs):
        network, dataset, reading = place
        check_settings(
            f"table {path}, {network} on {dataset} under reading {reading},",
            trained.get(place, {}),
            part["settings"][network][dataset][reading],
            "collect_study collect_figure",
        )
    table = read_table(path, columns=KEY)
    _check_runs(f"table {path}", table, runs)
    return table


def _check_runs(what: str, table: pd.DataFrame, runs: Iterable[Run]) -> None:
    """Check that a table has exactly the given runs.

    Raises:
        TableError: it lacks one or has another; the message begins with `what`.
    """

    def spelled(key: Iterable) -> tuple[str, ...]:
        return tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in key)

    present = {spelled(key) for key in table[KEY].drop_duplicates().itertuples(index=False)}
    expected = {spelled(run.key.values()) for run in runs}
    for key in sorted(present ^ expected):
        run = " ".join(key)
        if key in expected:
            raise TableError(f"{what} lacks the run {run}, which the configuration asks for")
        raise TableError(f"{what} has the run {run}, expected no such run")
