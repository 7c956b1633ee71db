"""Reading tables, and checking that they belong to the configuration of their reader."""

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from snip.study.runs import KEY, batch_size
from snip.study.spec import Spec
from snip.tables.collect import TableError

# Columns that stay text although some of their values look like booleans or numbers.
TEXTS = ("classes", "claim")


def read_table(path: Path | str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table, with names as text and numbers as numbers.

    Args:
        columns: what it must have.

    Raises:
        TableError: the file is missing, empty or damaged.
    """
    try:
        content = Path(path).read_bytes()
        if not content.endswith(b"\n"):
            raise ValueError("its last line has no end" if content else "it is empty")
        table = pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys(TEXTS, str))
        if missing := [name for name in columns if name not in table]:
            raise ValueError(f"it has no column {missing[0]}")
        if "batch_size" in table and not pd.api.types.is_numeric_dtype(table["batch_size"]):
            # If one batch size is `all`, pandas reads the numbers as text, too.
            texts = table["batch_size"].astype(object)
            table["batch_size"] = texts.map(batch_size, na_action="ignore")
    except OSError as error:
        raise TableError(f"table {path} cannot be read: {error}") from error
    except ValueError as error:
        said = " ".join(str(error).split())
        raise TableError(
            f"table {path} is damaged: {said}; delete it, and Snakemake makes it again"
        ) from error
    return table


def read_checked(folder: Path, name: str, spec: Spec) -> pd.DataFrame:
    """Read a table of runs, and check that it has the runs of a specification.

    Args:
        folder: of the table.
        name: `runs`, `layers` or `curves`.

    Raises:
        TableError: the table is missing or damaged, lacks a run or has another.
    """
    path = folder / f"{name}.csv"
    table = read_table(path, columns=KEY)
    found = set(table[KEY].drop_duplicates().itertuples(index=False, name=None))
    expected = {tuple(run.key.values()) for run in spec.runs()}
    for run in sorted(map(_words, expected - found)):
        raise TableError(f"table {path} lacks the run {run}, which the configuration asks for")
    for run in sorted(map(_words, found - expected)):
        raise TableError(f"table {path} has the run {run}, expected no such run")
    return table


def _words(key: tuple) -> str:
    return " ".join(map(str, key))
