"""What identifies a run or a mask file, and how every run is trained. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from snip.jobs.failures import SnipError

RUN_PATH = (
    "{dataset}/{network}/{criterion}/sparsity-{sparsity}/batch-{batch_size}"
    "/labels-{labels}/decay-{weight_decay}/seed-{seed}"
)
MASK_PATH = "{dataset}/{network}/{criterion}/batch-{batch_size}/class-{class_}/seed-{seed}"
# Characters; a part of a path has at most 255, some file systems allow 143.
LONGEST_LABEL = 100
# The columns of test errors that a result has (percent; see training.result).
ERRORS = ["test_error", "best_validation_test_error", "best_test_error"]


@dataclass(frozen=True)
class Run:
    """One network trained: the swept axes, which are also its path and its key columns.

    `sparsity` (percent) and `weight_decay` are labels, written the way the path has them.
    `batch_size` is a number of examples, or `all` for every training example of the run.
    """

    dataset: str
    network: str
    criterion: str
    sparsity: str
    batch_size: int | str
    labels: str
    weight_decay: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """The columns that identify the run, with numbers as numbers."""
        return asdict(self) | {
            "sparsity": number(self.sparsity),
            "weight_decay": number(self.weight_decay),
        }

    @property
    def masks(self) -> MaskSet:
        """How the run's network is scored."""
        return MaskSet(
            self.dataset, self.network, self.criterion, self.batch_size, "all", self.seed
        )

    @property
    def path(self) -> str:
        """The run's path below `runs/`, without ending."""
        return RUN_PATH.format(**asdict(self))


@dataclass(frozen=True)
class MaskSet:
    """One mask file: the masks of one scored network at several sparsities.

    `class_` is `all`; the one class that the pruning batch is drawn from; or `each`, for the masks
    of ten pruning batches, one of each class.
    """

    dataset: str
    network: str
    criterion: str
    batch_size: int | str
    class_: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        """What identifies the masks; the class is `class`."""
        return {name.rstrip("_"): value for name, value in asdict(self).items()}

    @property
    def path(self) -> str:
        """The file's path below `masks/`, without ending."""
        return MASK_PATH.format(**asdict(self))


def batch_size(text: str) -> int | str:
    """Return the size of a pruning batch that a label spells: a number of examples, or `all`.

    Raises:
        ValueError: it spells neither.
    """
    if text != "all" and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"batch size is {text}, allowed: 1 or more, or all")
    return text if text == "all" else int(text)


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


def arguments(values: Mapping[str, Any]) -> str:
    """Spell settings or a key as command line options: `--batch-size 100 …`."""
    words = []
    for name, value in values.items():
        option = "--" + name.rstrip("_").replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        else:
            words += [option, str(value)]
    return " ".join(words)


@dataclass(frozen=True)
class Settings:
    """How every run of a study is trained; the defaults are the paper's (section 5).

    Attributes:
        iterations: number of parameter updates.
        learning_rate: at the start.
        decay_every: iterations between divisions of the learning rate by ten.
        training_batch_size: examples per training iteration (not the pruning batch).
        optimizer: `sgd`, stochastic gradient descent with momentum, or `adam`, torch's Adam at its
            own defaults (the paper's Table 3).
        momentum: of stochastic gradient descent.
        validation_share: share of the training images held out.
        log_every: iterations per logged point of the training loss.
        evaluate_every: iterations between evaluations on validation and test images.
        prunable: `weights-and-biases` (authors' code) or `weights`.
        initial_weights: `redraw` draws new ones after pruning (authors' code, and the paper's note
            to Table 3), `keep` trains the weights that were scored (the paper's Algorithm 1).
        initial_biases: `zeros` (authors' code today) or `variance-scaling` (their first release).
        initialisation: of weights: `variance-scaling` (authors' code), `glorot` or `he` (VS-X and
            VS-H in the paper's Table 3).
        relu_after_convolutions: False as in Caffe's LeNet and the authors' code.
        inverted_statistics: standardise inverted images by their own statistics (`recomputed`),
            or by those of the `original`.
        random_labels: `shuffled`, a permutation of the true ones (the paper's section 5.6), or
            `uniform`, drawn classes.
        device: `cpu`, `cuda`, or `auto` (cuda where there is one). Scoring is always done on the
            cpu, so the masks do not depend on it.
    """

    iterations: int = 150_000
    learning_rate: float = 0.1
    decay_every: int = 25_000
    training_batch_size: int = 100
    optimizer: str = "sgd"
    momentum: float = 0.9
    validation_share: float = 0.1
    log_every: int = 100
    evaluate_every: int = 1000
    prunable: str = "weights-and-biases"
    initial_weights: str = "redraw"
    initial_biases: str = "zeros"
    initialisation: str = "variance-scaling"
    relu_after_convolutions: bool = False
    inverted_statistics: str = "recomputed"
    random_labels: str = "shuffled"
    device: str = "cpu"


# The values that a setting made of text may have; the schema of the configuration repeats them.
CHOICES = {
    "optimizer": ["sgd", "adam"],
    "prunable": ["weights-and-biases", "weights"],
    "initial_weights": ["redraw", "keep"],
    "initial_biases": ["zeros", "variance-scaling"],
    "initialisation": ["variance-scaling", "glorot", "he"],
    "inverted_statistics": ["recomputed", "original"],
    "random_labels": ["shuffled", "uniform"],
    "device": ["auto", "cpu", "cuda"],
}


# The settings that scoring depends on; the others only concern training.
SCORING_SETTINGS = [
    "validation_share",
    "prunable",
    "initial_biases",
    "initialisation",
    "relu_after_convolutions",
    "inverted_statistics",
]


class SettingsError(SnipError):
    """A result, a mask file or a table that was made under other settings than its reader's."""


def check_settings(what: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Refuse what was made under other settings than its reader's.

    Raises:
        SettingsError: a setting differs; the message begins with `what`.
    """
    for name in [*expected, *found]:
        if found.get(name) != expected.get(name):
            raise SettingsError(
                f"{what} was made with {name} = {found.get(name)!r}, "
                f"expected {expected.get(name)!r}"
            )
