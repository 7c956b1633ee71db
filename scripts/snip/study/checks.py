"""Checks, before any job, that all that a configuration asks for can be trained and drawn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from snip.datasets.sources import load_source
from snip.datasets.variants import class_size, parse_dataset, training_size
from snip.jobs.failures import ConfigError, SnipError
from snip.study import registry
from snip.study.config import Config
from snip.study.figures import CLAIMED, FIGURES, SECTIONS, spoken
from snip.study.grids import FullGrid, grids, settings, shared_seeds
from snip.study.model import check_known
from snip.study.runs import AXES, PAPER


def check_drawable(config: Config) -> None:
    """Check that every name is known, every batch can be drawn, and figures tell all runs apart.

    Raises:
        ConfigError: in one sentence, the first thing that is wrong.
    """
    _check_names(config)
    _check_readings(config)
    for figure in SECTIONS:
        _check_batch_sizes(config, figure)
        _check_mask_seeds(config, figure)
    for figure in filter(config.grids, FIGURES):
        _check_figure(config, figure)
    _check_controls(config)


def _named(config: Config, axis: str) -> Iterator[tuple[str, Any]]:
    """Yield the path and value of every entry of an axis in the grids."""
    for figure in SECTIONS:
        for index, grid in enumerate(config.grids(figure)):
            for position, value in enumerate(getattr(grid, axis) or []):
                yield f"{_place(figure)}[{index}].{axis}[{position}]", value


def _place(figure: str) -> str:
    """Return the path of a figure's grids in the configuration."""
    return "claims.runs" if figure == "claims" else f"figures.{figure}"


def _each(places: Iterable[tuple[str, Any]], check: Callable[[Any], object]) -> None:
    """Check every value, with its place in the message."""
    for path, value in places:
        try:
            check(value)
        except ConfigError:
            raise  # it names another key
        except (ValueError, SnipError) as error:
            raise ConfigError(f"{path}: {error}") from error


def _check_names(config: Config) -> None:
    """Check networks, criteria and data sets."""
    criteria = [(f"criteria[{index}]", name) for index, name in enumerate(config.criteria)]
    networks = [(f"networks.{name}", name) for name in config.networks]
    for kind, places in (("criteria", criteria), ("networks", networks)):
        _each((*places, *_named(config, kind)), partial(registry.check, kind))
    if any(FIGURES[figure].every_criterion for figure in config.figures):
        for name in registry.names("criteria"):
            registry.check("criteria", name)
    for path, name in _named(config, "networks"):
        if name not in config.networks:
            raise ConfigError(
                f"{path} names {name!r}, which has no learning rate: expected the key "
                f"networks.{name}"
            )
    schedules = [(f"schedules.{name}", name) for name in config.schedules if name != "default"]
    datasets = (*_named(config, "datasets"), *schedules)
    _each(datasets, lambda name: _check_dataset(config, name))


def _check_dataset(config: Config, name: str) -> None:
    """Check that a data set is known and has as many examples as are asked for."""
    share, batch = config.training.validation_share, config.training.training_batch_size
    variant = parse_dataset(name)
    total = load_source(variant.source).training_examples
    held_out = round(total * share)
    if not 1 <= held_out < total:
        raise ConfigError(
            f"training.validation_share is {share}, which holds out {held_out} of the {total} "
            f"images of {variant.source}, expected at least one and not all of them"
        )
    if (variant.examples or 0) > total - held_out:
        raise ValueError(
            f"{name!r} found, but {variant.source} has {total - held_out} training examples beside "
            f"a validation share of {share}"
        )
    if batch > (most := training_size(name, share)):
        raise ConfigError(
            f"training.training_batch_size is {batch}, allowed: at most the {most} training "
            f"examples of {name}"
        )


def _check_batch_sizes(config: Config, figure: str) -> None:
    """Check that each pruning batch can be drawn."""
    share = config.training.validation_share
    for index, grid in enumerate(config.grids(figure)):
        shown = FIGURES.get(grid.figure or figure)
        by_class = shown is not None and shown.masks == "each"
        size = class_size if by_class else training_size
        whose = " that each class surely has" if by_class else ""
        for name, batch in itertools.product(grid.datasets, grid.batch_sizes):
            if (1 if batch == "all" else int(batch)) > size(name, share):
                raise ConfigError(
                    f"{_place(figure)}[{index}].batch_sizes has {batch}, allowed: at most the "
                    f"{size(name, share)} training examples of {name}{whose}"
                )


def _check_mask_seeds(config: Config, figure: str) -> None:
    for index, grid in enumerate(config.grids(figure)):
        shown = FIGURES.get(grid.figure or figure)
        if grid.mask_seeds and not (shown and shown.trained and shown.masks):
            raise ConfigError(
                f"{_place(figure)}[{index}].mask_seeds is for figures that show both runs and "
                "masks (Figure 3), expected no such key"
            )


def _check_figure(config: Config, figure: str) -> None:
    """Check that a figure can tell apart and show what its grids ask for."""
    completed = grids(config, figure)
    for shown in dict.fromkeys(grid.figure or figure for grid in completed):
        if shown in FIGURES:
            own = [grid for grid in completed if (grid.figure or figure) == shown]
            _check_axes(figure, shown, own)
            _check_above_zero(figure, shown, own)
    if FIGURES[figure].masks and not shared_seeds(figure, completed):
        raise ConfigError(
            f"figures.{figure} has grids without a seed in common, expected at least one, since "
            f"{spoken(figure)} shows the masks of one seed"
        )


def _check_axes(figure: str, shown: str, completed: list[FullGrid]) -> None:
    """Check that a figure's grids sweep only what it tells apart; it would draw the rest as one."""
    entry = FIGURES[shown]
    apart = (*entry.apart, *(FIGURES[figure].apart if figure != shown else ()))
    for axis in (plural for name, plural in AXES.items() if name != "seed"):
        values = _values(completed, axis)
        if axis not in apart and len(values) > 1:
            raise ConfigError(
                f"figures.{figure} has {axis} {values}, allowed: one, as {spoken(shown)} does not "
                f"tell them apart (it does {', '.join(apart)})"
            )
    for axis, only in (("readings", PAPER), ("controls", "none")):
        values = _values(completed, axis)
        if axis not in apart and values != [only]:
            raise ConfigError(
                f"figures.{figure} has {axis} {values}, which it would not name, allowed: {only}"
            )
    for network in _values(completed, "networks") if entry.image else ():
        if not registry.constant("networks", network, "MASK_IMAGE"):
            raise ConfigError(
                f"figures.{figure} has the network {network!r}, whose first layer does not see the "
                "whole image, allowed: one that does, such as lenet-300-100"
            )


def _check_above_zero(figure: str, shown: str, completed: list[FullGrid]) -> None:
    """Check that a figure has as many sparsities and weight decays above 0 as it can show."""
    for axis in ("sparsities", "weight_decays"):
        values = _values(completed, axis)
        positive = [value for value in values if value > 0]
        if FIGURES[shown].pruned and axis == "sparsities" and not positive:
            raise ConfigError(
                f"figures.{figure} has only sparsity 0, expected one above 0, as it shows masks"
            )
        if FIGURES[shown].one_each and len(positive) > 1:
            raise ConfigError(
                f"figures.{figure} has {axis} {values}, expected at most one above 0, because "
                f"{spoken(shown)} draws all others as one line"
            )


def _values(completed: list[FullGrid], axis: str) -> list:
    """Return the values of an axis in grids, each once."""
    return list(dict.fromkeys(value for grid in completed for value in getattr(grid, axis)))


def _check_readings(config: Config) -> None:
    """Check that readings differ, and that grids name known ones and, where needed, a figure."""
    names: dict[str, str] = {}
    for name, reading in config.readings.items():
        other = names.setdefault(repr(sorted(reading.switches.items())), name)
        if other != name:
            same = f"the same as readings.{other}"
            raise ConfigError(f"readings.{name} switches {same}, expected one of both")
    known = [PAPER, *config.readings]
    _each(_named(config, "readings"), lambda name: check_known(name, known, "a reading"))
    for figure in SECTIONS:
        judging = figure in FIGURES and FIGURES[figure].by_reading
        for index, grid in enumerate(config.grids(figure)):
            if figure == "claims" and grid.readings != [PAPER]:
                raise ConfigError(f"claims.runs[{index}] has readings, expected no such key")
            if (grid.figure is not None) != judging:
                raise ConfigError(
                    f"{_place(figure)}[{index}] lacks the key figure, expected {', '.join(CLAIMED)}"
                    if judging
                    else f"{_place(figure)}[{index}].figure is for figures.readings alone, "
                    "expected no such key"
                )


def _check_controls(config: Config) -> None:
    """Check that no two runs of `controls` are the same variant (see `claims.controls`)."""
    names: dict[str, str] = {}
    for index, grid in enumerate(grids(config, "controls")):
        for reading in grid.readings:
            values = settings(config, grid.networks[0], grid.datasets[0], reading)
            weights, made = values["initial_weights"], grid.made[reading].runs
            if names.setdefault(weights, made) != made:
                both = f"{names[weights]} and {reading}, whose initial_weights are both {weights}"
                raise ConfigError(f"figures.controls has readings {both}, expected one of both")
            if weights == "redraw" and grid.controls != ["none"]:
                found = f"{grid.controls} under {reading}, which redraws the weights"
                raise ConfigError(
                    f"figures.controls[{index}] has controls {found}, expected one that keeps them"
                )
