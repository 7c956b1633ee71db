"""Specifications: what decides a figure, the tables, the claims, the report, each as a file.

A specification holds a part of the configuration and the digests of the code that uses it. Its
digest stands in its file's name, so a figure whose configuration or code changed needs a file that
does not exist: Snakemake then makes it and draws the figure, whatever its records say. Other edits
rerun nothing.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snip.datasets.sources import load_source
from snip.datasets.variants import parse_dataset
from snip.jobs.code import checked_digest, code_digest
from snip.jobs.failures import SnipError
from snip.jobs.files import sha256
from snip.study import registry
from snip.study.config import Config, Judging, Reading
from snip.study.figures import CLAIMED, DRAWN, FIGURES, SCORED, STUDIED
from snip.study.grids import BySeed, FullGrid, expand_masks, expand_runs, grids, settings
from snip.study.model import Model
from snip.study.runs import MaskSet, Run
from snip.study.settings import scoring_part

# The specifications that are not of one figure.
OTHERS = ("runs", "masks", "claims", "report")
DIGITS = 16  # of the digest, in a file's name
# Characters of one argument: Linux takes 131,071 bytes, and the command stands around the word.
LONGEST = 130_000


class SpecError(SnipError):
    """A specification that is damaged, not the expected one, or too long."""


class Spec(Model):
    """What decides a result."""

    study: str
    grids: dict[str, list[FullGrid]]
    """Completed, by figure; `claims` are runs that only claims need."""
    settings: dict[str, dict[str, dict[str, dict[str, Any]]]]
    """By network, data set and reading; those of scoring alone where no figure shows a trained
    network."""
    reported_error: str = "test_error"
    """The column of test errors that figures show."""
    readings: dict[str, Reading] = {}
    """What each switches, if a figure judges under them."""
    claims: Judging | None = None
    """How claims are judged, if they are."""
    family: dict[str, list[FullGrid]] = {}
    """For a figure that draws at the level of the claims: the grids of them all, but for seeds."""
    config: dict[str, Any] | None = None
    """All of the configuration, for the report alone."""
    code: dict[str, Any] = {}
    """Digest of the code by script; of runs (`train`) and masks (`prune`), by criterion and
    network."""
    data: dict[str, dict[str, str]] = {}
    """Checksums by source and file."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the configuration in it: a figure's files state it."""
        return sha256(self.model_dump_json(exclude={"code", "data"}).encode())

    @property
    def judging(self) -> Judging:
        """How claims are judged, in a specification that judges some."""
        if self.claims is None:
            raise SpecError(f"the specification of {', '.join(self.grids)} judges nothing")
        return self.claims

    @property
    def trained(self) -> list[str]:
        """The figures that show trained networks, `claims` among them."""
        return [name for name in self.grids if name == "claims" or FIGURES[name].trained]

    def only(self, *figures: str) -> Spec:
        """Return the same of some figures."""
        kept = {name: grids for name, grids in self.grids.items() if name in figures}
        return self.model_copy(update={"grids": kept})

    def runs(self, *figures: str) -> list[Run]:
        """Return the runs of figures; of all, if none is named."""
        return expand_runs(g for name in figures or self.trained for g in self.grids[name])

    def masks(self, figure: str) -> dict[MaskSet, BySeed]:
        """Return the mask files of a figure, and what it needs of each."""
        return expand_masks(figure, self.grids[figure])

    def settings_of(self, made: Run | MaskSet) -> dict[str, Any]:
        """Return the settings under which a run is trained, or masks are scored."""
        values = self.settings[made.network][made.dataset][made.reading]
        return scoring_part(values) if isinstance(made, MaskSet) else values

    def file_name(self, name: str) -> str:
        """Return the name of its file."""
        return f"{name}-{sha256(self.model_dump_json().encode())[:DIGITS]}.json"


def spec_of(config: Config, name: str) -> Spec:
    """Return a specification by its name: a figure, or one of OTHERS.

    `runs` and `masks` decide the study's tables, `claims` the verdicts, `report` its pages.
    """
    named = {"runs": STUDIED, "masks": SCORED, "claims": CLAIMED, "report": (*DRAWN, "claims")}
    figures = named.get(name, (name,))
    completed = {figure: grids(config, figure) for figure in figures}
    spec = Spec(study=config.study, grids=completed, settings={})
    tables = name in ("runs", "masks")  # nothing is judged or drawn there
    entries = [FIGURES[figure] for figure in figures if figure in FIGURES and not tables]
    scoring = name == "masks" or not spec.trained
    update: dict[str, Any] = {"settings": _settings(config, spec, scoring)}
    if name in ("runs", "report") or any(entry.errors or entry.judged for entry in entries):
        update["reported_error"] = config.reported_error
    if not tables:
        if any(entry.by_reading for entry in entries):
            update["readings"] = config.readings
        if "claims" in figures or any(entry.judged or entry.at_level for entry in entries):
            judging = {key: getattr(config.claims, key) for key in Judging.model_fields}
            update["claims"] = Judging(**judging)
        if name in FIGURES and FIGURES[name].at_level:
            update["family"] = {f: [g.axes for g in grids(config, f)] for f in CLAIMED}
    if name == "report":
        update["config"] = config.model_dump(exclude={"data_folder", "checkpoint_seconds"})
    runs = [] if name == "masks" else spec.runs()
    masks = [] if name == "runs" else [m for figure in completed for m in spec.masks(figure)]
    sources = {parse_dataset(n).source for n in {each.dataset for each in (*runs, *masks)}}
    update["data"] = {source: load_source(source).checksums for source in sorted(sources)}
    update["code"] = _code(name, runs, masks)
    return spec.model_copy(update=update)


def _settings(
    config: Config, spec: Spec, scoring: bool
) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Return the settings of all that a specification's grids make; or those of scoring alone."""
    by_network: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for grid in itertools.chain(*spec.grids.values()):
        made = {name: None for m in grid.made.values() for name in (m.runs, m.masks)}
        for network, dataset, reading in itertools.product(grid.networks, grid.datasets, made):
            values = settings(config, network, dataset, reading)
            by_dataset = by_network.setdefault(network, {})
            by_dataset.setdefault(dataset, {})[reading] = (
                scoring_part(values) if scoring else values
            )
    return by_network


def _code(name: str, runs: Iterable[Run], masks: Iterable[MaskSet]) -> dict[str, Any]:
    """Return the digests of the code that results come from; see `Spec.code`."""
    code: dict[str, Any] = {
        script: code_digest(f"scripts/{script}.py", *files)
        for script, files in _scripts(name).items()
    }
    for script, made in (("train", runs), ("prune", masks)):
        kinds = sorted({(each.criterion, each.network) for each in made})
        code[script] = {f"{c} {n}": chosen_code(script, c, n) for c, n in kinds}
    return code


def _scripts(name: str) -> dict[str, list[str]]:
    """Return the scripts that read a specification, each with the files that it takes by name."""
    match name:
        case "report":
            page = [f"workflow/report/{name}" for name in ("index.html.jinja2", "shipped.csv")]
            return {"describe": ["workflow/report/versions.html.jinja2"], "page": page}
        case "claims":
            return {"judge": ["scripts/snip/claims/statements.py"]}
        case "runs":
            return {"collect": [], "compare": []}
        case "masks":
            return {"collect": []}
    module = FIGURES[name].module
    scripts = {"figure": [f"scripts/snip/figures/{module}.py"]}
    if FIGURES[name].trained:
        scripts["collect"] = []
    if FIGURES[name].judged:
        scripts["judge"] = [f"scripts/snip/claims/{module}.py"]
    return scripts


def chosen_code(script: str, criterion: str, network: str) -> str:
    """Return the digest of the code of a run (`train`) or mask file (`prune`)."""
    return code_digest(f"scripts/{script}.py", *registry.chosen_files(criterion, network))


def packed(spec: Spec) -> str:
    """Return a specification as one word for a command line, which `spec.py` writes to its file.

    Raises:
        SpecError: the word is too long for the shell.
    """
    word = base64.b64encode(zlib.compress(spec.model_dump_json().encode(), 9)).decode()
    if len(word) > LONGEST:
        raise SpecError(
            f"the configuration of {', '.join(spec.grids)} has {len(word)} characters when packed, "
            f"allowed: {LONGEST}, which a shell takes; split the study"
        )
    return word


def add_option(to: argparse.ArgumentParser) -> None:
    """Add the option that says what decides the result."""
    to.add_argument(
        "--spec",
        type=Path,
        required=True,
        help="JSON file: the part of the configuration that decides the result",
    )


def read(path: Path, script: str, figure: str | None = None) -> Spec:
    """Return the specification that a script was given.

    Args:
        script: its name; its code must be that of the specification.
        figure: the one that it must be of.

    Raises:
        SpecError: it cannot be read, is altered, or is of another figure or for other scripts.
        CodeError: the script was edited since.
    """
    name = path.stem.rpartition("-")[0]
    try:
        spec = Spec.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SpecError(
            f"specification {path} cannot be used: {' '.join(str(error).split())[:200]}; delete "
            "it, and it is made again"
        ) from error
    if (found := spec.file_name(name)) != path.name:
        raise SpecError(
            f"specification {path} is altered: found content of {found}; delete it, and it is made "
            "again"
        )
    if script not in _scripts(name) or figure not in (None, *spec.grids):
        wanted = figure or f"one for {script}"
        raise SpecError(f"specification {path} is of {name}, expected {wanted}")
    checked_digest(spec.code[script], script, *_scripts(name)[script])
    return spec
