"""Checks, before any job, that everything a configuration asks for can be trained and drawn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from snip.datasets.sources import DatasetError, load_source
from snip.datasets.variants import class_size, parse_dataset, training_size
from snip.jobs.failures import ConfigError
from snip.study import registry
from snip.study.axes import AXES, MASK_AXES, Axis
from snip.study.figures import CLAIMED, FIGURES, SECTIONS, spoken
from snip.study.grids import PAPER, grids, settings, shared_seeds
from snip.study.settings import FIELDS, SWITCHED_AXES, UNIFORM

# Values that are checked if a grid leaves an axis out; the study's criteria are checked apart.
DEFAULTS = {axis.grid: [axis.default] for axis in AXES.values()} | {"criteria": [], "seeds": []}


def check_grids(config: Mapping) -> None:
    """Check every grid of a configuration that agrees with the schema.

    Raises:
        ConfigError: in one sentence, the first thing that is wrong.
    """
    _check_tables()
    networks = [(f"networks.{name}", name) for name in config["networks"]]
    for path, name in (*networks, *_named(config, "networks")):
        _check_registered(path, name, "networks")
        if name not in config["networks"]:
            raise ConfigError(
                f"{path} names {name!r}, which has no learning rate: "
                f"expected the key networks.{name}"
            )
    criteria = [(f"criteria[{index}]", name) for index, name in enumerate(config["criteria"])]
    for path, name in (*criteria, *_named(config, "criteria")):
        _check_registered(path, name, "criteria")
    schedules = [(f"schedules.{name}", name) for name in config["schedules"] if name != "default"]
    for path, name in (*_named(config, "datasets"), *schedules):
        _check_dataset(config, path, name)
    if "learning_rate" in config["schedules"]["default"]:
        raise ConfigError(
            "schedules.default.learning_rate is one rate for all networks, expected "
            "networks.NETWORK.learning_rate, or a schedule of one data set"
        )
    for axis in AXES.values():
        for path, value in (*(criteria * (axis.name == "criterion")), *_named(config, axis.grid)):
            _check_spelling(axis, path, value)
    _check_readings(config)
    for figure in (name for name in FIGURES if FIGURES[name].every_criterion):
        for name in _values(grids(config, figure), "criteria"):
            registry.check("criteria", name)
    for figure in SECTIONS:
        _check_batch_sizes(config, figure)
    for figure in FIGURES:
        for shown, completed in _shown(config, figure):
            _check_axes(figure, shown, completed)
            _check_above_zero(figure, shown, completed)
        if FIGURES[figure].masks and not shared_seeds(figure, grids(config, figure)):
            raise ConfigError(
                f"figures.{figure} has grids without a seed in common, expected at least one, "
                f"since {spoken(figure)} shows the masks of one seed"
            )
    _check_controls(config)


def _check_tables() -> None:
    """Check that settings that are axes can be, and stand where they must."""
    for name in AXES.keys() & FIELDS.keys():
        field = FIELDS[name].metadata
        if field["section"] not in UNIFORM:
            raise ConfigError(
                f"axis {name} in scripts/snip/study/axes.py is a setting of its own for each "
                f"network or data set, expected one of {' or '.join(UNIFORM)}"
            )
        if field["scores"] and name not in MASK_AXES:
            raise ConfigError(
                f"axis {name} decides masks, but MASK_PATH in scripts/snip/study/axes.py lacks it"
            )


def _named(config: Mapping, axis: str) -> Iterator[tuple[str, str]]:
    """Yield the path and value of every entry of an axis in the grids."""
    for figure in SECTIONS:
        for index, grid in enumerate(_blocks(config, figure)):
            for position, name in enumerate(grid.get(axis, DEFAULTS[axis])):
                yield f"{_place(figure)}[{index}].{axis}[{position}]", name


def _blocks(config: Mapping, figure: str) -> list[Mapping]:
    """Return a figure's grids as the configuration has them."""
    return config["claims"]["runs"] if figure == "claims" else config["figures"][figure]


def _place(figure: str) -> str:
    """Return the path of a figure's grids in the configuration."""
    return "claims.runs" if figure == "claims" else f"figures.{figure}"


def _check_registered(path: str, name: str, kind: str) -> None:
    allowed = registry.names(kind)
    if name not in allowed:
        hint = registry.suggestion(kind, name)
        raise ConfigError(f"{path} is {name!r}{hint}, allowed: {', '.join(allowed)}")
    registry.check(kind, name)


def _check_spelling(axis: Axis, path: str, value: object) -> None:
    try:
        axis.spelled(value)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _check_dataset(config: Mapping, path: str, name: str) -> None:
    """Check that a data set is known and has as many examples as are asked for."""
    share = config["training"]["validation_share"]
    try:
        variant = parse_dataset(name)
        total = load_source(variant.source).training_examples
    except DatasetError as error:
        raise ConfigError(f"{path}: {error}") from error
    held_out = round(total * share)
    if not 1 <= held_out < total:
        raise ConfigError(
            f"training.validation_share is {share}, which holds out {held_out} of the {total} "
            f"images of {variant.source}, expected at least one and not all of them"
        )
    if (variant.examples or 0) > total - held_out:
        raise ConfigError(
            f"{path} is {name!r}, but {variant.source} has {total - held_out} training examples "
            f"beside a validation share of {share}"
        )
    batch, most = config["training"]["training_batch_size"], training_size(name, share)
    if batch > most:
        raise ConfigError(
            f"training.training_batch_size is {batch}, allowed: at most the {most} training "
            f"examples of {name}"
        )


def _check_batch_sizes(config: Mapping, figure: str) -> None:
    """Check that each pruning batch can be drawn."""
    share = config["training"]["validation_share"]
    for index, grid in enumerate(grids(config, figure)):
        shown = FIGURES.get(grid.get("figure", figure))
        by_class = shown is not None and shown.masks == "each"
        size = class_size if by_class else training_size
        whose = " that each class surely has" if by_class else ""
        for name, batch in itertools.product(grid["datasets"], grid["batch_sizes"]):
            if (1 if batch == "all" else batch) > size(name, share):
                raise ConfigError(
                    f"{_place(figure)}[{index}].batch_sizes has {batch}, allowed: at most the "
                    f"{size(name, share)} training examples of {name}{whose}"
                )


def _shown(config: Mapping, figure: str) -> Iterator[tuple[str, list[dict]]]:
    """Yield the figures that a figure's grids are shown or judged as, with their grids."""
    by_figure: dict[str, list[dict]] = {}
    for grid in grids(config, figure):
        by_figure.setdefault(grid.get("figure", figure), []).append(grid)
    yield from ((name, each) for name, each in by_figure.items() if name in FIGURES)


def _check_axes(figure: str, shown: str, completed: list[dict]) -> None:
    """Check that a figure's grids sweep only what it tells apart; it would draw the rest as one."""
    entry = FIGURES[shown]
    apart = (*entry.apart, *(FIGURES[figure].apart if figure != shown else ()))
    for index, grid in enumerate(completed):
        if grid["mask_seeds"] != grid["seeds"] and not (entry.trained and entry.masks):
            raise ConfigError(
                f"figures.{figure}[{index}].mask_seeds is for figures that show both runs and "
                "masks (Figure 3), expected seeds"
            )
    for axis in (axis.grid for name, axis in AXES.items() if name != "seed"):
        values = _values(completed, axis)
        if axis not in apart and len(values) > 1:
            raise ConfigError(
                f"figures.{figure} has {axis} {values}, allowed: one, as {spoken(shown)} does "
                f"not tell them apart (it does {', '.join(apart)})"
            )
    for axis in (axis for axis in ("readings", "controls") if axis not in apart):
        if (values := _values(completed, axis)) != DEFAULTS[axis]:
            names = f"{values}, which it would not name"
            raise ConfigError(f"figures.{figure} has {axis} {names}, allowed: {DEFAULTS[axis][0]}")
    if entry.image:
        for network in _values(completed, "networks"):
            if not registry.constant("networks", network, "MASK_IMAGE"):
                raise ConfigError(
                    f"figures.{figure} has the network {network!r}, whose first layer does not see "
                    f"the whole image, allowed: one that does, such as lenet-300-100"
                )


def _check_above_zero(figure: str, shown: str, completed: list[dict]) -> None:
    """Check that a figure has as many sparsities and weight decays above 0 as it can show."""
    for axis in ("sparsities", "weight_decays"):
        values = _values(completed, axis)
        positive = [value for value in values if float(value) > 0]
        if FIGURES[shown].pruned and axis == "sparsities" and not positive:
            raise ConfigError(
                f"figures.{figure} has only sparsity 0, expected one above 0, as it shows masks"
            )
        if FIGURES[shown].one_each and len(positive) > 1:
            raise ConfigError(
                f"figures.{figure} has {axis} {values}, expected at most one above 0, because "
                f"{spoken(shown)} draws all others as one line"
            )


def _values(completed: list[dict], axis: str) -> list:
    """Return the values of an axis in grids, each once."""
    return list(dict.fromkeys(value for grid in completed for value in grid[axis]))


def _check_readings(config: Mapping) -> None:
    """Check that readings differ, and that grids name known ones and, where needed, a figure."""
    names: dict[str, str] = {}
    for name, switched in config["readings"].items():
        for axis in SWITCHED_AXES & switched.keys():
            _check_spelling(AXES[axis], f"readings.{name}.{axis}", switched[axis])
        other = names.setdefault(repr(sorted(switched.items())), name)
        if other != name:
            same = f"the same as readings.{other}"
            raise ConfigError(f"readings.{name} switches {same}, expected one of both")
    for path, name in _named(config, "readings"):
        if name not in (PAPER, *config["readings"]):
            known = ", ".join([PAPER, *config["readings"]])
            raise ConfigError(f"{path} is {name!r}, allowed: {known}")
    for figure in SECTIONS:
        judging = figure in FIGURES and FIGURES[figure].by_reading
        for index, grid in enumerate(_blocks(config, figure)):
            if figure == "claims" and grid.get("readings", [PAPER]) != [PAPER]:
                raise ConfigError(f"claims.runs[{index}] has readings, expected no such key")
            if ("figure" in grid) != judging:
                raise ConfigError(
                    f"{_place(figure)}[{index}] lacks the key figure, expected {', '.join(CLAIMED)}"
                    if judging
                    else f"{_place(figure)}[{index}].figure is for figures.readings alone, "
                    "expected no such key"
                )


def _check_controls(config: Mapping) -> None:
    """Check that no two runs of `controls` are the same variant (see `claims.controls`)."""
    names: dict[str, str] = {}
    for index, grid in enumerate(grids(config, "controls")):
        for reading in grid["readings"]:
            values = settings(config, grid["networks"][0], grid["datasets"][0], reading)
            weights, made = values["initial_weights"], grid["names"][reading]["runs"]
            if names.setdefault(weights, made) != made:
                both = f"{names[weights]} and {reading}, whose initial_weights are both {weights}"
                raise ConfigError(f"figures.controls has readings {both}, expected one of both")
            if weights == "redraw" and grid["controls"] != ["none"]:
                found = f"{grid['controls']} under {reading}, which redraws the weights"
                raise ConfigError(
                    f"figures.controls[{index}] has controls {found}, expected one that keeps them"
                )
