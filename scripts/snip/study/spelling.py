"""How values are spelled in paths, and limits in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# Characters; a part of a path has at most 255, some file systems allow 143.
LONGEST_LABEL = 100
# Limits of JSON schema, in words.
LIMITS = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "pattern": "or all",
}


def allows(value: float | Decimal, schema: Mapping[str, Any]) -> bool:
    """Return whether the limits of a JSON schema allow a number; they never allow NaN."""
    return (
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and value > schema.get("exclusiveMinimum", -math.inf)
        and value < schema.get("exclusiveMaximum", math.inf)
    )


def limits(schema: Mapping[str, Any]) -> str:
    """Return the limits of a JSON schema in words: `0 or more, less than 100`."""
    return ", ".join(words.format(schema[key]) for key, words in LIMITS.items() if key in schema)


def number(text: str) -> int | float:
    """Return the number that a label spells, whole where it is whole."""
    return int(float(text)) if float(text).is_integer() else float(text)


def label(value: object) -> str:
    """Return the one spelling of a number that paths use, exact and without exponent.

    90, 99.5, 0.0005, 0.00000000001.

    Raises:
        ValueError: it is not a number, infinite, or its spelling is too long for a file's name.
    """
    # Adding 0 makes -0.0 positive.
    text = f"{Decimal(repr(float(value) + 0)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if not text.lstrip("-")[:1].isdigit() or len(text) > LONGEST_LABEL:
        raise ValueError(f"{value} cannot be spelled in a path")
    return text


def spelled(name: str, value: object, schema: Mapping[str, Any]) -> str | int:
    """Return the one spelling of a value that YAML or a command line spelled somehow.

    Args:
        name: what the value is, for messages.
        schema: JSON schema of the value.

    Raises:
        ValueError: it has none, or its limits do not allow it.
    """
    match schema.get("type"):
        case "number":
            number, kind = label(value), "numbers"
        case ["integer", "string"] if value == "all":  # examples
            return "all"
        case "integer" | ["integer", "string"]:
            # YAML and JSON write 100 as 100.0, too.
            text = isinstance(value, str)
            whole = not text or value.isascii() and value.lstrip("-").isdigit()
            number, kind = int(value) if whole else None, "whole numbers"
        case _:
            return str(value)
    if number is None or not allows(Decimal(number), schema):
        raise ValueError(f"{name} is {value}, allowed: {kind}, {limits(schema)}")
    return number
