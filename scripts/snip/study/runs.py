"""A run and a mask file, and their paths.

An axis is a type and a field of `Run` (and of `MaskSet`, if masks depend on it); a grid of the
configuration sweeps it under a plural, see `study.config.Grid` and `AXES`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from snip.study.model import FromText, Label, Model, Name, Values, number

# The reading that is the study's own settings.
PAPER = "paper"


def batch_size(value: object) -> int | Literal["all"]:
    """Return the number of examples that a value spells, or `all`."""
    if value == "all":
        return "all"
    try:
        found = number(value)
    except ValueError:
        found = None
    if isinstance(found, int) and found >= 1:
        return found
    raise ValueError(f"{value!r} found, expected a whole number, 1 or more, or all")


def _spelled(value: float) -> float:
    """Refuse a number that a path would spell with an exponent and too many digits to read."""
    if 0 < value < 1e-12:
        raise ValueError(f"{value} is too small to stand in a path, expected 0, or 1e-12 or more")
    return value


Sparsity = Annotated[float, Field(ge=0, lt=100), FromText, AfterValidator(_spelled), Label]
WeightDecay = Annotated[float, Field(ge=0, lt=1e6), FromText, AfterValidator(_spelled), Label]
Labels = Literal["correct", "random"]
Control = Literal["none", "shuffled", "shuffled-inputs", "inverted"]
BatchSize = Annotated[
    int | Literal["all"],
    BeforeValidator(batch_size),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
]
Seed = Annotated[int, Field(ge=0, lt=2**63), FromText]
Classes = Literal["all", "each", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]


class _Named(Model):
    """Something that has a file of its own: its path spells every axis."""

    dataset: Name = "mnist"
    """Data sets by name: `mnist`, `fashion-mnist`, each also `-inverted`, and with a number of
    training examples (`mnist-3000`)."""
    network: Name = "lenet-300-100"
    """Networks by name."""
    criterion: Name = "snip"
    """Criteria by name; a grid without any takes the study's."""

    @property
    def key(self) -> dict[str, Any]:
        """The columns that identify it, in the order of the path."""
        return dict(self)

    @property
    def path(self) -> str:
        """Its path below the folder of its kind, without ending."""
        return "/".join(f"{name}-{value}" for name, value in self)


class MaskSet(_Named):
    """A kind of mask: one mask file, of networks of several seeds and at several sparsities."""

    batch_size: BatchSize = 100
    """Examples in the pruning batch; `all` is every training example."""
    classes: Classes = "all"
    """The pruning batch's: `all`; the one class that it is drawn from; or `each`, for the masks of
    ten pruning batches, one of each class."""
    reading: Name = PAPER
    """Reading of the protocol by name; `paper` is the study's own settings."""


class Scored(Model):
    """What a mask file holds of its kind of mask."""

    seeds: Values[Seed] = [0]
    """A network for each seed."""
    sparsities: Values[Sparsity] = [90]
    """Percent of the prunable parameters removed."""


class Run(_Named):
    """One network trained: a value of every axis. Its defaults are those of a grid, too."""

    sparsity: Sparsity = 90
    """Percent of the prunable parameters removed; 0 is the reference."""
    batch_size: BatchSize = 100
    """Examples in the pruning batch; `all` is every training example of the run."""
    labels: Labels = "correct"
    """Labels trained on, `correct` or `random`; the sensitivity always uses the correct ones."""
    weight_decay: WeightDecay = 0.0005
    """Weight decay (L2) coefficients."""
    reading: Name = PAPER
    """Readings of the protocol by name; `paper` is the study's own settings."""
    control: Control = "none"
    """What is changed about each mask: nothing (`none`); its connections shuffled within each
    parameter tensor (`shuffled`), or within each input of a layer (`shuffled-inputs`); or the
    lowest scores kept (`inverted`)."""
    seed: Seed = 0
    """One run for each seed; it fixes split, order of examples, pruning batch and weights."""

    @property
    def masks(self) -> MaskSet:
        """How the run's network is scored."""
        return MaskSet(**{name: getattr(self, name) for name in MASK_AXES if name != "classes"})


KEY = list(Run.model_fields)
MASK_AXES = list(MaskSet.model_fields)
# The key columns of tables of masks.
MASK_KEY = [*MASK_AXES, "seed", "sparsity"]
# The axes and their names in a grid. Runs are sorted by them; the last one varies fastest.
AXES = {
    "reading": "readings",
    "network": "networks",
    "dataset": "datasets",
    "labels": "labels",
    "weight_decay": "weight_decays",
    "sparsity": "sparsities",
    "criterion": "criteria",
    "control": "controls",
    "batch_size": "batch_sizes",
    "seed": "seeds",
}
