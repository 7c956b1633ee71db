"""The table of all keys in config/README.md, made from the schema and config/default.yaml.

`make reference` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from snip.jobs.code import PROJECT
from snip.study.axes import AXES
from snip.study.config import DEFAULT, load_config
from snip.study.schema import schema

README = PROJECT / "config" / "README.md"
HEAD = "| key | meaning | default |\n|---|---|---|\n"


def table() -> str:
    """Return the table as Markdown: one row per key, in the order of the schema."""
    config = load_config(DEFAULT)
    return HEAD + "".join(_rows(schema()["properties"], config, 0))


def _rows(properties: Mapping[str, Any], values: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, part in properties.items():
        value = values.get(key)
        below, inside = part.get("properties", {}), value
        match key if depth == 0 else "":
            case "networks":
                below = part["additionalProperties"]["properties"]
                inside = {name: _by_network(value, name) for name in below}
            case "schedules":
                below, inside = schema()["$defs"]["schedule"]["properties"], value["default"]
            case "figures":
                below = schema()["$defs"]["grids"]["items"]["properties"]
                inside = {axis.grid: _grid_default(axis) for axis in AXES.values()}
        default = "" if below or key == "runs" else _spelled(value)
        yield f"| {'·' * depth}{' ' if depth else ''}`{key}` | {_meaning(part)} | {default} |\n"
        yield from _rows(below, inside or {}, depth + 1)


def _meaning(part: Mapping[str, Any]) -> str:
    """Return a key's description, and the texts that it may be."""
    meaning = part["description"].strip().rstrip(".")
    meaning = meaning[0].upper() + meaning[1:]
    allowed = [value for value in part.get("enum", []) if f"`{value}`" not in meaning]
    if allowed:
        meaning += ": " + ", ".join(f"`{value}`" for value in allowed)
    return meaning


def _by_network(networks: Mapping[str, Mapping], setting: str) -> str:
    return ", ".join(f"{values[setting]} (`{name}`)" for name, values in networks.items())


def _grid_default(axis) -> str:
    match axis.grid:
        case "criteria":
            return "the study's `criteria`; for `anatomy` and `criteria` all there are"
        case "seeds":
            return ""
        case _:
            return f"`[{axis.default}]`"


def _spelled(value: object) -> str:
    """Return a default as YAML has it; a text that is a sentence already stays."""
    match value:
        case None:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case Mapping():
            return ", ".join(f"`{name}`" for name in value)
        case list():
            return f"`[{', '.join(map(str, value))}]`"
        case str() if value and " " not in value and "`" not in value:
            return f"`{value}`"
        case _:
            return str(value)


def main() -> None:
    """Replace the table in config/README.md."""
    text = README.read_text("utf-8")
    before, _, rest = text.partition(HEAD)
    after = rest[rest.index("\n\n") :]
    Path(README).write_text(before + table().rstrip("\n") + after, "utf-8")


if __name__ == "__main__":
    main()
