"""The grids of a study, and the runs and mask files that they ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from snip.study import registry
from snip.study.axes import AXES, MASK_AXES, MaskSet, Run
from snip.study.figures import FIGURES, MASKED, STUDIED
from snip.study.settings import UNIFORM, in_section, unswept


def complete(config: Mapping, criteria: list[str], grid: Mapping) -> dict[str, list]:
    """Return a grid with every axis filled in and every value in its one spelling.

    `reference` is the criterion and the pruning batch under whose name reference networks are
    trained: they are not pruned, so one name for all grids trains each once.
    """
    defaults = {axis.grid: [axis.default] for axis in AXES.values()}
    for section in UNIFORM:
        for name in AXES.keys() & config[section].keys():  # a setting that is swept
            defaults[AXES[name].grid] = [config[section][name]]
    full = {**defaults, "criteria": criteria, **grid}
    full.setdefault("mask_seeds", full["seeds"])
    spellings = {axis.grid: axis.spelled for axis in AXES.values()}
    spellings["mask_seeds"] = spellings["seeds"]
    for key, spelled in spellings.items():
        full[key] = list(dict.fromkeys(spelled(value) for value in full[key]))
    full["reference"] = [config["criteria"][0], AXES["batch_size"].default]
    return full


def grids(config: Mapping, figure: str) -> list[dict[str, list]]:
    """Return the completed grids of a figure, or of the runs that only claims need (`claims`)."""
    every = figure in FIGURES and FIGURES[figure].every_criterion
    criteria = registry.names("criteria") if every else config["criteria"]
    blocks = config["claims"]["runs"] if figure == "claims" else config["figures"][figure]
    return [complete(config, criteria, grid) for grid in blocks]


def expand_runs(completed_grids: Iterable[Mapping[str, list]]) -> list[Run]:
    """Return the runs of completed grids (see `complete`), each once, in order."""
    runs = {}
    for grid in completed_grids:
        for values in itertools.product(*(grid[axis.grid] for axis in AXES.values())):
            key = dict(zip(AXES, values, strict=True))
            if float(key["sparsity"]) == 0:
                key["criterion"], key["batch_size"] = grid["reference"]
            runs[Run(**key)] = None
    return list(runs)


def expand_masks(figure: str, completed_grids: Iterable[Mapping]) -> dict[MaskSet, list[str]]:
    """Return the mask files of a figure's completed grids, and the sparsities it needs of each."""
    masks: dict[MaskSet, list[str]] = {}
    for grid in completed_grids:
        axes = {name: grid[AXES[name].grid] for name in MASK_AXES if name in AXES}
        axes |= {"class_": [FIGURES[figure].masks], "seed": grid["mask_seeds"]}
        for values in itertools.product(*(axes[name] for name in MASK_AXES)):
            wanted = masks.setdefault(MaskSet(*values), [])
            wanted += [s for s in grid["sparsities"] if s not in wanted]
    return masks


def shared_seeds(figure: str, completed_grids: Iterable[Mapping]) -> list[int]:
    """Return the seeds that every kind of mask of a figure has, rising; the first is shown."""
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
    return expand_runs(grid for figure in STUDIED for grid in grids(config, figure))


def settings(config: Mapping, network: str, dataset: str) -> dict[str, Any]:
    """Return the settings of a network on a data set (see `settings.Settings`), without axes."""
    schedule = config["schedules"]["default"] | config["schedules"].get(dataset, {})
    values = {
        **config["training"],
        **config["protocol"],
        **schedule,
        **config["networks"][network],
        **{name: config[name] for name in in_section("")},
    }
    return unswept(values)
