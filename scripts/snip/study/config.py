"""What a study's configuration may say, and its defaults.

These models are the schema: config/README.md and config/schema.json are made from them (`make
reference`). What they refuse, and what `study.checks` refuses after them, ends in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    model_serializer,
    model_validator,
)

from snip.study.figures import CLAIMED, FIGURES
from snip.study.model import ByName, FromText, Model, Name, Values, check_known
from snip.study.runs import (
    PAPER,
    BatchSize,
    Control,
    Labels,
    Run,
    Seed,
    Sparsity,
    WeightDecay,
)
from snip.study.settings import (
    Device,
    Protocol,
    Rate,
    ReportedError,
    Schedule,
    Settings,
    Training,
)

# A study with one of these names would collide with other folders or targets.
TAKEN = ("datasets", "all", "claims", "report", *FIGURES)
# Tables would misread the others as missing values, truth values or numbers.
NO_READING = (PAPER, "nan", "null", "none", "true", "false", "inf")
# What no reading switches: its runs would not be of the same study.
FIXED = {"device", "validation_share", "training_batch_size"}
MARGINS = ("1a", "1b", "2a", "2a-told", "3c", "4", "5")
SHARES = ("2a", "2a-told", "3c", "5")  # margins below 1


def _meaning(axis: str) -> str | None:
    return Run.model_fields[axis].description


def _axis(name: str) -> Any:
    """Return the field of an axis in a grid; one that does not name it has the run's default."""
    return Field([Run.model_fields[name].default], description=_meaning(name))


def _known(allowed: Sequence[str], what: str) -> AfterValidator:
    def check(name: str) -> str:
        check_known(name, allowed, what)
        return name

    return AfterValidator(check)


def _study(name: str) -> str:
    if name in TAKEN or not name[:1].isalnum() or len(name) > 100:
        raise ValueError(
            f"{name!r} found, expected another name than {', '.join(TAKEN)}, which begins with a "
            "letter or a digit and has at most 100 characters"
        )
    return name


def _reading(name: str) -> str:
    if name in NO_READING or not name[:1].isalpha() or len(name) > 40:
        raise ValueError(
            f"{name!r} found, expected a name that begins with a letter, has at most 40 "
            f"characters, and is none of {', '.join(NO_READING)}"
        )
    return name


def _margins(values: dict[str, float]) -> dict[str, float]:
    for name in MARGINS:
        if name not in values:
            raise ValueError(f"it lacks {name}, expected {', '.join(MARGINS)}")
        if name in SHARES and values[name] >= 1:
            raise ValueError(f"{name} is {values[name]}, expected less than 1")
    return {name: values[name] for name in MARGINS}  # another order changes nothing


class Grid(Model):
    """A product of axes; runs that several grids or figures share are made once."""

    figure: Annotated[str, _known(CLAIMED, "a figure with claims")] | None = None
    """For `readings`, and required there: the figure whose claims are judged on the grid, or
    `claims`."""
    readings: Values[str] = _axis("reading")
    networks: Values[str] = _axis("network")
    datasets: Values[str] = _axis("dataset")
    labels: Values[Labels] = _axis("labels")
    weight_decays: Values[WeightDecay] = _axis("weight_decay")
    sparsities: Values[Sparsity] = _axis("sparsity")
    criteria: Values[str] | None = Field(None, description=_meaning("criterion"))
    controls: Values[Control] = _axis("control")
    batch_sizes: Values[BatchSize] = _axis("batch_size")
    seeds: Values[Seed] = Field(description=_meaning("seed"))
    mask_seeds: Values[Seed] | None = None
    """For Figure 3: the seeds whose masks are scored, which cost seconds; otherwise those of the
    runs."""


class Network(Model):
    """Per network:"""

    learning_rate: Rate
    """Learning rate at the start of training."""


class Reading(Settings):
    """What a reading of the protocol switches: what it says counts, not the defaults."""

    weight_decay: WeightDecay = 0.0005
    """Weight decay of every run that the figure's grids name."""
    reported_error: ReportedError = "test_error"
    """The column of test errors that is judged."""

    @property
    def switches(self) -> dict[str, Any]:
        """What it says, in the order of the fields: a set has another in each process."""
        fields = (name for name in type(self).model_fields if name in self.model_fields_set)
        return {name: getattr(self, name) for name in fields}

    @model_serializer
    def _only_switches(self) -> dict[str, Any]:
        return self.switches

    @model_validator(mode="after")
    def _switch_something(self) -> Reading:
        if not self.model_fields_set:
            raise ValueError("it switches nothing, expected a setting")
        if fixed := self.model_fields_set & FIXED:
            raise ValueError(f"it switches {min(fixed)}, which all runs of a study share")
        return self


class Judging(Model):
    """How the paper's claims are tested ([docs/claims.md](../docs/claims.md)):"""

    alpha: Annotated[float, Field(ge=1e-6, lt=0.5), FromText]
    """Probability allowed for any wrong verdict among all claims."""
    confirming_from: Seed
    """Seeds from here on confirm. A statement that has two of them (three where seeds are compared
    in pairs) is judged on these alone."""
    margins: Annotated[
        ByName[
            Annotated[str, _known(MARGINS, "a claim with a margin")],
            Annotated[float, Field(gt=0), FromText],
        ],
        AfterValidator(_margins),
    ]
    """Per claim, what counts as equal, alike, told or fitted: percentage points of test error that
    count as equal, `lenet-300-100` (`1a`) and `lenet-5-caffe` (`1b`); correlation from which a mask
    image resembles its class (`2a`), or its example (`3c`); share of the classes that must be told
    from their mask images (`2a-told`); training loss below which a network fits (`4`); difference
    of correlations that counts as equal (`5`, for claims 5 and 6)."""


class Claims(Judging):
    """How the paper's claims are tested ([docs/claims.md](../docs/claims.md)):"""

    runs: list[Grid]
    """Grids of runs that no figure shows: the control of claim 4."""


class Config(Model):
    """Configuration of a study: what is trained, how, and what the figures show."""

    study: Annotated[Name, AfterValidator(_study)]
    """Name of the study: its results lie in `results/STUDY`, its figures in `figures/STUDY` (those
    of `default` in `figures/`)."""
    data_folder: Annotated[str, Field(min_length=1)]
    """Folder searched first for the data sets' files, in `data_folder/SOURCE/`, never written to;
    `~` is your home. Changing it reruns nothing."""
    checkpoint_seconds: Annotated[int, Field(ge=1), FromText]
    """Seconds between checkpoints of a run; changing it reruns nothing."""
    device: Device = "cpu"
    """What trains: `cpu`, or `cuda` (tried on one kind of GPU), each with last digits of its own;
    scoring is always done on the cpu, so masks do not depend on it."""
    criteria: Values[str]
    """Criteria of every grid that names none itself."""
    networks: ByName[str, Network]
    """Per network:"""
    protocol: Protocol
    """The questions that the paper leaves open ([docs/protocol.md](../docs/protocol.md)):"""
    reported_error: ReportedError
    """The column of test errors that Figures 1 and 3 show: `test_error`,
    `best_validation_test_error`, `best_test_error`."""
    readings: ByName[Annotated[Name, AfterValidator(_reading)], Reading]
    """Readings of the protocol by name: what each switches, among the settings of `protocol`,
    `training`, `networks` and `schedules`, `reported_error` and `weight_decay`. The name `paper` is
    taken: it is the study's own settings."""
    training: Training
    """Of every run:"""
    schedules: ByName[str, Schedule]
    """Length of training: under `default` for all data sets, under a data set's name what differs
    for it:"""
    figures: ByName[Annotated[str, _known(list(FIGURES), "a figure")], list[Grid]]
    """For each of `fig1` to `fig7`, `gradient`, `anatomy`, `readings`, `criteria`, `controls` a
    list of grids; an empty one leaves the figure out, and its claims; a grid is the product of:"""
    claims: Claims
    """How the paper's claims are tested ([docs/claims.md](../docs/claims.md)):"""

    def grids(self, figure: str) -> list[Grid]:
        """Return the grids of a figure, or of the runs that only claims need (`claims`)."""
        return self.claims.runs if figure == "claims" else self.figures[figure]

    @model_validator(mode="before")
    @classmethod
    def _add_default_grids(cls, values: object) -> object:
        """Give a figure that the configuration does not name its default grids."""
        if not isinstance(values, Mapping) or not isinstance(values.get("figures"), Mapping):
            return values
        own = {name: figure.grids for name, figure in FIGURES.items() if figure.grids}
        return {**values, "figures": own | dict(values["figures"])}

    @model_validator(mode="after")
    def _have_every_part(self) -> Config:
        for name in FIGURES:
            if name not in self.figures:
                raise ValueError(f"figures.{name} is missing, expected a list of grids")
        default = self.schedules.get("default")
        if default is None:
            raise ValueError("schedules.default is missing, expected the schedule of all data sets")
        for key in ("iterations", "decay_every", "evaluate_every"):
            if key not in default.model_fields_set:
                raise ValueError(f"schedules.default.{key} is missing, expected a value")
        if "learning_rate" in default.model_fields_set:
            raise ValueError(
                "schedules.default.learning_rate is one rate for all networks, expected "
                "networks.NETWORK.learning_rate, or a schedule of one data set"
            )
        return self
