"""What all models of the configuration share: numbers, lists, and errors in one sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

Item = TypeVar("Item")
Key = TypeVar("Key")
# Python reads `1_0`, ` 1`, `nan` and the digits of other scripts, too.
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# What a value should be, by pydantic's kind of error, where pydantic speaks of Python.
EXPECTED = {
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "list_type": "a list",
    "string_type": "text",
    "string_too_short": "one character or more",
    "too_short": "one value or more",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, values are fixed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, values: object) -> object:
        if isinstance(values, Mapping):
            for key in values:
                check_known(str(key), cls.model_fields, "a known key")
        return values


def check_known(found: str, allowed: Mapping[str, Any] | Sequence[str], what: str) -> None:
    """Check that a name is among those allowed.

    Raises:
        ValueError: it is not; the message suggests the nearest.
    """
    if found not in allowed:
        close = difflib.get_close_matches(found.lower().replace("_", "-"), list(allowed), n=1)
        close = close or difflib.get_close_matches(found, list(allowed), n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(f"{found!r} is not {what}{hint}, allowed: {', '.join(allowed)}")


def number(value: object) -> object:
    """Return a number, as an int where it is whole; what is none as it is, for pydantic to judge.

    YAML 1.1 reads `1e-2` as text, and Snakemake passes nested values of `--config` on as text.

    Raises:
        ValueError: a text or a truth value that pydantic might take for a number.
    """
    if isinstance(value, bool):
        raise ValueError(f"{value} is a truth value, expected a number")
    if isinstance(value, str):
        if not re.fullmatch(NUMBER, value):
            raise ValueError(f"{value!r} found, expected a number")
        value = int(value) if value.isdigit() else float(value)
    return _whole(value) if isinstance(value, float) else value


def _whole(value: float) -> float:
    """Return a number as an int where it is whole, so that it has one spelling: 90, 99.5."""
    return int(value) if value.is_integer() else value


def _unique(values: list[Item]) -> list[Item]:
    if len(set(values)) < len(values):
        raise ValueError(f"{values} has a value twice, expected each once")
    return values


def _texts(values: object) -> object:
    """Return a mapping with keys as text: YAML reads an unquoted 4 as a number."""
    if isinstance(values, Mapping):
        return {str(key): value for key, value in values.items()}
    return values


def _name(value: str) -> str:
    if not re.fullmatch("[a-z0-9-]+", value):
        raise ValueError(f"{value!r} found, expected lower case letters, digits and hyphens")
    return value


# A number may be written as text; a number in a path is 90, not 90.0.
FromText = BeforeValidator(number)
Label = AfterValidator(_whole)
Name = Annotated[str, AfterValidator(_name)]
Values = Annotated[list[Item], Field(min_length=1), AfterValidator(_unique)]
ByName = Annotated[dict[Key, Item], BeforeValidator(_texts)]


def sentence(error: ValidationError) -> str:
    """Return the first error as a sentence: the key's path, what was found, what is expected."""
    first = error.errors(include_url=False)[0]
    parts = [part for part in first["loc"] if part != "[key]"]  # pydantic's word for a wrong key
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    path = path.lstrip(".")
    match first["type"]:
        case "missing":
            return f"{path} is missing, expected a value"
        case "value_error":
            return f"{path}: {first['ctx']['error']}".removeprefix(": ")
    expected = EXPECTED.get(first["type"], first["msg"].removeprefix("Input should be "))
    return f"{path or 'the configuration'} is {first['input']!r:.200}, expected {expected}"
