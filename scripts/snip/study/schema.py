"""The schema of a configuration: the file workflow/schemas/config.schema.yaml, completed.

The three tables (axes, figures, settings) fill it in. `numbers` converts numbers that arrive as
text: YAML 1.1 reads `1e-2` as text (it wants `1.0e-2`), and Snakemake passes what is nested in a
value of `--config` on as text: `training={momentum: 0.5}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import Field
from functools import cache
from typing import Any

import yaml

from snip.jobs.code import PROJECT
from snip.study.axes import AXES
from snip.study.figures import CLAIMED, FIGURES, SECTIONS
from snip.study.settings import (
    ERRORS,
    FIELDS,
    SWITCHED,
    SWITCHED_AXES,
    UNIFORM,
    in_section,
)

SCHEMA = PROJECT / "workflow" / "schemas" / "config.schema.yaml"
# Required in a configuration, although the command line has defaults.
REQUIRED = {
    "networks": ["learning_rate"],
    "schedules": ["iterations", "decay_every", "evaluate_every"],
}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@cache
def schema() -> dict[str, Any]:
    """Return the schema, with `$defs` for grids and schedules."""
    content = yaml.safe_load(SCHEMA.read_text("utf-8"))
    top = content["properties"]
    for section in UNIFORM:
        top[section]["properties"] = _section(section)
    network = top["networks"]["additionalProperties"]
    network["properties"], network["required"] = _section("networks"), REQUIRED["networks"]
    schedule = content["$defs"]["schedule"]
    rate = {"learning_rate": _setting(FIELDS["learning_rate"])}
    rate["learning_rate"]["description"] += ", instead of the network's"
    schedule["properties"] = _section("schedules") | rate
    top["schedules"]["properties"]["default"]["required"] = REQUIRED["schedules"]
    top |= _section("")
    top["reported_error"]["enum"] = ERRORS
    switches = {name: _setting(FIELDS[name]) for name in SWITCHED}
    switches |= {n: {**AXES[n].schema, "description": AXES[n].help} for n in SWITCHED_AXES}
    reading = top["readings"]["additionalProperties"]
    reading["properties"] = switches | {"reported_error": top["reported_error"]}
    top["figures"]["properties"] = {
        name: {"$ref": "#/$defs/grids", "description": figure.title}
        for name, figure in FIGURES.items()
    }
    top["figures"]["description"] = (
        f"For each of {', '.join(f'`{name}`' for name in FIGURES)} a list of grids; a grid is the "
        "product of:"
    )
    top["figures"]["required"] = [name for name, figure in FIGURES.items() if not figure.grids]
    # A study with one of these names would collide with other folders or targets.
    taken = "|".join(["datasets", "all", "claims", *FIGURES])
    top["study"]["pattern"] = f"^(?!({taken})$)[a-z0-9][a-z0-9-]*$"
    grid = content["$defs"]["grids"]["items"]["properties"]
    values = {axis.grid: (axis.schema, axis.help) for axis in AXES.values()}
    judged = {"enum": [name for name in SECTIONS if name in CLAIMED]}
    grid["figure"] |= judged
    values["mask_seeds"] = (AXES["seed"].schema, grid.pop("mask_seeds")["description"])
    for key, (items, help) in values.items():
        grid[key] = {
            "description": help,
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": dict(items),
        }
    return content


def _section(section: str) -> dict[str, Any]:
    """Return the properties of a section of settings."""
    return {name: _setting(field) for name, field in in_section(section).items()}


def _setting(field: Field) -> dict[str, Any]:
    """Return the schema of one setting."""
    return {
        "description": field.metadata["help"],
        "type": _TYPES[type(field.default)],
        **field.metadata["limits"],
    }


def numbers(config: Mapping, schema: Mapping) -> dict:
    """Return a configuration with numbers wherever the schema wants one and a text spells one.

    Likewise `true` and `false` where the schema wants a boolean, and a whole number such as 2.0
    where it wants an integer. Whatever else does not fit stays as it is, for the schema to refuse.

    Args:
        schema: a JSON schema made of properties, additionalProperties, items, type, and references
            into its own `$defs`.
    """

    def converted(value: Any, part: Mapping) -> Any:
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
        if isinstance(value, Mapping):
            known, others = part.get("properties", {}), part.get("additionalProperties") or {}
            # YAML reads an unquoted 4, the name of a claim, as a number.
            return {
                key: converted(entry, known.get(str(key), others)) for key, entry in value.items()
            }
        if isinstance(value, list):
            return [converted(entry, part.get("items", {})) for entry in value]
        kinds = part.get("type")
        return _value(value, kinds[0] if isinstance(kinds, list) else kinds)

    return converted(config, schema)


def _value(value: Any, wanted: str | None) -> Any:
    """Return a single value as the type that is wanted, if it can be one."""
    if wanted == "boolean" and value in ("true", "false"):
        return value == "true"
    if wanted in ("integer", "number"):
        if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
            value = _number(value)
        if wanted == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
    return value


def _number(text: str) -> int | float | str:
    """Return the number that a text spells; the text, if no float is that large."""
    try:
        return int(text)
    except ValueError:
        return float(text) if math.isfinite(float(text)) else text
