"""Slices: what decides a figure, the tables, the claims, the report, each as a file.

A slice holds a part of the configuration and the digests of the code that uses it. Its digest
stands in its file's name, so a figure whose configuration or code changed needs a file that does
not exist: Snakemake then makes the slice and draws the figure, whatever its records say. Other
edits rerun nothing.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snip.datasets.sources import load_source
from snip.datasets.variants import parse_dataset
from snip.jobs.code import code_digest
from snip.jobs.failures import SnipError
from snip.jobs.files import sha256, write_atomically
from snip.study import registry
from snip.study.axes import MaskSet, Run
from snip.study.figures import CLAIMED, FIGURES, SCORED, STUDIED
from snip.study.grids import BySeed, expand_masks, expand_runs, grids, settings
from snip.study.settings import scoring_part

# The slices that are not of one figure.
OTHERS = ("runs", "masks", "claims", "report")
# The entries that are not of the configuration.
NOT_CONFIGURED = ("code", "data")
DIGITS = 16  # of the digest, in a file's name
# Characters of one argument: Linux takes 131,071 bytes, and the command stands around the word.
LONGEST = 130_000


class SliceError(SnipError):
    """A slice that is damaged, or not the expected one."""


def slice_of(config: Mapping, figures: Iterable[str]) -> dict[str, Any]:
    """Return the part of the configuration that decides what figures (or `claims`) show.

    Returns:
        `study`; `grids`, completed, by figure; `settings`, by network, data set and reading, the
        scoring settings alone where no figure shows a trained network; `reported_error` and
        `margins` of test errors, if a figure shows them; `claims`, how they are judged; `readings`,
        what each changes, if a figure judges them.
    """
    figures = list(figures)  # may have `claims`
    completed = {figure: grids(config, figure) for figure in figures}
    trained = any(figure == "claims" or FIGURES[figure].trained for figure in figures)
    by_network: dict[str, dict[str, dict[str, dict]]] = {}
    for grid in itertools.chain(*completed.values()):
        made = {names[kind]: None for names in grid["names"].values() for kind in ("runs", "masks")}
        places = itertools.product(grid["networks"], grid["datasets"], made)
        for network, dataset, reading in places:
            values = settings(config, network, dataset, reading)
            by_dataset = by_network.setdefault(network, {})
            by_dataset.setdefault(dataset, {})[reading] = (
                values if trained else scoring_part(values)
            )
    part = {"study": config["study"], "grids": completed, "settings": by_network}
    entries = [FIGURES[figure] for figure in figures if figure in FIGURES]
    if any(entry.errors or entry.judged for entry in entries):
        part["reported_error"] = config["reported_error"]
    if any(entry.by_reading for entry in entries):
        part["readings"] = config["readings"]
    if "claims" in figures or any(entry.judged for entry in entries):
        part["claims"] = {key: value for key, value in config["claims"].items() if key != "runs"}
    if margins := [claim for entry in entries for claim in entry.margins]:
        part["margins"] = {claim: config["claims"]["margins"][claim] for claim in margins}
    return part


def named_slice(config: Mapping, name: str) -> dict[str, Any]:
    """Return a slice by its name: a figure, or one of OTHERS, as its file has it.

    `runs` and `masks` decide the study's tables, `claims` the verdicts, `report` its pages.
    """
    if name == "report":  # the data's origin does not belong to a study
        part = {key: value for key, value in config.items() if key != "data_folder"}
        return part | {"code": _code(name, [], [])}
    figures = {"runs": STUDIED, "masks": SCORED, "claims": CLAIMED}.get(name, (name,))
    part = slice_of(config, figures)
    if name == "runs":  # nothing is judged or drawn here
        part = {key: part[key] for key in ("study", "grids", "settings")}
        part["reported_error"] = config["reported_error"]
    runs = [] if name == "masks" else slice_runs(part, _trained(part))
    masks = [] if name == "runs" else [each for f in part["grids"] for each in slice_masks(part, f)]
    sources = {parse_dataset(each.dataset).source for each in (*runs, *masks)}
    data = {source: load_source(source).checksums for source in sorted(sources)}
    return part | {"code": _code(name, runs, masks), "data": data}


def _trained(part: Mapping) -> list[str]:
    """Return the figures of a slice that show trained networks, `claims` among them."""
    return [name for name in part["grids"] if name == "claims" or FIGURES[name].trained]


def _code(name: str, runs: Iterable[Run], masks: Iterable[MaskSet]) -> dict[str, Any]:
    """Return the digests of the code that a slice's results come from.

    Returns:
        The code of each script that reads the slice; under `train` and `prune`, by criterion and
        network, that of the runs and mask files.
    """
    scripts: dict[str, list[str]] = {}
    match name:
        case "report":
            scripts["describe"] = ["workflow/report/page.html.jinja2"]
        case "claims":
            scripts["judge"] = ["scripts/snip/claims/statements.py"]
        case "runs":
            scripts |= {"collect": [], "compare": []}
        case "masks":
            scripts["collect"] = []
        case _:
            module = FIGURES[name].module
            scripts["figure"] = [f"scripts/snip/figures/{module}.py"]
            if FIGURES[name].trained:
                scripts["collect"] = []
            if FIGURES[name].judged:
                scripts["judge"] = [f"scripts/snip/claims/{module}.py"]
    code: dict[str, Any] = {
        script: code_digest(f"scripts/{script}.py", *files) for script, files in scripts.items()
    }
    for script, made in (("train", runs), ("prune", masks)):
        kinds = sorted({(each.criterion, each.network) for each in made})
        code[script] = {f"{c} {n}": chosen_code(script, c, n) for c, n in kinds}
    return code


def chosen_code(script: str, criterion: str, network: str) -> str:
    """Return the digest of the code of a run (`train`) or mask file (`prune`)."""
    return code_digest(f"scripts/{script}.py", *registry.chosen_files(criterion, network))


def slice_runs(part: Mapping, figures: Iterable[str]) -> list[Run]:
    """Return the runs of figures in a slice."""
    return expand_runs(grid for figure in figures for grid in part["grids"][figure])


def slice_masks(part: Mapping, figure: str) -> dict[MaskSet, BySeed]:
    """Return the mask files of a figure in a slice, and what it needs of each."""
    return expand_masks(figure, part["grids"][figure])


def digest(part: Mapping) -> str:
    """Return the SHA-256 of the configuration in a slice: a figure's files state it."""
    return _digest({key: value for key, value in part.items() if key not in NOT_CONFIGURED})


def _digest(content: Mapping) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode())


def file_name(part: Mapping, name: str) -> str:
    """Return the name of a slice's file."""
    return f"{name}-{_digest(part)[:DIGITS]}.json"


def packed(part: Mapping) -> str:
    """Return a slice as one word for a command line.

    Raises:
        SliceError: the word is too long for the shell.
    """
    word = base64.b64encode(zlib.compress(json.dumps(part, sort_keys=True).encode(), 9)).decode()
    if len(word) > LONGEST:
        raise SliceError(
            f"the configuration of {', '.join(part.get('grids', ['the report']))} has {len(word)} "
            f"characters when packed, allowed: {LONGEST}, which a shell takes; split the study"
        )
    return word


def write(word: str, path: Path) -> None:
    """Write a slice that `packed` made to its file, and remove that of another configuration.

    So a slice's file is never older than the figures that were drawn from another one.
    """
    part = json.loads(zlib.decompress(base64.b64decode(word)))
    name = path.name.rpartition("-")[0]
    for other in path.parent.glob(f"{name}-{'[0-9a-f]' * DIGITS}.json"):
        other.unlink(missing_ok=True)
    write_atomically(path, json.dumps(part, sort_keys=True).encode())


def add_option(to: argparse.ArgumentParser) -> None:
    """Add the option that says what decides the result."""
    to.add_argument(
        "--slice",
        type=Path,
        required=True,
        help="JSON file: the part of the configuration that decides the result",
    )


def read(path: Path, script: str, figure: str | None = None) -> dict:
    """Return the slice that a script was given.

    Args:
        script: its name; its code must be that of the slice.
        figure: the one that the slice must be of.

    Raises:
        SliceError: it cannot be read, is damaged, or is of another figure or other code.
    """
    try:
        part = json.loads(path.read_bytes())
        figures = list(part["grids"] if "grids" in part else part["figures"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SliceError(
            f"slice {path} cannot be used: {error!r}; delete it, and it is made again"
        ) from error
    name = path.stem.rpartition("-")[0]
    if file_name(part, name) != path.name:
        raise SliceError(
            f"slice {path} is altered: found content of {file_name(part, name)}; delete it, and it "
            "is made again"
        )
    if figure is not None and figure not in figures:
        raise SliceError(f"slice {path} is of {', '.join(figures)}, expected {figure}")
    expected, found = part["code"].get(script), _code(name, [], []).get(script)
    if found != expected:
        raise SliceError(
            f"the code of {script}.py was edited after {path} was made: found SHA-256 {found}, "
            f"expected {expected}; run Snakemake again"
        )
    return part
