"""Command line options, made from the tables of axes and settings, and read back."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from snip.study import registry
from snip.study.axes import AXES, Axis, Run
from snip.study.settings import FIELDS, Settings
from snip.study.spelling import allows, limits


def add_axes(to: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Add one option per axis, with its default and help."""
    for name in names:
        add_axis(to, name, default=AXES[name].default)


def add_axis(to: argparse.ArgumentParser, name: str, **options: Any) -> None:
    """Add the option of one axis.

    Args:
        options: for `add_argument`, besides what the table of axes says.
    """
    axis = AXES[name]
    choices = axis.schema.get("enum")
    if axis.grid in registry.FUNCTIONS:
        choices = registry.names(axis.grid)
    to.add_argument(
        _option(name),
        type=lambda text: _spelled(axis, text),
        choices=choices,
        help=_help(axis.help),
        **options,
    )


def _spelled(axis: Axis, text: str) -> str | int:
    """Return the one spelling of an axis' value.

    Raises:
        ArgumentTypeError: it is not allowed.
    """
    try:
        return axis.spelled(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run_of(options: argparse.Namespace) -> Run:
    """Return the run that parsed options name."""
    return Run(**{name: getattr(options, name) for name in AXES})


def add_settings(to: argparse.ArgumentParser, names: Iterable[str] = tuple(FIELDS)) -> None:
    """Add one option per setting that is no axis.

    They have no default here: see `settings_of`.
    """
    group = to.add_argument_group("settings (defaults: those in config/default.yaml)")
    for name in names:
        if name in AXES:
            continue
        field = FIELDS[name]
        kind: dict[str, Any] = {
            "type": partial(_setting, name),
            "choices": field.metadata["limits"].get("enum"),
        }
        if isinstance(field.default, bool):
            kind = {"action": argparse.BooleanOptionalAction}
        group.add_argument(_option(name), help=_help(field.metadata["help"]), **kind)


def _setting(name: str, text: str) -> int | float | str:
    """Return a setting's value that a command line spells.

    Raises:
        ArgumentTypeError: it is of another type, or its limits do not allow it.
    """
    field = FIELDS[name]
    kind, schema = type(field.default), field.metadata["limits"]
    try:
        value = kind(text)
        allowed = kind is str or allows(value, schema)
    except ValueError:
        allowed = False
    if not allowed:
        numbers = "whole numbers" if kind is int else "numbers"
        raise argparse.ArgumentTypeError(
            f"{name.replace('_', ' ')} is {text}, allowed: {numbers}, {limits(schema)}"
        )
    return value


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings among parsed options.

    What is not given is the default study's. A setting that is an axis has the run's value.

    Raises:
        SnipError: that study cannot be read, or has no learning rate for the network.
    """
    parsed = vars(options)
    wanted = {name for name in FIELDS if name in parsed}
    given = {name: parsed[name] for name in wanted if parsed[name] is not None}
    given |= {name: _typed(name, value) for name, value in given.items() if name in AXES}
    if wanted - set(given):
        # By its name: jobs are given every setting, so their results do not depend on this module,
        # and the rules must not take it for their code.
        config = importlib.import_module("snip.study.config")
        given = config.settings_by_hand(
            options.network, options.dataset, options.reading, wanted, given
        )
    return Settings(**given)


def _typed(name: str, value: str | int) -> Any:
    """Return a swept setting's value, which a path spells as text, in the setting's type."""
    default = FIELDS[name].default
    return value == "true" if isinstance(default, bool) else type(default)(value)


def arguments(values: Mapping[str, Any]) -> str:
    """Spell settings or a key as command line options: `--batch-size 100 …`."""
    words = []
    for name, value in values.items():
        option = _option(name)
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        else:
            words += [option, str(value)]
    return " ".join(words)


def _option(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")


def _help(text: str) -> str:
    """Return a help text for argparse, which formats it with %."""
    return text.replace("%", "%%")
