"""Command line options, made from the fields of the models, and read back."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from snip.jobs.failures import ConfigError
from snip.study import registry
from snip.study.model import sentence
from snip.study.runs import MaskSet, Run
from snip.study.settings import Settings

# Axes whose values are the names of files.
NAMED = {"criterion": "criteria", "network": "networks"}
Kind = TypeVar("Kind", bound=BaseModel)
Named = TypeVar("Named", Run, MaskSet)


def add(
    to: argparse._ActionsContainer, model: type[BaseModel], names: Iterable[str], **options: Any
) -> None:
    """Add one option for each named field of a model.

    A help text ends with the default; that of a setting is the default study's (see `settings`).

    Args:
        options: for `add_argument`, such as `nargs`.
    """
    for name in names:
        field = model.model_fields[name]
        kind: dict[str, Any] = dict(options)
        if field.annotation is bool:
            kind["action"] = argparse.BooleanOptionalAction
        elif name in NAMED:
            kind["metavar"] = _braces(registry.names(NAMED[name]))
        elif get_origin(field.annotation) is Literal:
            kind["metavar"] = _braces(get_args(field.annotation))
        text = (field.description or "").replace("\n", " ").replace("%", "%%")
        if model is not Settings:
            text += (
                f" [{' '.join(map(str, field.default))}]"
                if "nargs" in kind
                else f" [{field.default}]"
            )
        to.add_argument(_option(name), help=text, **kind)


def read(parsed: argparse.Namespace, model: type[Kind]) -> Kind:
    """Return the model that parsed options make; what is not given is as by default.

    Raises:
        ConfigError: an option has a value that is not allowed.
    """
    return _build(model, _given(parsed, model.model_fields))


def of_path(kind: type[Named], parts: Mapping[str, str]) -> Named:
    """Return the run or mask set whose path has these values.

    Raises:
        ConfigError: a value is not allowed, or a path spells it otherwise (90.0 for 90).
    """
    found = _build(kind, parts)
    if (given := "/".join(f"{name}-{part}" for name, part in parts.items())) != found.path:
        raise ConfigError(f"{given} is no path of this workflow, expected {found.path}")
    return found


def settings(parsed: argparse.Namespace, made: Run | MaskSet, names: Iterable[str]) -> Settings:
    """Return the settings among parsed options; those not given are the default study's.

    Raises:
        ConfigError: a setting is not allowed, or that study has none for what is made.
    """
    names = list(names)
    given = _given(parsed, names)
    if len(given) < len(names):
        # By its name: jobs are given every setting, so their results do not depend on this module,
        # and the rules must not take it for their code.
        load = importlib.import_module("snip.study.load")
        given = {**load.default_settings(made, given), **given}
    return _build(Settings, given)


def _given(parsed: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(parsed, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _build(model: type[Kind], values: Mapping[str, Any]) -> Kind:
    try:
        return model(**values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise ConfigError(sentence(error).replace(name, f"option {_option(name)}", 1)) from error


def arguments(values: Mapping[str, Any]) -> str:
    """Spell values as command line options: `--batch-size 100 …`."""
    words = []
    for name, value in values.items():
        option = _option(name)
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        else:
            words += [option, str(value)]
    return " ".join(words)


def _braces(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
