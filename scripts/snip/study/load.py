"""Reading a configuration: YAML files laid over one another, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from snip.jobs.code import PROJECT
from snip.jobs.failures import ConfigError
from snip.study.checks import check_drawable
from snip.study.config import Config
from snip.study.grids import settings
from snip.study.model import sentence
from snip.study.runs import MaskSet, Run

DEFAULT = PROJECT / "config" / "default.yaml"


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


def read(path: Path | str) -> dict[str, Any]:
    """Return what a configuration file says.

    Raises:
        ConfigError: it is missing, no YAML, or no mapping.
    """
    try:
        content = yaml.load(Path(path).read_text("utf-8"), Loader=UniqueKeys)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"configuration file {path} cannot be read: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f"configuration file {path} has {content!r}, expected keys and values")
    return content


def overlaid(below: Mapping, above: Mapping) -> dict[str, Any]:
    """Return a configuration laid over another, as Snakemake does it: lists are replaced."""
    result = dict(below)
    for key, value in above.items():
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = overlaid(result[key], value) if nested else value
    return result


def load_config(*paths: Path | str) -> Config:
    """Read configuration files, each laid over the one before, and check them."""
    content: dict[str, Any] = {}
    for path in paths:
        content = overlaid(content, read(path))
    return check(content)


def check(content: object) -> Config:
    """Return a configuration that can be trained and drawn.

    Raises:
        ConfigError: in one sentence, the first thing that is wrong.
    """
    config = parse(content)
    check_drawable(config)
    return config


def parse(content: object) -> Config:
    """Return a configuration that agrees with its models.

    Raises:
        ConfigError: in one sentence, the first thing that does not.
    """
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(sentence(error)) from error


def default_settings(made: Run | MaskSet, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run or of masks in the default study.

    Args:
        given: settings that a command line gives; a learning rate, for a network of one's own.

    Raises:
        ConfigError: that study has no such reading; or no learning rate for the network, and none
            is given.
    """
    content = read(DEFAULT)
    networks = content["networks"]
    if made.network not in networks:
        if isinstance(made, Run) and "learning_rate" not in given:
            raise ConfigError(
                f"network {made.network} has no learning rate in config/default.yaml, which has "
                f"{', '.join(networks)}: expected --learning-rate"
            )
        networks[made.network] = {"learning_rate": given.get("learning_rate", 0.1)}
    try:
        return settings(parse(content), made.network, made.dataset, made.reading)
    except ValueError as error:
        raise ConfigError(str(error)) from error
