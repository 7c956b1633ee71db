"""The report's page of how a study was made: configuration, software, run times."""

import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import yaml
from jinja2 import Template

from snip.figures.provenance import checkout
from snip.jobs.times import job_seconds
from snip.study.names import dataset_name, network_name
from snip.study.runs import KEY, PAPER
from snip.study.spec import Spec
from snip.training.progress import CHANCE_ERROR

PACKAGES = ["torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "snakemake"]


@dataclass
class Part:
    """A part of a page, as the template takes it: a table or code, under a title and a text."""

    table: pd.DataFrame | None = None
    title: str = ""
    text: str = ""
    code: str = ""


def versions_page(
    template: str, study: Spec, runs: pd.DataFrame, made_by: pd.DataFrame, benchmarks: Path
) -> str:
    """Return the page of a study's configuration, software and run times, HTML.

    Args:
        template: the text of a Jinja template, which gets `title` and `parts`.
        study: the specification of the report.
        runs, made_by: the study's tables.
        benchmarks: folder of its benchmark files.
    """
    times = times_table(benchmarks)
    parts = [
        Part(
            times,
            "Run times",
            "Times of each job's last run; jobs may have shared the machine."
            if len(times)
            else f"Unknown: {benchmarks} has no benchmark files. With a storage they lie there.",
        ),
        Part(versions_table(), "Software"),
        Part(
            made_by,
            "What computed the runs",
            "Another BLAS library, or other kernels of it, give other last digits.",
        ),
        Part(settings_table(study, runs), "Settings of the runs"),
        chance_part(runs),
        Part(title="Configuration", code=yaml.safe_dump(study.config, sort_keys=False)),
    ]
    page = Template(template, autoescape=True)
    return page.render(title=f"Study {study.study}", parts=parts)


def times_table(folder: Path) -> pd.DataFrame:
    """Return how many jobs each stage had and how long they took.

    Args:
        folder: of the study's benchmark files, which lie in a folder per stage; those of runs by
            data set and network.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for file in sorted(folder.glob("*/**/*.tsv")):
        stage, *place = file.relative_to(folder).parts
        if stage == "runs":
            stage = f"runs of {network_name(place[1].removeprefix('network-'))}"
        if (seconds := job_seconds(file)) is not None:
            times[stage].append(seconds)
    return pd.DataFrame(
        {
            "stage": stage,
            "jobs": len(seconds),
            "median (s)": round(statistics.median(seconds), 1),
            "sum (min)": round(sum(seconds) / 60, 1),
        }
        for stage, seconds in times.items()
    )


def settings_table(study: Spec, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the settings of the runs: a row per setting, a column per network and data set."""
    kinds = runs[["network", "dataset"]].drop_duplicates().itertuples(index=False, name=None)
    columns = {
        f"{network_name(network)}, {dataset_name(dataset)}": study.settings[network][dataset][PAPER]
        for network, dataset in kinds
    }
    return pd.DataFrame(columns, dtype=object).rename_axis("setting").reset_index().fillna("")


def chance_part(runs: pd.DataFrame) -> Part:
    """Return the runs that learnt nothing although they were trained on correct labels."""
    at_chance = runs[(runs["labels"] == "correct") & (runs["test_error"] > CHANCE_ERROR)]
    return Part(
        at_chance[[*KEY, "test_error"]],
        "Runs that end at chance",
        "Finite, but of no use: trained on correct labels, test error above "
        f"{CHANCE_ERROR:g} %." + ("" if len(at_chance) else " There are none."),
    )


def versions_table() -> pd.DataFrame:
    """Return the commit, and the versions of Python and of the packages that results rest on."""
    commit, tree = checkout()
    rows = [["commit", f"{commit} ({tree})"], ["Python", platform.python_version()]]
    rows += [[package, version(package)] for package in PACKAGES]
    return pd.DataFrame(rows, columns=["what", "version"])
