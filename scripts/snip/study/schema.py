"""The schema of a configuration: the file workflow/schemas/config.schema.yaml, completed.

What the three tables say (axes, figures, settings) is put in from there.
"""

from __future__ import annotations

from dataclasses import Field
from functools import cache
from typing import Any

import yaml

from snip.jobs.code import PROJECT
from snip.study.axes import AXES
from snip.study.figures import FIGURES
from snip.study.settings import ERRORS, in_section

SCHEMA = PROJECT / "workflow" / "schemas" / "config.schema.yaml"
# What a study must say itself, though a run made by hand has a default for it.
REQUIRED = {
    "networks": ["learning_rate"],
    "schedules": ["iterations", "decay_every", "evaluate_every"],
}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


@cache
def schema() -> dict[str, Any]:
    """Return the schema, with `$defs` for grids and schedules."""
    content = yaml.safe_load(SCHEMA.read_text())
    top = content["properties"]
    for section in ("training", "protocol"):
        top[section]["properties"] = _section(section)
    network = top["networks"]["additionalProperties"]
    network["properties"], network["required"] = _section("networks"), REQUIRED["networks"]
    schedule = content["$defs"]["schedule"]
    schedule["properties"] = _section("schedules")
    top["schedules"]["properties"]["default"]["required"] = REQUIRED["schedules"]
    top |= _section("")
    top["reported_error"]["enum"] = ERRORS
    top["figures"]["properties"] = {
        name: {"$ref": "#/$defs/grids", "description": figure.title}
        for name, figure in FIGURES.items()
    }
    top["figures"]["description"] = (
        f"For each of {', '.join(f'`{name}`' for name in FIGURES)} a list of grids; a grid is the "
        "product of:"
    )
    top["figures"]["required"] = [name for name, figure in FIGURES.items() if not figure.grids]
    # Names of folders and targets beside the studies' own.
    taken = "|".join(["datasets", "all", "claims", *FIGURES])
    top["study"]["pattern"] = f"^(?!({taken})$)[a-z0-9][a-z0-9-]*$"
    grid = content["$defs"]["grids"]["items"]["properties"]
    values = {axis.grid: (axis.schema, axis.help) for axis in AXES.values()}
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
