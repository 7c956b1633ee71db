"""The grids of a study, the runs and masks they ask for, and the slices that decide a result."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from snip.jobs.files import sha256
from snip.study import registry
from snip.study.axes import SCORING_SETTINGS, MaskSet, Run, label
from snip.study.figures import FIGURES, MASKED, TRAINED

# The value of an axis that a grid does not name. Criteria have no default here: a grid without
# them takes the study's, and in the anatomy all that there are.
AXES = {
    "datasets": ["mnist"],
    "networks": ["lenet-300-100"],
    "sparsities": ["90"],
    "batch_sizes": [100],
    "labels": ["true"],
    "weight_decays": ["0.0005"],
}
# Figures whose runs have their error reported.
ERROR_FIGURES = ("fig1", "fig3")


def complete(config: Mapping, criteria: list[str], grid: Mapping) -> dict[str, list]:
    """Return a grid with every axis filled in and every value in its one spelling.

    `reference` is the criterion and the pruning batch under whose name reference networks are
    trained: they are not pruned, so one name for all grids trains each once.
    """
    full = {"criteria": criteria, **AXES, **grid}
    spelled = {
        "sparsities": label,
        "weight_decays": label,
        # YAML reads an unquoted `true` as a boolean.
        "labels": lambda value: str(value).lower(),
        # To YAML and JSON 100.0 is a whole number, too.
        "batch_sizes": lambda value: value if isinstance(value, str) else int(value),
        "seeds": int,
        "mask_seeds": int,
    }
    full.setdefault("mask_seeds", full["seeds"])
    for axis, spell in spelled.items():
        full[axis] = list(dict.fromkeys(spell(value) for value in full[axis]))
    full["reference"] = [config["criteria"][0], AXES["batch_sizes"][0]]
    return full


def grids(config: Mapping, figure: str) -> list[dict[str, list]]:
    """Return the completed grids of a figure, or of the runs that only claims need (`claims`)."""
    criteria = registry.names("criteria") if figure == "anatomy" else config["criteria"]
    blocks = config["claims"]["runs"] if figure == "claims" else config["figures"][figure]
    return [complete(config, criteria, grid) for grid in blocks]


def expand_runs(completed_grids: Iterable[Mapping[str, list]]) -> list[Run]:
    """Return the runs of completed grids (see `complete`), each once, in order."""
    runs = {}
    for grid in completed_grids:
        for network, dataset, labels, decay, sparsity, criterion, batch, seed in itertools.product(
            grid["networks"],
            grid["datasets"],
            grid["labels"],
            grid["weight_decays"],
            grid["sparsities"],
            grid["criteria"],
            grid["batch_sizes"],
            grid["seeds"],
        ):
            if float(sparsity) == 0:
                criterion, batch = grid["reference"]
            runs[Run(dataset, network, criterion, sparsity, batch, labels, decay, seed)] = None
    return list(runs)


def expand_masks(figure: str, completed_grids: Iterable[Mapping]) -> dict[MaskSet, list[str]]:
    """Return the mask files of a figure's completed grids, and the sparsities it needs of each."""
    masks: dict[MaskSet, list[str]] = {}
    for grid in completed_grids:
        for dataset, network, criterion, batch, seed in itertools.product(
            grid["datasets"],
            grid["networks"],
            grid["criteria"],
            grid["batch_sizes"],
            grid["mask_seeds"],
        ):
            mask = MaskSet(dataset, network, criterion, batch, FIGURES[figure].masks, seed)
            wanted = masks.setdefault(mask, [])
            wanted += [s for s in grid["sparsities"] if s not in wanted]
    return masks


def shared_seeds(figure: str, completed_grids: Iterable[Mapping]) -> list[int]:
    """Return the seeds that all kinds of masks of a figure have, rising: one of them is shown."""
    kinds: dict[MaskSet, set[int]] = {}
    for mask in expand_masks(figure, completed_grids):
        kinds.setdefault(replace(mask, seed=0), set()).add(mask.seed)
    return sorted(set.intersection(*kinds.values()))


def study_masks(config: Mapping) -> dict[MaskSet, list[str]]:
    """Return all figures' mask files, each once, with its sparsities in rising order."""
    union: dict[MaskSet, set[str]] = {}
    for figure in MASKED:
        for mask, sparsities in expand_masks(figure, grids(config, figure)).items():
            union.setdefault(mask, set()).update(sparsities)
    return {mask: sorted(sparsities, key=float) for mask, sparsities in union.items()}


def study_runs(config: Mapping) -> list[Run]:
    """Return all runs of the study: those of its figures and those for the claims alone."""
    return expand_runs(grid for figure in (*TRAINED, "claims") for grid in grids(config, figure))


def settings(config: Mapping, network: str, dataset: str) -> dict[str, Any]:
    """Return the training settings that apply to a network on a dataset (see runs.Settings)."""
    schedule = config["schedules"]["default"] | config["schedules"].get(dataset, {})
    return {
        **config["training"],
        **config["protocol"],
        **schedule,
        "learning_rate": config["networks"][network]["learning_rate"],
        "device": config["device"],
    }


def slice_of(config: Mapping, figures: Iterable[str]) -> dict[str, Any]:
    """Return the part of the configuration that decides what figures (or `claims`) show.

    Returns:
        `study`; `grids`, completed, by figure; `settings`, by network and data set, the scoring
        settings alone where no figure shows a trained network; `reported_error` and `margins` of
        test errors, if a figure shows them; `claims`, how they are judged.
    """
    figures = list(figures)  # may have `claims`
    completed = {figure: grids(config, figure) for figure in figures}
    trained = any(figure in (*TRAINED, "claims") for figure in figures)
    by_network: dict[str, dict[str, dict]] = {}
    for grid in itertools.chain(*completed.values()):
        for network, dataset in itertools.product(grid["networks"], grid["datasets"]):
            values = settings(config, network, dataset)
            by_network.setdefault(network, {})[dataset] = (
                values if trained else scoring_part(values)
            )
    part = {"study": config["study"], "grids": completed, "settings": by_network}
    if any(figure in ERROR_FIGURES for figure in figures):
        part["reported_error"] = config["reported_error"]
    if "claims" in figures:
        part["claims"] = {key: value for key, value in config["claims"].items() if key != "runs"}
    if "fig1" in figures:  # which draws them
        part["margins"] = {claim: config["claims"]["margins"][claim] for claim in ("1a", "1b")}
    return part


def scoring_part(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that scoring depends on."""
    return {name: values[name] for name in SCORING_SETTINGS}


def slice_runs(part: Mapping, figures: Iterable[str]) -> list[Run]:
    """Return the runs of figures in a slice."""
    return expand_runs(grid for figure in figures for grid in part["grids"][figure])


def slice_masks(part: Mapping, figure: str) -> dict[MaskSet, list[str]]:
    """Return the mask files of a figure in a slice, with the sparsities that it needs of each."""
    return expand_masks(figure, part["grids"][figure])


def digest(part: Mapping) -> str:
    """Return the SHA-256 of a slice: what a figure's files carry of their configuration."""
    return sha256(json.dumps(part, sort_keys=True).encode())
