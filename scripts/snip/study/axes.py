"""The axes that a study sweeps: what each is called, what it may be, and its default.

This table is the only home of these facts. Run and MaskSet, the tables' key columns, the command
line options, the wildcards of the workflow, the grids and their schema follow from it and from the
two path grammars. A new axis is one entry here and its place in a path. An axis that has the name
of a setting (see `study.settings`) sweeps that setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, make_dataclass
from string import Formatter
from typing import Any

from snip.study.spelling import number, spelled

# The paths of a run below `runs/` and of a mask file below `masks/`, without ending. An axis that
# is `unsaid` brings a folder of its own, `/reading-he`, or nothing. Key columns have this order,
# with unsaid axes last.
RUN_PATH = (
    "{dataset}/{network}/{criterion}/sparsity-{sparsity}/batch-{batch_size}"
    "/labels-{labels}/decay-{weight_decay}{reading}{control}/seed-{seed}"
)
MASK_PATH = "{dataset}/{network}/{criterion}/batch-{batch_size}/class-{class_}{reading}"


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        name: its column, option and wildcard.
        grid: its key in a grid of the configuration, a plural.
        default: the value where a grid or a command line names none. (A grid without criteria takes
            the study's, and every grid names its seeds.)
        pattern: regular expression of a value in a path.
        schema: JSON schema of one value in a grid.
        help: one sentence for the command line and the schema.
        unsaid: whether a path does not say the default, so that older paths stay what they are.
    """

    name: str
    grid: str
    default: str | int
    pattern: str
    schema: Mapping[str, Any]
    help: str
    unsaid: bool = False

    @property
    def wildcard(self) -> str:
        """Regular expression of what a path has for a value."""
        return f"(/{self.name}-({self.pattern}))?" if self.unsaid else self.pattern

    def in_path(self, value: str | int) -> str:
        """Return what a path has for a value."""
        if not self.unsaid:
            return str(value)
        return "" if value == self.default else f"/{self.name}-{value}"

    def from_path(self, part: str) -> str:
        """Return the value that a path has; the inverse of `in_path`."""
        if not self.unsaid:
            return part
        return part.removeprefix(f"/{self.name}-") or str(self.default)

    def spelled(self, value: object) -> str | int:
        """Return the one spelling of a value that YAML or a command line spelled somehow.

        Raises:
            ValueError: it has none, or its limits do not allow it.
        """
        found = spelled(self.name.replace("_", " "), value, self.schema)
        # Else Snakemake would take the path for a source file, and say that nothing is to be done.
        if not re.fullmatch(self.pattern, str(found)):
            allowed = self.schema.get("enum", ["lower case letters, digits, hyphens"])
            raise ValueError(f"{self.name} is {value!r}, allowed: {', '.join(map(str, allowed))}")
        return found


_NAME = r"[a-z0-9-]+"
_NUMBER = r"\d+(\.\d+)?"
# Runs are sorted by these axes; the last one varies fastest.
_ENTRIES = [
    Axis(
        "reading",
        "readings",
        "paper",
        _NAME,
        {"type": "string"},
        help="Readings of the protocol by name; `paper` is the study's own settings.",
        unsaid=True,
    ),
    Axis(
        "network", "networks", "lenet-300-100", _NAME, {"type": "string"}, help="Networks by name."
    ),
    Axis(
        "dataset",
        "datasets",
        "mnist",
        _NAME,
        {"type": "string"},
        help="Data sets by name: `mnist`, `fashion-mnist`, each also `-inverted`, and with a "
        "number of training examples (`mnist-3000`).",
    ),
    Axis(
        "labels",
        "labels",
        "correct",
        "correct|random",
        {"enum": ["correct", "random"]},
        help="Labels trained on; the sensitivity always uses the correct ones.",
    ),
    Axis(
        "weight_decay",
        "weight_decays",
        "0.0005",
        _NUMBER,
        {"type": "number", "minimum": 0},
        help="Weight decay (L2) coefficients.",
    ),
    Axis(
        "sparsity",
        "sparsities",
        "90",
        _NUMBER,
        {"type": "number", "minimum": 0, "exclusiveMaximum": 100},
        help="Percent of the prunable parameters removed; 0 is the reference.",
    ),
    Axis(
        "criterion",
        "criteria",
        "snip",
        _NAME,
        {"type": "string"},
        help="Criteria by name; a grid without any takes the study's.",
    ),
    Axis(
        "control",
        "controls",
        "none",
        "none|shuffled|shuffled-inputs|inverted",
        {"enum": ["none", "shuffled", "shuffled-inputs", "inverted"]},
        help="What is changed about each mask: nothing; its connections shuffled within each "
        "parameter tensor, or within each input of a layer; or the lowest scores kept"
        " (`inverted`).",
        unsaid=True,
    ),
    Axis(
        "batch_size",
        "batch_sizes",
        100,
        r"\d+|all",
        {"type": ["integer", "string"], "minimum": 1, "pattern": "^all$"},
        help="Examples in the pruning batch; `all` is every training example of the run.",
    ),
    Axis(
        "seed",
        "seeds",
        0,
        r"\d+",
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        help="One run for each seed; it fixes split, order of examples, pruning batch and weights.",
    ),
]
AXES = {axis.name: axis for axis in _ENTRIES}


def _names(path: str) -> list[str]:
    """Return the names in a path grammar, in order, those of unsaid axes last."""
    names = [name for _, name, _, _ in Formatter().parse(path) if name]
    return sorted(names, key=_unsaid)


def _unsaid(name: str) -> bool:
    return name in AXES and AXES[name].unsaid


def _fields(names: Iterable[str]) -> list[tuple]:
    """Return the fields of a key: an unsaid axis has its default."""
    return [(n, Any, field(default=AXES[n].default)) if _unsaid(n) else (n, Any) for n in names]


# The key columns of tables of runs, the axes of a mask file, the key columns of tables of masks.
KEY, MASK_AXES = _names(RUN_PATH), _names(MASK_PATH)
MASK_KEY = [*(name.rstrip("_") for name in _names(MASK_PATH + "{seed}")), "sparsity"]


class _Key:
    """What runs and mask sets have in common."""

    @property
    def key(self) -> dict[str, Any]:
        """The columns that identify it: numbers as numbers, `class` for `class_`."""
        numbers = {name for name, axis in AXES.items() if axis.schema.get("type") == "number"}
        return {
            name.rstrip("_"): number(value) if name in numbers else value
            for name, value in asdict(self).items()
        }


class _Run(_Key):
    """One network trained: a value of every axis, in the one spelling that paths have.

    `sparsity` (percent), `weight_decay` and other real numbers are labels, see `label`.
    `batch_size` is a number of examples, or `all` for every training example of the run.
    """

    @property
    def masks(self) -> MaskSet:
        """How the run's network is scored."""
        return MaskSet(**{name: getattr(self, name, "all") for name in MASK_AXES})

    @property
    def path(self) -> str:
        """The run's path below `runs/`, without ending."""
        return spelled_path(RUN_PATH, asdict(self))


class _MaskSet(_Key):
    """One mask file: a kind of mask, of networks of several seeds and at several sparsities.

    `class_` is `all`; the one class that the pruning batch is drawn from; or `each`, for the masks
    of ten pruning batches, one of each class.
    """

    @property
    def path(self) -> str:
        """The file's path below `masks/`, without ending."""
        return spelled_path(MASK_PATH, asdict(self))


Run = make_dataclass("Run", _fields(KEY), bases=(_Run,), frozen=True)
Run.__doc__ = _Run.__doc__
MaskSet = make_dataclass("MaskSet", _fields(MASK_AXES), bases=(_MaskSet,), frozen=True)
MaskSet.__doc__ = _MaskSet.__doc__


def spelled_path(grammar: str, key: Mapping[str, Any]) -> str:
    """Return a path of a grammar for the values of its axes."""
    parts = {
        name: AXES[name].in_path(value) if name in AXES else value for name, value in key.items()
    }
    return grammar.format(**parts)


def values_in(parts: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the values of axes in the parts of a path, such as a rule's wildcards."""
    return {
        name: AXES[name].from_path(parts[name]) if name in AXES else parts[name] for name in names
    }
