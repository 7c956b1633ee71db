"""From result files and mask files to tidy tables: one header line, one row per observation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from snip.jobs.failures import SnipError
from snip.jobs.files import unsealed
from snip.masks.mask_files import MaskFile, read_masks
from snip.study.figures import FIGURES
from snip.study.runs import KEY, MASK_KEY, Run
from snip.study.settings import ERRORS, check_settings
from snip.study.spec import Spec

OUTCOME = ["iterations", "parameters", "kept", "train_loss", "validation_error", *ERRORS]
# Counts per parameter tensor (see snip.masks.anatomy).
ANATOMY = ["parameters", "kept", "effective", "units", "dead_units"]
# What computed results: see `jobs.threads.made_by`.
MADE_BY = ["code", "torch", "library", "processor", "device"]


class TableError(SnipError):
    """A result file or table that is missing or damaged, or that belongs to other runs."""


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV, without the index."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def read_result(folder: Path, run: Run, settings: Mapping) -> dict:
    """Read the result of one run below `folder`, and check that it belongs to this run.

    Args:
        settings: what the run must have been trained under.

    Raises:
        TableError: the file is missing or damaged, or holds another run.
        SettingsError: the run was trained under other settings.
    """
    path = folder / f"{run.path}.json"
    try:
        result = unsealed(path.read_bytes())
        key = {name: result[name] for name in KEY}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"result file {path} cannot be used: {error}; delete it, and its run is made again, or "
            "get a file that came with the clone back by git checkout"
        ) from error
    if key != run.key:
        raise TableError(f"result file {path} holds the run {key}, expected {run.key}")
    missing = [name for name in [*OUTCOME, "settings", "layers", "curve"] if name not in result]
    if missing:
        raise TableError(f"result file {path} lacks {', '.join(missing)}, expected a whole result")
    check_settings(f"result file {path}", result["settings"], settings, "train")
    return result


def tabulate_runs(folder: Path, spec: Spec) -> dict[str, pd.DataFrame]:
    """Collect the results of the runs of a specification from a folder of result files.

    Returns:
        runs: one row per run, KEY then OUTCOME (errors in percent).
        layers: one row per run and prunable parameter tensor: KEY, layer, ANATOMY.
        curves: one row per run and logged point: KEY, iteration, train_loss.
        made_by: one row per kind of processor, library and code that made runs: MADE_BY, how many
            `runs`, and whether the code is `current`.

    Raises:
        TableError, SettingsError: see `read_result`.
    """
    runs: list[list] = []
    layers: list[list] = []
    curves: list[list] = []
    made_by: Counter[tuple] = Counter()
    for run in spec.runs():
        result = read_result(folder, run, spec.settings_of(run))
        key = [result[name] for name in KEY]
        runs.append(key + [result[name] for name in OUTCOME])
        for layer, counts in result["layers"].items():
            layers.append([*key, layer, *(counts[name] for name in ANATOMY)])
        curves += [[*key, *point] for point in result["curve"]]
        code = spec.code["train"][f"{run.criterion} {run.network}"]
        maker = [result.get("made_by", {}).get(name, "unknown") for name in MADE_BY]
        made_by[(*maker, maker[0] == code)] += 1
    return {
        "runs": pd.DataFrame(runs, columns=KEY + OUTCOME, dtype=object),
        "layers": pd.DataFrame(layers, columns=[*KEY, "layer", *ANATOMY], dtype=object),
        "curves": pd.DataFrame(curves, columns=[*KEY, "iteration", "train_loss"], dtype=object),
        "made_by": pd.DataFrame(
            [[*maker, count] for maker, count in sorted(made_by.items())],
            columns=[*MADE_BY, "current", "runs"],
        ),
    }


def read_figure_masks(
    folder: Path, spec: Spec, figure: str, seed: int | None = None
) -> Iterator[MaskFile]:
    """Yield a figure's masks of one seed or of all, a file at a time: all would fill the memory.

    Raises:
        MaskFileError, SettingsError: see `mask_files.read_masks`.
    """
    for masks, by_seed in spec.masks(figure).items():
        settings = spec.settings_of(masks)
        wanted = {each: labels for each, labels in by_seed.items() if seed in (None, each)}
        yield from read_masks(folder, masks, wanted, settings, spec.code.get("prune"))


def tabulate_masks(folder: Path, spec: Spec) -> pd.DataFrame:
    """Return the anatomies of the masks whose pruning batches have all classes."""
    figures = [figure for figure in spec.grids if FIGURES[figure].masks == "all"]
    return tabulate_anatomies(
        file for figure in figures for file in read_figure_masks(folder, spec, figure)
    )


def tabulate_anatomies(files: Iterable[MaskFile]) -> pd.DataFrame:
    """Return one row per mask and parameter tensor: MASK_KEY, layer, ANATOMY.

    Figures may share masks; their rows appear once.
    """
    rows = []
    for file in files:
        for sparsity, layers in zip(file.sparsities, file.anatomies, strict=True):
            key = file.key | {"sparsity": sparsity}
            for layer, counts in layers.items():
                of_layer = (counts[name] for name in ANATOMY)
                rows.append([*(key[name] for name in MASK_KEY), layer, *of_layer])
    table = pd.DataFrame(rows, columns=[*MASK_KEY, "layer", *ANATOMY], dtype=object)
    return table.drop_duplicates(ignore_index=True)
