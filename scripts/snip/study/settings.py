"""The settings under which every run of a study is trained: name, type, default, limits, help.

This table is the only home of these facts: command line options, the configuration's schema and
the table in config/README.md follow from it. A new setting is one field here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from snip.jobs.failures import SnipError
from snip.study.axes import AXES

# Sections of the configuration whose settings are the same for all networks and data sets.
UNIFORM = ("training", "protocol")
# The columns of test errors that a result has (percent; see training.run.result).
ERRORS = ["test_error", "best_validation_test_error", "best_test_error"]


def setting(default: Any, section: str, help: str, scores: bool = False, **limits: Any) -> Any:
    """Return a field of `Settings`.

    Args:
        default: where neither the configuration nor a command line says otherwise.
        section: its place in the configuration: `training`, `protocol`, `schedules` (by data set),
            `networks` (by network), or `""`, at the top.
        scores: whether scoring depends on it; the others only concern training.
        limits: keywords of JSON schema, such as `minimum`, or `enum` for a choice of texts.
    """
    metadata = {"section": section, "help": help, "scores": scores, "limits": limits}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """How every run of a study is trained; the defaults are the paper's (section 5)."""

    iterations: int = setting(100_000, "schedules", help="number of training iterations", minimum=1)
    learning_rate: float = setting(
        0.1, "networks", help="learning rate at the start of training", exclusiveMinimum=0
    )
    decay_every: int = setting(
        25_000,
        "schedules",
        help="iterations between divisions of the learning rate by ten",
        minimum=1,
    )
    training_batch_size: int = setting(
        100, "training", help="examples per training iteration (not the pruning batch)", minimum=1
    )
    optimizer: str = setting(
        "sgd",
        "training",
        help="`sgd`, stochastic gradient descent with momentum, or `adam`, PyTorch's at its own"
        " defaults (the paper's Table 3)",
        enum=["sgd", "adam"],
    )
    momentum: float = setting(
        0.9,
        "training",
        help="momentum of stochastic gradient descent (`sgd`)",
        minimum=0,
        exclusiveMaximum=1,
    )
    validation_share: float = setting(
        0.1,
        "training",
        help="share of the training images held out for validation",
        scores=True,
        exclusiveMinimum=0,
        exclusiveMaximum=1,
    )
    log_every: int = setting(
        100, "training", help="iterations per logged point of the training loss", minimum=1
    )
    evaluate_every: int = setting(
        1000,
        "schedules",
        help="iterations between evaluations on validation and test images; the last is at the end",
        minimum=1,
    )
    prunable: str = setting(
        "weights-and-biases",
        "protocol",
        help="what competes to be kept and counts in the sparsity: `weights-and-biases` (authors'"
        " code) or `weights`",
        scores=True,
        enum=["weights-and-biases", "weights"],
    )
    initial_weights: str = setting(
        "redraw",
        "protocol",
        help="train new weights (`redraw`: authors' code, and the paper's note to Table 3) or the"
        " scored ones (`keep`: the paper's Algorithm 1)",
        enum=["redraw", "keep"],
    )
    initial_biases: str = setting(
        "zeros",
        "protocol",
        help="biases start at `zeros` (authors' code today) or are drawn, with deviation"
        " √(1/length) (`variance-scaling`: their first release)",
        scores=True,
        enum=["zeros", "variance-scaling"],
    )
    initialisation: str = setting(
        "variance-scaling",
        "protocol",
        help="deviation of the initial weights, a normal distribution truncated at two deviations:"
        " `variance-scaling` √(1/fan-in) (authors' code), `glorot` √(2/(fan-in + fan-out)), `he`"
        " √(2/fan-in) (VS-X and VS-H in the paper's Table 3)",
        scores=True,
        enum=["variance-scaling", "glorot", "he"],
    )
    relu_after_convolutions: bool = setting(
        False,
        "protocol",
        help="whether `lenet-5-caffe` has a ReLU after each convolution; Caffe's LeNet and the"
        " authors' code have none",
        scores=True,
    )
    inverted_statistics: str = setting(
        "recomputed",
        "protocol",
        help="standardise inverted images by their own statistics (`recomputed`) or the"
        " `original`'s",
        scores=True,
        enum=["recomputed", "original"],
    )
    grey_values: str = setting(
        "standardised",
        "protocol",
        help="images enter the network `standardised`, with mean 0 and deviation 1 over the"
        " training images (the paper's section 5), or with grey values from 0 to 1 (`unit`)",
        scores=True,
        enum=["standardised", "unit"],
    )
    pruning_batch: str = setting(
        "random",
        "protocol",
        help="the examples of the pruning batch are drawn at `random`, or `balanced`: as many of"
        " each class, or one more",
        scores=True,
        enum=["random", "balanced"],
    )
    random_labels: str = setting(
        "shuffled",
        "protocol",
        help="random labels are the true ones `shuffled` (the paper's section 5.6), or drawn"
        " classes (`uniform`)",
        enum=["shuffled", "uniform"],
    )
    device: str = setting(
        "cpu",
        "",
        help="what trains: `cpu` or `cuda`, each with last digits of its own; scoring is always"
        " done on the cpu, so masks do not depend on it",
        enum=["cpu", "cuda"],
    )


FIELDS = {each.name: each for each in fields(Settings)}
# The settings that scoring depends on; the others only concern training.
SCORING_SETTINGS = [name for name, each in FIELDS.items() if each.metadata["scores"]]

# What a reading may switch, besides the reported error: settings, and one axis.
_FIXED = ("device", "validation_share", "training_batch_size")
SWITCHED = [name for name in FIELDS if name not in _FIXED]
SWITCHED_AXES = {"weight_decay"}


def in_section(section: str) -> dict[str, Any]:
    """Return the fields of a section of the configuration, by name, in order."""
    return {name: each for name, each in FIELDS.items() if each.metadata["section"] == section}


def unswept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without those that are axes: a run's key has them, not its settings."""
    return {name: value for name, value in values.items() if name not in AXES}


def scoring_part(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that scoring depends on."""
    return {name: values[name] for name in SCORING_SETTINGS if name in values}


class SettingsError(SnipError):
    """A result, mask file or table that was made under different settings."""


def check_settings(
    what: str, found: Mapping[str, Any], expected: Mapping[str, Any], rule: str
) -> None:
    """Refuse what was made under other settings than its reader's.

    Args:
        what: what was made; the message begins with it.
        rule: the rule that makes it anew.

    Raises:
        SettingsError: a setting differs.
    """
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            raise SettingsError(
                f"{what} was made with {name} = {found.get(name)!r}, "
                f"expected {expected.get(name)!r}; delete it, and it is made again "
                f"(--forcerun {rule} makes all anew)"
            )
