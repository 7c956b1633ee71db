"""The grid of a study: its configuration, and the runs and masks that each figure needs.

Imports no torch: the Snakefile is parsed again by every job on a cluster.
"""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from snip import registry
from snip.datasets import CLASSES, DatasetError, load_source, parse_dataset, training_size
from snip.errors import SnipError
from snip.files import sha256
from snip.runs import SCORING_SETTINGS, MaskSet, Run, label

SCHEMA = Path(__file__).resolve().parents[2] / "workflow" / "schemas" / "config.schema.yaml"

# What a figure's grid sweeps, and the value of an axis that a grid does not name. Criteria have
# no default here: a grid without them takes the study's, and in the anatomy all that there are.
AXES = {
    "datasets": ["mnist"],
    "networks": ["lenet-300-100"],
    "sparsities": ["90"],
    "batch_sizes": [100],
    "labels": ["true"],
    "weight_decays": ["0.0005"],
}
TRAINED_FIGURES = ("fig1", "fig3", "fig4", "fig7")
ERROR_FIGURES = ("fig1", "fig3")
MASK_FIGURES = ("fig2", "fig5", "fig6")
FIGURES = (*(f"fig{number}" for number in range(1, 8)), "anatomy")


class ConfigError(SnipError):
    """A configuration that cannot be run: the key's path, the value found, what is allowed."""


def axes(criteria: list[str], grid: Mapping) -> dict[str, list]:
    """Return a grid with every axis filled in and every label in its one spelling."""
    full = {"criteria": criteria, **AXES, **grid}
    full["sparsities"] = [label(value) for value in full["sparsities"]]
    full["weight_decays"] = [label(value) for value in full["weight_decays"]]
    # YAML reads an unquoted `true` as a boolean.
    full["labels"] = [str(value).lower() for value in full["labels"]]
    return full


def grids(config: Mapping, figure: str) -> list[dict[str, list]]:
    """Return the completed grids of a figure, or of the runs that only claims need (`claims`)."""
    criteria = registry.names("criteria") if figure == "anatomy" else config["criteria"]
    blocks = config["claims"]["runs"] if figure == "claims" else config["figures"][figure]
    return [axes(criteria, grid) for grid in blocks]


def expand_runs(completed_grids: Iterable[Mapping[str, list]]) -> list[Run]:
    """Return the runs of completed grids (see `axes`), each once, in order.

    The reference network is not pruned, so criterion and pruning batch do not matter to it: it is
    trained once, under the name of the first criterion and batch size of its grid.
    """
    runs = {}
    for grid in completed_grids:
        for network, dataset, labels, decay, sparsity, criterion, batch, seed in itertools.product(
            grid["networks"],
            grid["datasets"],
            grid["labels"],
            grid["weight_decays"],
            grid["sparsities"],
            grid["criteria"],
            grid["batch_sizes"],
            grid["seeds"],
        ):
            if float(sparsity) == 0:
                criterion, batch = grid["criteria"][0], grid["batch_sizes"][0]
            runs[Run(dataset, network, criterion, sparsity, batch, labels, decay, seed)] = None
    return list(runs)


def table_grids(config: Mapping, table: str) -> list[dict[str, list]]:
    """Return the completed grids behind a table: those of a figure, or of the study (`all`)."""
    figures = (*TRAINED_FIGURES, "claims") if table == "all" else [table]
    return [grid for figure in figures for grid in grids(config, figure)]


def expand_masks(figure: str, completed_grids: Iterable[Mapping]) -> dict[MaskSet, list[str]]:
    """Return the mask files of a figure's completed grids, and the sparsities it needs of each."""
    classes = [str(number) for number in range(CLASSES)] if figure in MASK_FIGURES else ["all"]
    masks: dict[MaskSet, list[str]] = {}
    for grid in completed_grids:
        for dataset, network, criterion, batch, class_, seed in itertools.product(
            grid["datasets"],
            grid["networks"],
            grid["criteria"],
            grid["batch_sizes"],
            classes,
            grid["seeds"],
        ):
            wanted = masks.setdefault(MaskSet(dataset, network, criterion, batch, class_, seed), [])
            wanted += [s for s in grid["sparsities"] if s not in wanted]
    return masks


def mask_grids(config: Mapping) -> dict[str, list[dict[str, list]]]:
    """Return the completed grids of every figure that shows masks."""
    return {figure: grids(config, figure) for figure in (*MASK_FIGURES, "fig3", "anatomy")}


def study_masks(grids_of: Mapping[str, list[dict]]) -> dict[MaskSet, list[str]]:
    """Return all figures' mask files, each once, with its sparsities in rising order.

    Args:
        grids_of: what `mask_grids` returned.
    """
    union: dict[MaskSet, set[str]] = {}
    for figure, completed in grids_of.items():
        for mask, sparsities in expand_masks(figure, completed).items():
            union.setdefault(mask, set()).update(sparsities)
    return {mask: sorted(sparsities, key=float) for mask, sparsities in union.items()}


def figure_configuration(config: Mapping, figure: str) -> str:
    """Return the SHA-256 of that part of the configuration that decides a figure's numbers."""
    trained = figure in TRAINED_FIGURES
    completed = grids(config, figure)
    pairs = {(n, d) for grid in completed for n in grid["networks"] for d in grid["datasets"]}
    decisive = {
        "study": config["study"],
        "grids": completed,
        "settings": [
            {
                name: value
                for name, value in settings(config, network, dataset).items()
                if trained or name in SCORING_SETTINGS
            }
            for network, dataset in sorted(pairs)
        ],
        "reported_error": config["reported_error"] if figure in ERROR_FIGURES else None,
    }
    return sha256(json.dumps(decisive, sort_keys=True).encode())


def settings(config: Mapping, network: str, dataset: str) -> dict[str, Any]:
    """Return the training settings that apply to a network on a dataset (see runs.Settings)."""
    schedule = config["schedules"]["default"] | config["schedules"].get(dataset, {})
    return {
        **config["training"],
        **config["protocol"],
        **schedule,
        "learning_rate": config["networks"][network]["learning_rate"],
        "device": config["device"],
    }


def load_config(*paths: Path | str) -> dict[str, Any]:
    """Read configuration files, each laid over the one before as Snakemake does, and check them."""
    config: dict[str, Any] = {}
    for path in paths:
        _overlay(config, yaml.safe_load(Path(path).read_text()))
    check(config)
    return config


def _overlay(below: dict, above: Mapping) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _overlay(below[key], value)
        else:
            below[key] = value


def check(config: Mapping) -> None:
    """Check a configuration against the schema and against what is registered.

    Raises:
        ConfigError: in one sentence, the first thing that is wrong.
    """
    schema = yaml.safe_load(SCHEMA.read_text())
    # YAML reads an unquoted 4, the name of a claim, as a number.
    named = _with_text_keys(config)
    errors = sorted(
        Draft202012Validator(schema).iter_errors(named), key=lambda e: [str(p) for p in e.path]
    )
    if errors:
        raise ConfigError(_sentence(errors[0]))
    for path, name in _named(config, "networks"):
        _known(path, name, "networks")
        if name not in config["networks"]:
            raise ConfigError(
                f"{path} names {name!r}, which has no learning rate: "
                f"expected the key networks.{name}"
            )
    for path, name in _named(config, "criteria"):
        _known(path, name, "criteria")
    for index, name in enumerate(config["criteria"]):
        _known(f"criteria[{index}]", name, "criteria")
    share = config["training"]["validation_share"]
    datasets = list(_named(config, "datasets"))
    datasets += [(f"schedules.{name}", name) for name in config["schedules"] if name != "default"]
    for path, name in datasets:
        try:
            variant = parse_dataset(name)
            total = load_source(variant.source).training_examples
        except DatasetError as error:
            raise ConfigError(f"{path}: {error}") from error
        if (variant.examples or 0) > total - round(total * share):
            raise ConfigError(
                f"{path} is {name!r}, but {variant.source} has {total - round(total * share)} "
                f"training examples beside a validation share of {share}"
            )
        if config["training"]["training_batch_size"] > training_size(name, share):
            raise ConfigError(
                "training.training_batch_size is "
                f"{config['training']['training_batch_size']}, allowed: at most the "
                f"{training_size(name, share)} training examples of {name}"
            )
    for axis in ("datasets", "networks", "sparsities"):
        found = list(dict.fromkeys(v for grid in grids(config, "fig3") for v in grid[axis]))
        if len(found) > 1:
            raise ConfigError(f"figures.fig3 has {axis} {found}, allowed: one, as it shows one")
    for figure in (*FIGURES, "claims"):
        place = "claims.runs" if figure == "claims" else f"figures.{figure}"
        for index, grid in enumerate(grids(config, figure)):
            for name, batch in itertools.product(grid["datasets"], grid["batch_sizes"]):
                if batch > training_size(name, share):
                    raise ConfigError(
                        f"{place}[{index}].batch_sizes has {batch}, allowed: at most the "
                        f"{training_size(name, share)} training examples of {name}"
                    )


def margins(config: Mapping) -> dict[str, float]:
    """Return the margin of each claim that has one, by the claim's name."""
    return _with_text_keys(config["claims"]["margins"])


def _with_text_keys(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(entry) for key, entry in value.items()}
    return value


def _named(config: Mapping, axis: str) -> Iterator[tuple[str, str]]:
    """Yield the path and value of every entry of an axis in the grids."""
    places = {f"figures.{figure}": blocks for figure, blocks in config["figures"].items()}
    for place, blocks in (places | {"claims.runs": config["claims"]["runs"]}).items():
        for index, grid in enumerate(blocks):
            for position, name in enumerate(grid.get(axis, [])):
                yield f"{place}[{index}].{axis}[{position}]", name


def _known(path: str, name: str, kind: str) -> None:
    allowed = registry.names(kind)
    if name not in allowed:
        raise ConfigError(f"{path} is {name!r}, allowed: {', '.join(allowed)}")


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
        case "pattern":
            return f"{path} is {value!r}, expected text like {error.validator_value}"
    return f"{path} is {value!r}: {error.message}"
