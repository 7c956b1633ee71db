"""Numbers of a configuration that arrive as text.

YAML 1.1 reads `1e-2` as text (it wants `1.0e-2`), and Snakemake passes what is nested in a value of
`--config` on as text: `training={momentum: 0.5}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


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
    """Return the number that a text spells; the text, where it is beyond all floats."""
    try:
        return int(text)
    except ValueError:
        return float(text) if math.isfinite(float(text)) else text
