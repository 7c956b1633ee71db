"""Reading and checking a study's configuration."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from snip.jobs.code import PROJECT
from snip.jobs.failures import ConfigError
from snip.study.checks import check_grids
from snip.study.figures import FIGURES
from snip.study.grids import settings
from snip.study.schema import numbers, schema
from snip.study.settings import UNIFORM, in_section


def whole_pattern(validator, pattern: str, instance: object, schema: Mapping):
    """Yield an error for a text that a pattern does not match as a whole."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


# Schema rules whose messages need no limit added.
UNLIMITED = ("required", "type", "enum", "uniqueItems")
DEFAULT = PROJECT / "config" / "default.yaml"
# To YAML .nan and .inf are numbers, too, and .nan passes every limit.
# A pattern is for the whole text; `$` alone would pass a newline at the end.
Validator = extend(
    Draft202012Validator,
    {"pattern": whole_pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "number",
        lambda checker, value: (
            Draft202012Validator.TYPE_CHECKER.is_type(value, "number")
            and (isinstance(value, int) or math.isfinite(value))
        ),
    ),
)


class UniqueKeys(yaml.SafeLoader):
    """Reads YAML, and refuses a key that stands twice; YAML's own reader takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """Return a mapping whose keys differ."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"the key {twice!r} stands twice in the mapping of line {line}")
        return super().construct_mapping(node, deep)


def check_files(paths: Iterable[Path | str]) -> None:
    """Check that configuration files can be read and have no key twice.

    Snakemake reads them itself, and takes the last of two.

    Raises:
        ConfigError: in one sentence, the first file that cannot be used.
    """
    for path in paths:
        _read(Path(path))


def load_config(*paths: Path | str) -> dict[str, Any]:
    """Read configuration files, each laid over the one before as Snakemake does, and check them."""
    config: dict[str, Any] = {}
    for path in paths:
        _overlay(config, _read(Path(path)))
    return check(config)


def overlaid(path: Path | str, config: Mapping) -> dict[str, Any]:
    """Return a configuration file with a configuration laid over it, as Snakemake does it.

    Raises:
        ConfigError: the file cannot be read.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"the configuration is {config!r}, expected keys and values")
    below = dict(_read(Path(path)))
    _overlay(below, config)
    return below


def _read(path: Path) -> Mapping:
    """Return what a configuration file says.

    Raises:
        ConfigError: it is missing, no YAML, or no mapping.
    """
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=UniqueKeys)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"configuration file {path} cannot be read: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"configuration file {path} has {content!r}, expected keys and values")
    return content


def _overlay(below: dict, above: Mapping) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _overlay(below[key], value)
        else:
            below[key] = value


def check(config: Mapping) -> dict[str, Any]:
    """Check a configuration against the schema, and its grids against what figures can show.

    Returns:
        The configuration with keys as text and numbers as numbers: YAML reads an unquoted 4, the
        name of a claim, as a number, and 1e-2 as text.

    Raises:
        ConfigError: in one sentence, the first thing that is wrong.
    """
    config = check_schema(config)
    check_grids(config)
    return config


def check_schema(config: Mapping) -> dict[str, Any]:
    """Check a configuration against the schema alone, and fill in what it may leave out."""
    config = _with_text_keys(numbers(config, schema()))
    error = best_match(Validator(schema()).iter_errors(config))
    if error is not None:
        raise ConfigError(_sentence(error))
    places = [
        *((config[section], section) for section in UNIFORM),
        *((network, "networks") for network in config["networks"].values()),
        (config["schedules"]["default"], "schedules"),
        (config, ""),
    ]
    for place, section in places:
        for name, field in in_section(section).items():
            place.setdefault(name, field.default)
    for name, figure in FIGURES.items():
        config["figures"].setdefault(name, [dict(grid) for grid in figure.grids])
    return config


def _with_text_keys(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(entry) for key, entry in value.items()}
    return value


def _path(parts: object) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "the configuration"


def _sentence(error: ValidationError) -> str:
    """Say what a violation of the schema is: the key's path, what was found and is allowed."""
    if error.validator != "additionalProperties":
        limit = f" ({error.validator}: {error.validator_value})"
        stated = str(error.validator_value) in error.message or error.validator in UNLIMITED
        return f"{_path(error.absolute_path)}: {error.message}{'' if stated else limit}"
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    close = difflib.get_close_matches(str(unknown), known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    path = _path([*error.absolute_path, unknown])
    return f"{path} is not a known key{hint}, allowed: {', '.join(known)}"


def settings_by_hand(
    network: str, dataset: str, reading: str, wanted: set[str], given: Mapping
) -> dict[str, Any]:
    """Return the wanted settings: those given, the others as in the default study's reading.

    Raises:
        ConfigError: that study has no such reading; or no learning rate for the network, and none
            is given; or its file
            does not agree with the schema.
    """
    config = check_schema(yaml.safe_load(DEFAULT.read_text("utf-8")))
    if network not in config["networks"]:
        if "learning_rate" in wanted - set(given):
            raise ConfigError(
                f"network {network} has no learning rate in config/default.yaml, which has "
                f"{', '.join(config['networks'])}: expected --learning-rate"
            )
        config["networks"][network] = {"learning_rate": given.get("learning_rate")}
    values = settings(config, network, dataset, reading)
    return {name: (values | given)[name] for name in wanted}
