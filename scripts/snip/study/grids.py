"""The grids of a study, and the runs and mask files that they ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from snip.jobs.failures import ConfigError
from snip.study import registry
from snip.study.axes import AXES, MASK_AXES, MaskSet, Run
from snip.study.figures import FIGURES, STUDIED
from snip.study.settings import FIELDS, UNIFORM, in_section, scoring_part, unswept

BySeed = dict[int, list[str]]  # sparsities by seed
# The reading that is the study's own settings.
PAPER = AXES["reading"].default


def complete(config: Mapping, criteria: list[str], grid: Mapping) -> dict[str, list]:
    """Return a grid with every axis filled in and every value in its one spelling.

    `reference` has the axes that do not concern reference networks, with one value for all grids:
    they are not pruned, so each is trained once. `names` says under which names the runs and masks
    of a reading are made (see `reading_names`), and which axes it switches.
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
    full["reference"] = {
        "criterion": config["criteria"][0],
        **{name: AXES[name].default for name in ("batch_size", "control")},
    }
    full["names"] = {name: reading_names(config, name) for name in full["readings"]}
    return full


def reading_names(config: Mapping, reading: str) -> dict[str, Any]:
    """Return under which names the runs and the masks of a reading are made.

    A reading that does not change what is trained, or scored, shares the runs, or masks, of the
    first reading that agrees with it: there are no two runs of the same settings.

    Returns:
        `runs` and `masks`, names of readings; `axes`, the values of axes that the reading switches.
    """
    if reading == PAPER:  # most grids, at every start of Snakemake
        return {"runs": PAPER, "masks": PAPER, "axes": {}}
    base = [
        settings(config, network, schedule)
        for network in config["networks"]
        for schedule in config["schedules"]
    ]

    def changes(name: str, among: Iterable[str]) -> dict[str, Any]:
        return {
            switch: value
            for switch, value in switches(config, name).items()
            if switch in among and any(values[switch] != value for values in base)
        }

    known = [PAPER, *config["readings"]]
    names = {
        kind: next(name for name in known if changes(name, among) == changes(reading, among))
        for kind, among in {"runs": unswept(FIELDS), "masks": unswept(scoring_part(FIELDS))}.items()
    }
    switched = {
        name: AXES[name].spelled(value)
        for name, value in switches(config, reading).items()
        if name in AXES
    }
    return names | {"axes": switched}


def switches(config: Mapping, reading: str) -> Mapping[str, Any]:
    """Return what a reading changes: settings, axes, the reported error.

    Raises:
        ConfigError: the configuration has no such reading.
    """
    if reading not in (PAPER, *config["readings"]):
        raise ConfigError(
            f"reading {reading!r} is unknown, allowed: {', '.join([PAPER, *config['readings']])}"
        )
    return config["readings"].get(reading, {})


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
        if grid.get("figure") in FIGURES and not FIGURES[grid["figure"]].trained:
            continue  # judged on masks alone
        for values in itertools.product(*(grid[axis.grid] for axis in AXES.values())):
            key = dict(zip(AXES, values, strict=True))
            names = grid["names"][key["reading"]]
            key |= {**names["axes"], "reading": names["runs"]}
            if float(key["sparsity"]) == 0:
                key |= grid["reference"]
            runs[Run(**key)] = None
    return list(runs)


def expand_masks(figure: str, completed_grids: Iterable[Mapping]) -> dict[MaskSet, BySeed]:
    """Return the mask files of a figure's completed grids, and what it needs of each."""
    masks: dict[MaskSet, BySeed] = {}
    for grid in completed_grids:
        judged = grid.get("figure", figure)
        shown = FIGURES[judged].masks if judged in FIGURES else None
        axes = {name: grid[AXES[name].grid] for name in MASK_AXES if name in AXES}
        axes["class_"] = [shown] if shown else []
        made = {names["masks"]: None for names in grid["names"].values()}
        axes["reading"] = list(made)
        for values in itertools.product(*(axes[name] for name in MASK_AXES)):
            by_seed = masks.setdefault(MaskSet(*values), {})
            for seed in grid["mask_seeds"]:
                wanted = by_seed.setdefault(seed, [])
                wanted += [s for s in grid["sparsities"] if s not in wanted]
    return masks


def shared_seeds(figure: str, completed_grids: Iterable[Mapping]) -> list[int]:
    """Return the seeds that every kind of mask of a figure has, rising; the first is shown."""
    return sorted(set.intersection(*map(set, expand_masks(figure, completed_grids).values())))


def study_masks(config: Mapping) -> dict[MaskSet, tuple[list[int], list[str]]]:
    """Return the mask files of all figures, each once, with its seeds and its sparsities, rising.

    Whichever figure is asked for, a file has what any figure shows of it: every seed at every
    sparsity. That is more than is shown where figures want other seeds at other sparsities, and
    costs a second where the anatomy and Figure 3 share a file.
    """
    union: dict[MaskSet, tuple[set[int], set[str]]] = {}
    for figure in (name for name, shown in FIGURES.items() if shown.masks or shown.by_reading):
        for mask, by_seed in expand_masks(figure, grids(config, figure)).items():
            seeds, sparsities = union.setdefault(mask, (set(), set()))
            seeds.update(by_seed)
            sparsities.update(*by_seed.values())
    return {
        mask: (sorted(seeds), sorted(labels, key=float)) for mask, (seeds, labels) in union.items()
    }


def study_runs(config: Mapping, extras: Iterable[str] = ()) -> list[Run]:
    """Return the runs of `figures/all`, of its figures and for its claims alone.

    Args:
        extras: further figures, whose runs come last.
    """
    return expand_runs(grid for name in (*STUDIED, *extras) for grid in grids(config, name))


def settings(config: Mapping, network: str, dataset: str, reading: str = PAPER) -> dict[str, Any]:
    """Return the settings of a network on a data set under a reading, without axes.

    See `settings.Settings`.

    Raises:
        ConfigError: see `switches`.
    """
    of_dataset = config["schedules"].get(dataset, {})
    values = {
        **config["training"],
        **config["protocol"],
        **config["schedules"]["default"],
        **config["networks"][network],
        **of_dataset,  # may have a learning rate of its own
        **{name: config[name] for name in in_section("")},
    }
    switched = switches(config, reading)
    return unswept({name: switched.get(name, value) for name, value in values.items()})
