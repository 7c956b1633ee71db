"""Slices: the part of the configuration that decides a figure, the tables, the claims, the report.

Rules read their slice as an input, so other edits of the configuration rerun nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snip.jobs.failures import SnipError
from snip.jobs.files import sha256
from snip.study.axes import MaskSet, Run
from snip.study.figures import CLAIMED, FIGURES, SCORED, STUDIED
from snip.study.grids import BySeed, expand_masks, expand_runs, grids, settings
from snip.study.settings import scoring_part

# The slices that are not of one figure.
OTHERS = ("runs", "masks", "claims", "report")


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
    """Return a slice by its name: a figure, or one of OTHERS.

    `runs` and `masks` decide the study's tables, `claims` the verdicts, `report` its pages.
    """
    if name == "report":  # the data's origin does not belong to a study
        return {key: value for key, value in config.items() if key != "data_folder"}
    figures = {"runs": STUDIED, "masks": SCORED, "claims": CLAIMED}.get(name, (name,))
    part = slice_of(config, figures)
    if name == "runs":  # nothing is judged or drawn here
        part = {key: part[key] for key in ("study", "grids", "settings")}
    return part


def slice_runs(part: Mapping, figures: Iterable[str]) -> list[Run]:
    """Return the runs of figures in a slice."""
    return expand_runs(grid for figure in figures for grid in part["grids"][figure])


def slice_masks(part: Mapping, figure: str) -> dict[MaskSet, BySeed]:
    """Return the mask files of a figure in a slice, and what it needs of each."""
    return expand_masks(figure, part["grids"][figure])


def text(part: Mapping) -> str:
    """Return a slice as its file has it."""
    return json.dumps(part, sort_keys=True)


def digest(part: Mapping) -> str:
    """Return the SHA-256 of a slice: the configuration digest in a figure's files."""
    return sha256(text(part).encode())


def add_option(to: argparse.ArgumentParser) -> None:
    """Add the option that says what of the configuration decides the result."""
    to.add_argument(
        "--slice",
        type=Path,
        required=True,
        help="JSON file: the part of the configuration that decides the result",
    )
    to.add_argument("--digest", help="SHA-256 that the slice must have")


def read(options: argparse.Namespace, figure: str | None = None) -> dict:
    """Return the slice that a tool was given.

    Args:
        figure: the one that it must be of.

    Raises:
        SliceError: it cannot be read, or is another.
    """
    try:
        part = json.loads(options.slice.read_text())
        figures = list(part["grids"] if "grids" in part else part["figures"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SliceError(f"slice {options.slice} cannot be used: {error!r}") from error
    if figure is not None and figure not in figures:
        raise SliceError(f"slice {options.slice} is of {', '.join(figures)}, expected {figure}")
    if options.digest is not None and digest(part) != options.digest:
        raise SliceError(
            f"slice {options.slice} is not of the present configuration: found SHA-256 "
            f"{digest(part)}, expected {options.digest}; delete it, and it is made again"
        )
    return part
