"""The grids of a study, and the runs and mask files that they ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pandas as pd

from snip.study import registry
from snip.study.config import Config, Grid
from snip.study.figures import FIGURES
from snip.study.model import Model, Values, check_known
from snip.study.runs import AXES, KEY, MASK_AXES, PAPER, MaskSet, Run, Seed, WeightDecay
from snip.study.settings import SCORING, Settings

# The axes that do not concern unpruned networks.
NOT_OF_REFERENCES = ("criterion", "batch_size", "control")
BySeed = dict[int, list[float]]  # sparsities by seed


class Made(Model):
    """Under which names the runs and masks of a reading are made.

    A reading that does not change what is trained, or scored, shares the runs, or masks, of the
    first reading that agrees with it: there are no two runs of the same settings.
    """

    runs: str = PAPER
    masks: str = PAPER
    weight_decay: WeightDecay | None = None
    """What the reading switches it to."""


class FullGrid(Grid):
    """A grid with every axis filled in."""

    criteria: Values[str]
    mask_seeds: Values[Seed]
    made: dict[str, Made]
    """By reading."""

    @property
    def axes(self) -> FullGrid:
        """The same with one seed: what is run, not how often."""
        return self.model_copy(update={"seeds": [0], "mask_seeds": [0]})


def grids(config: Config, figure: str) -> list[FullGrid]:
    """Return the completed grids of a figure, or of the runs that only claims need (`claims`)."""
    every = figure in FIGURES and FIGURES[figure].every_criterion
    criteria = registry.names("criteria") if every else config.criteria
    return [
        FullGrid(
            **{
                **dict(grid),
                "criteria": grid.criteria or criteria,
                "mask_seeds": grid.mask_seeds or grid.seeds,
                "made": {name: _made(config, name) for name in grid.readings},
            }
        )
        for grid in config.grids(figure)
    ]


def _made(config: Config, reading: str) -> Made:
    if reading == PAPER:  # most grids, at every start of Snakemake
        return Made()
    base = [
        settings(config, network, dataset)
        for network in config.networks
        for dataset in config.schedules
    ]

    def changes(name: str, among: set[str]) -> dict[str, Any]:
        return {
            switch: value
            for switch, value in switches(config, name).items()
            if switch in among and any(values[switch] != value for values in base)
        }

    known = [PAPER, *config.readings]
    runs, masks = (
        next(name for name in known if changes(name, among) == changes(reading, among))
        for among in (set(Settings.model_fields), SCORING)
    )
    return Made(runs=runs, masks=masks, weight_decay=switches(config, reading).get("weight_decay"))


def switches(config: Config, reading: str) -> dict[str, Any]:
    """Return what a reading changes: settings, the weight decay, the reported error.

    Raises:
        ValueError: the configuration has no such reading.
    """
    check_known(reading, [PAPER, *config.readings], "a reading")
    return {} if reading == PAPER else config.readings[reading].switches


def settings(config: Config, network: str, dataset: str, reading: str = PAPER) -> dict[str, Any]:
    """Return the settings of a network on a data set under a reading, see `Settings`."""
    schedules = [config.schedules["default"], config.schedules.get(dataset)]
    by_schedule = [
        {name: getattr(schedule, name) for name in schedule.model_fields_set}
        for schedule in schedules
        if schedule
    ]
    values = {
        **dict(config.training),
        **dict(config.protocol),
        **by_schedule[0],
        **dict(config.networks[network]),
        **by_schedule[-1],  # may have a learning rate of its own
        "device": config.device,
    }
    switched = switches(config, reading)
    return {name: switched.get(name, values[name]) for name in Settings.model_fields}


def expand_runs(full_grids: Iterable[FullGrid]) -> list[Run]:
    """Return the runs of grids, each once, in order."""
    runs: dict[Run, None] = {}
    for grid in full_grids:
        if grid.figure in FIGURES and not FIGURES[grid.figure].trained:
            continue  # judged on masks alone
        for values in itertools.product(*(getattr(grid, plural) for plural in AXES.values())):
            key = dict(zip(AXES, values, strict=True))
            made = grid.made[key["reading"]]
            key["reading"] = made.runs
            if made.weight_decay is not None:
                key["weight_decay"] = made.weight_decay
            if key["sparsity"] == 0:  # unpruned, so that each is trained once
                key |= {n: Run.model_fields[n].default for n in NOT_OF_REFERENCES}
            runs[Run.model_construct(**{name: key[name] for name in KEY})] = None
    return list(runs)


def figure_runs(config: Config, *figures: str) -> list[Run]:
    """Return the runs of figures, each once; `claims` are those that only claims need."""
    return expand_runs(grid for figure in figures for grid in grids(config, figure))


def expand_masks(figure: str, full_grids: Iterable[FullGrid]) -> dict[MaskSet, BySeed]:
    """Return the mask files of a figure's grids, and what it needs of each."""
    masks: dict[MaskSet, BySeed] = {}
    for grid in full_grids:
        judged = grid.figure or figure
        shown = FIGURES[judged].masks if judged in FIGURES else None
        values: dict[str, list] = {
            name: getattr(grid, AXES[name]) for name in MASK_AXES if name != "classes"
        }
        values["classes"] = [shown] if shown else []
        values["reading"] = list(dict.fromkeys(made.masks for made in grid.made.values()))
        for key in itertools.product(*(values[name] for name in MASK_AXES)):
            mask = MaskSet.model_construct(**dict(zip(MASK_AXES, key, strict=True)))
            by_seed = masks.setdefault(mask, {})
            for seed in grid.mask_seeds:
                wanted = by_seed.setdefault(seed, [])
                wanted += [sparsity for sparsity in grid.sparsities if sparsity not in wanted]
    return masks


def shared_seeds(figure: str, full_grids: Iterable[FullGrid]) -> list[int]:
    """Return the seeds that every kind of mask of a figure has, rising; the first is shown."""
    return sorted(set.intersection(*map(set, expand_masks(figure, full_grids).values())))


def study_runs(config: Config) -> pd.DataFrame:
    """Return all runs of a study, one row for each figure that wants it: KEY, `figure`.

    `figure` is `claims` for the runs that only claims need.
    """
    wanted = [name for name, figure in FIGURES.items() if figure.trained] + ["claims"]
    rows = [(*run.key.values(), figure) for figure in wanted for run in figure_runs(config, figure)]
    return pd.DataFrame(rows, columns=[*KEY, "figure"], dtype=object)


def study_masks(config: Config) -> dict[MaskSet, tuple[list[int], list[float]]]:
    """Return the mask files of all figures, each once, with its seeds and its sparsities, rising.

    Whichever figure is asked for, a file has what any figure shows of it: every seed at every
    sparsity. That is more than is shown where figures want other seeds at other sparsities, and
    costs a second where the anatomy and Figure 3 share a file.
    """
    union: dict[MaskSet, tuple[set[int], set[float]]] = {}
    for figure in (name for name, shown in FIGURES.items() if shown.masks or shown.by_reading):
        for mask, by_seed in expand_masks(figure, grids(config, figure)).items():
            seeds, sparsities = union.setdefault(mask, (set(), set()))
            seeds.update(by_seed)
            sparsities.update(*by_seed.values())
    return {mask: (sorted(seeds), sorted(labels)) for mask, (seeds, labels) in union.items()}
