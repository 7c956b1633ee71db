"""The settings of a run or a mask that is made by hand, without Snakemake."""

from collections.abc import Mapping
from typing import Any

import yaml

from snip.jobs.failures import ConfigError
from snip.study import grids
from snip.study.config import DEFAULT, check_schema


def settings(network: str, dataset: str, wanted: set[str], given: Mapping) -> dict[str, Any]:
    """Return the wanted settings: those given, the others as in the default study.

    Raises:
        ConfigError: that study has no learning rate for the network and none is given; or its file
            does not agree with the schema.
    """
    config = check_schema(yaml.safe_load(DEFAULT.read_text()))
    if network not in config["networks"]:
        if "learning_rate" in wanted - set(given):
            raise ConfigError(
                f"network {network} has no learning rate in config/default.yaml, which has "
                f"{', '.join(config['networks'])}: expected --learning-rate"
            )
        config["networks"][network] = {"learning_rate": given.get("learning_rate")}
    values = grids.settings(config, network, dataset)
    return {name: given.get(name, values[name]) for name in wanted}
