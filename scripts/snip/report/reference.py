"""The table of all keys in config/README.md, and the schema that editors complete by.

`make reference` makes both anew from the models in `snip.study.config` and config/default.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from snip.jobs.code import PROJECT
from snip.study import load
from snip.study.config import FIXED, MARGINS, Config, Grid, Network
from snip.study.figures import CLAIMED, FIGURES
from snip.study.runs import AXES, Run
from snip.study.settings import Schedule

README = PROJECT / "config" / "README.md"
SCHEMA = PROJECT / "config" / "schema.json"
HEAD = "| key | meaning | default |\n|---|---|---|\n"
# The models of keys whose values are named by the user.
BELOW: dict[str, type[BaseModel]] = {"networks": Network, "schedules": Schedule, "figures": Grid}


def table() -> str:
    """Return the table as Markdown: one row per key, in the order of the models."""
    return HEAD + "".join(_rows(Config, load.load_config(load.DEFAULT), 0))


def schema() -> str:
    """Return the JSON schema of configuration files.

    A file may leave out whatever config/default.yaml has, so no key is required.
    """
    content = Config.model_json_schema()
    parts = {"Config": content} | content["$defs"]
    for name, part in parts.items():
        if name != "Grid":
            part.pop("required", None)
        for each in part["properties"].values():
            # What a file leaves out is as in config/default.yaml, not as in the model.
            each.pop("default", None)
            if each.get("type") == "array":
                each["uniqueItems"] = True
    for name in FIXED:
        del parts["Reading"]["properties"][name]
    parts["Grid"]["properties"]["figure"] |= {"enum": [*CLAIMED]}
    parts["Claims"]["properties"]["margins"]["propertyNames"] = {"enum": [*MARGINS]}
    content["properties"]["figures"]["propertyNames"] = {"enum": [*FIGURES]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _rows(model: type[BaseModel], values: BaseModel | None, depth: int) -> Iterator[str]:
    for key, field in model.model_fields.items():
        value = getattr(values, key, None)
        below = BELOW.get(key) if depth == 0 else None
        inside: BaseModel | None = value if isinstance(value, BaseModel) else None
        if inside is not None:
            below = type(inside)
        if key == "schedules" and value:
            inside = value["default"]
        meaning = field.description or ""
        default = "" if below or key == "runs" else _default(model, key, value)
        if model is Grid and key in AXES.values():
            axis = next(name for name, plural in AXES.items() if plural == key)
            default = _of_axis(axis)
        if key == "learning_rate" and model is Network:
            networks = load.load_config(load.DEFAULT).networks.items()
            default = ", ".join(f"{each.learning_rate} (`{name}`)" for name, each in networks)
        text = " ".join(meaning.split()).rstrip(".")
        dots = "·" * depth + " " if depth else ""
        yield f"| {dots}`{key}` | {text} | {default} |\n"
        if below is not None:
            yield from _rows(below, inside, depth + 1)


def _of_axis(axis: str) -> str:
    match axis:
        case "criterion":
            return "the study's `criteria`; for `anatomy` and `criteria` all there are"
        case "seed":
            return ""
    return f"`[{Run.model_fields[axis].default}]`"


def _default(model: type[BaseModel], key: str, value: Any) -> str:
    """Return a default as YAML has it."""
    if model is Schedule and key == "learning_rate":
        return ""
    match value:
        case None:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case Mapping():
            scalar = all(isinstance(each, float) for each in value.values())
            return ", ".join(f"`{n}` {v}" if scalar else f"`{n}`" for n, v in value.items())
        case list():
            return f"`[{', '.join(map(str, value))}]`"
        case str():
            return f"`{value}`"
    return str(value)


def main() -> None:
    """Replace the table in config/README.md, and config/schema.json."""
    text = README.read_text("utf-8")
    before, _, rest = text.partition(HEAD)
    after = rest[rest.index("\n\n") :]
    README.write_text(before + table().rstrip("\n") + after, "utf-8")
    SCHEMA.write_text(schema(), "utf-8")


if __name__ == "__main__":
    main()
