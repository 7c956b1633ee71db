"""Reading and checking a study's configuration."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from snip.jobs.failures import ConfigError
from snip.study.checks import check_grids
from snip.study.numbers import numbers


def whole_pattern(validator, pattern: str, instance: object, schema: Mapping):
    """Yield an error for a text that a pattern does not match as a whole."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def schema_limit(error: ValidationError) -> str:
    """Return `1 or more` or `100 or less` for a text that is too short or too long."""
    more = error.validator == "minLength"
    return f"{error.validator_value} or {'more' if more else 'less'}"


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
SCHEMA = Path(__file__).resolve().parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def load_config(*paths: Path | str) -> dict[str, Any]:
    """Read configuration files, each laid over the one before as Snakemake does, and check them."""
    config: dict[str, Any] = {}
    for path in paths:
        _overlay(config, _read(Path(path)))
    return check(config)


def _read(path: Path) -> Mapping:
    """Return what a configuration file says.

    Raises:
        ConfigError: it is missing, no YAML, or no mapping.
    """
    try:
        content = yaml.safe_load(path.read_text())
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
    """Check a configuration against the schema alone; see `check`."""
    schema = yaml.safe_load(SCHEMA.read_text())
    config = _with_text_keys(numbers(config, schema))
    errors = sorted(Validator(schema).iter_errors(config), key=lambda e: [str(p) for p in e.path])
    if errors:
        raise ConfigError(_sentence(errors[0]))
    return config


def _with_text_keys(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(entry) for key, entry in value.items()}
    return value


def _path(parts: object) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.lstrip(".") or "the configuration"


def _sentence(error) -> str:
    """Say what a schema violation is: the key's path, the value, what is allowed."""
    path = _path(error.absolute_path)
    value = error.instance
    match error.validator:
        case "additionalProperties" | "propertyNames":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            full = _path([*error.absolute_path, unknown])
            close = difflib.get_close_matches(str(unknown), known, n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            return f"{full} is not a known key{hint}, allowed: {', '.join(known)}"
        case "required":
            missing = next(key for key in error.validator_value if key not in value)
            return f"{_path([*error.absolute_path, missing])} is missing"
        case "type":
            kind = error.validator_value
            kinds = " or ".join(kind) if isinstance(kind, list) else kind
            return f"{path} is {value!r} ({type(value).__name__}), expected {kinds}"
        case "enum":
            return f"{path} is {value!r}, allowed: {', '.join(map(str, error.validator_value))}"
        case "minItems":
            return f"{path} is empty, expected at least {error.validator_value} entry"
        case "uniqueItems":
            return f"{path} is {value!r}, expected each entry once"
        case "minimum":
            return f"{path} is {value!r}, allowed: {error.validator_value} or more"
        case "maximum":
            return f"{path} is {value!r}, allowed: {error.validator_value} or less"
        case "exclusiveMinimum":
            return f"{path} is {value!r}, allowed: more than {error.validator_value}"
        case "exclusiveMaximum":
            return f"{path} is {value!r}, allowed: less than {error.validator_value}"
        case "minLength" | "maxLength":
            most = f"{schema_limit(error)} characters"
            return f"{path} is {value!r}, allowed: {most}"
        case "pattern":
            return f"{path} is {value!r}, expected text like {error.validator_value}"
    return f"{path} is {value!r}: {error.message}"
