"""The settings under which every run of a study is trained, by section of the configuration.

Each field is the setting's type, limits, default (the paper's, section 5) and description: the
configuration's checks, its reference in config/README.md, the schema that editors complete by and
the command line options follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from snip.jobs.failures import SnipError
from snip.study.model import FromText, Model

Rate = Annotated[float, Field(gt=0), FromText]
Count = Annotated[int, Field(ge=1), FromText]
Share = Annotated[float, Field(gt=0, lt=1), FromText]
Device = Literal["cpu", "cuda"]
# The columns of test errors that a result has (percent; see `snip.training.loop`).
ReportedError = Literal["test_error", "best_validation_test_error", "best_test_error"]
ERRORS = list(get_args(ReportedError))


class Training(Model):
    """Of every run:"""

    training_batch_size: Count = 100
    """Examples per training iteration (not the pruning batch)."""
    optimizer: Literal["sgd", "adam"] = "sgd"
    """`sgd`, stochastic gradient descent with momentum, or `adam`, PyTorch's at its own defaults
    (the paper's Table 3)."""
    momentum: Annotated[float, Field(ge=0, lt=1), FromText] = 0.9
    """Momentum of stochastic gradient descent (`sgd`)."""
    validation_share: Share = 0.1
    """Share of the training images held out for validation."""
    log_every: Count = 100
    """Iterations per logged point of the training loss."""


class Protocol(Model):
    """The questions that the paper leaves open ([docs/protocol.md](../docs/protocol.md)):"""

    prunable: Literal["weights-and-biases", "weights"] = "weights-and-biases"
    """What competes to be kept and counts in the sparsity: `weights-and-biases` (authors' code) or
    `weights`."""
    initial_weights: Literal["redraw", "keep"] = "redraw"
    """Train new weights (`redraw`: authors' code, and the paper's note to Table 3) or the scored
    ones (`keep`: the paper's Algorithm 1)."""
    initial_biases: Literal["zeros", "variance-scaling"] = "zeros"
    """Biases start at `zeros` (authors' code today) or are drawn, with deviation √(1/length)
    (`variance-scaling`: their first release)."""
    initialisation: Literal["variance-scaling", "glorot", "he"] = "variance-scaling"
    """Deviation of the initial weights, a normal distribution truncated at two deviations:
    `variance-scaling` √(1/fan-in) (authors' code), `glorot` √(2/(fan-in + fan-out)), `he`
    √(2/fan-in) (VS-X and VS-H in the paper's Table 3)."""
    relu_after_convolutions: bool = False
    """Whether `lenet-5-caffe` has a ReLU after each convolution; Caffe's LeNet and the authors'
    code have none."""
    inverted_statistics: Literal["recomputed", "original"] = "recomputed"
    """Standardise inverted images by their own statistics (`recomputed`) or the `original`'s."""
    grey_values: Literal["standardised", "unit"] = "standardised"
    """Images enter the network `standardised`, with mean 0 and deviation 1 over the training images
    (the paper's section 5), or with grey values from 0 to 1 (`unit`)."""
    pruning_batch: Literal["random", "balanced"] = "random"
    """The examples of the pruning batch are drawn at `random`, or `balanced`: as many of each
    class, or one more."""
    random_labels: Literal["shuffled", "uniform"] = "shuffled"
    """Random labels are the true ones `shuffled` (the paper's section 5.6), or drawn classes
    (`uniform`)."""


class Schedule(Model):
    """Length of training and learning rate."""

    iterations: Count = 100_000
    """Number of training iterations."""
    decay_every: Count = 25_000
    """Iterations between divisions of the learning rate by ten."""
    evaluate_every: Count = 1000
    """Iterations between evaluations on validation and test images; the last is at the end."""
    learning_rate: Rate = 0.1
    """Learning rate at the start of training, instead of the network's."""


class Settings(Training, Protocol, Schedule):
    """How every run of a study is trained; the defaults are the paper's (section 5)."""

    device: Device = "cpu"
    """What trains: `cpu`, or `cuda` (tried on one kind of GPU), each with last digits of its own;
    scoring is always done on the cpu, so masks do not depend on it."""


# The settings that scoring depends on; the others only concern training.
SCORING = {
    "validation_share",
    "prunable",
    "initial_biases",
    "initialisation",
    "relu_after_convolutions",
    "inverted_statistics",
    "grey_values",
    "pruning_batch",
}


def scoring_part(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that scoring depends on."""
    return {name: value for name, value in values.items() if name in SCORING}


class SettingsError(SnipError):
    """A result or mask file that was made under different settings."""


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
