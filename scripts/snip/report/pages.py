"""The report's pages: the claims, the published test errors, and how the study was made."""

import platform
import statistics
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Template

from snip.claims.readable import interval_text, level_text, note_text, region_text
from snip.claims.verdicts import VERDICTS
from snip.figures.provenance import checkout
from snip.jobs.threads import multiplication
from snip.jobs.times import job_seconds
from snip.study.axes import KEY
from snip.study.names import dataset_name, network_name
from snip.training.progress import CHANCE_ERROR

# Where the benchmark files of each stage lie below the study's folder of them.
STAGES = {
    "runs of {network}": "runs/*/{network}/**/*.tsv",
    "masks": "masks/**/*.tsv",
    "tables": "tables/**/*.tsv",
    "figures and claims": "figures/*.tsv",
}
PACKAGES = ["torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "snakemake"]

# A part of a page, as the template takes it: `title`, `text`, `code`, or `columns` and `rows`.
Part = dict[str, Any]


def pages(
    template: str,
    config: dict,
    claims: pd.DataFrame,
    published: pd.DataFrame,
    runs: pd.DataFrame,
    settings: Mapping[tuple, Mapping],
    benchmarks: Path,
    logs: Path,
) -> dict[str, str]:
    """Return the pages of a study, HTML by file name.

    Args:
        template: the text of a Jinja template, which gets `title`, `parts` and `verdicts`.
        config: the study's whole configuration.
        claims, published, runs: the study's tables.
        settings: its table of settings, by network, data set and reading.
        benchmarks: folder of its benchmark files.
        logs: folder of its logs.
    """
    settings_table = settings_part(settings)
    contents = {
        "claims": ("Claims of the paper", [claims_part(claims)]),
        "published": (
            "Published and reproduced test errors",
            [published_part(published), settings_table],
        ),
        "versions": (
            f"Study {config['study']}",
            [
                times_part(benchmarks, list(config["networks"])),
                versions_part(),
                multiplication_part(logs),
                settings_table,
                chance_part(runs),
                {"title": "Configuration", "code": yaml.safe_dump(config, sort_keys=False)},
            ],
        ),
    }
    page = Template(template, autoescape=True)
    return {
        f"{name}.html": page.render(title=title, parts=parts, verdicts=VERDICTS)
        for name, (title, parts) in contents.items()
    }


def claims_part(table: pd.DataFrame) -> Part:
    """Return the table of claims."""
    return {
        "id": "claims",
        "columns": ["claim", "verdict", "statement", "found", "region", "n", "statistic"]
        + ["level", "seeds", "note"],
        "rows": [
            [r.claim, r.verdict, r.statement, interval_text(r), region_text(r), r.n, r.statistic]
            + [level_text(r), r.seeds, note_text(r.note)]
            for r in table.itertuples()
        ],
    }


def published_part(table: pd.DataFrame) -> Part:
    """Return the comparison with the published test errors."""

    def ours(row) -> str:
        if not row.n:
            return "not in this study"
        return f"{row.mean:.2f}" + (f" [{row.lower:.2f}, {row.upper:.2f}]" if row.n > 1 else "")

    return {
        "id": "published",
        "columns": ["paper", "network", "sparsity (%)", "pruning batch", "published (%)"]
        + ["ours (%), [95 %]", "n", "our iterations"],
        "rows": [
            [
                row.source,
                network_name(row.network),
                row.sparsity,
                row.batch_size,
                row.published,
                ours(row),
                row.n,
                int(row.iterations) if row.n else "",
            ]
            for row in table.itertuples()
        ],
    }


def times_part(folder: Path, networks: list[str]) -> Part:
    """Return how many jobs each stage had and how long they took.

    Args:
        folder: of the study's benchmark files. Stages without any are left out.
    """
    rows = []
    for stage, pattern in STAGES.items():
        for network in networks if "{network}" in stage else [""]:
            files = sorted(folder.glob(pattern.format(network=network)))
            times = [seconds for file in files if (seconds := job_seconds(file)) is not None]
            if times:
                title = stage.format(network=network_name(network))
                median, total = statistics.median(times), sum(times) / 60
                rows.append([title, len(times), round(median, 1), round(total, 1)])
    return {
        "title": "Run times",
        "text": "Times of each job's last run; jobs may have shared the machine.",
        "columns": ["stage", "jobs", "median (s)", "sum (min)"],
        "rows": rows,
    }


def multiplication_part(folder: Path) -> Part:
    """Return which libraries multiplied the matrices of how many runs and masks.

    Args:
        folder: of the study's logs.
    """
    logs = [*folder.glob("runs/**/*.log"), *folder.glob("masks/**/*.log")]
    said = (multiplication(log.read_text("utf-8", "replace")) for log in sorted(logs))
    found = Counter(library or "not recorded" for library in said)
    return {
        "title": "Matrix products",
        "text": "Which library multiplied, on which processor. Others give other last digits.",
        "columns": ["library and processor", "runs and masks"],
        "rows": [list(pair) for pair in found.most_common()],
    }


def settings_part(settings: Mapping[tuple, Mapping]) -> Part:
    """Return the settings of the runs: a row per setting, a column per network and data set."""
    kinds = {place[:2]: values for place, values in settings.items()}  # no figure sweeps readings
    names = dict.fromkeys(name for values in kinds.values() for name in values)
    return {
        "title": "Settings of the runs",
        "columns": [
            "setting",
            *(f"{network_name(n)}, {dataset_name(dataset)}" for n, dataset in kinds),
        ],
        "rows": [
            [name, *(str(values.get(name, "")) for values in kinds.values())] for name in names
        ],
    }


def chance_part(runs: pd.DataFrame) -> Part:
    """Return the runs that learnt nothing although they were trained on correct labels."""
    at_chance = runs[(runs["labels"] == "correct") & (runs["test_error"] > CHANCE_ERROR)]
    return {
        "title": "Runs that end at chance",
        "text": "Finite, but of no use: trained on correct labels, test error above "
        f"{CHANCE_ERROR:g} %." + ("" if len(at_chance) else " There are none."),
        "columns": [*KEY, "test_error"],
        "rows": at_chance[[*KEY, "test_error"]].to_numpy().tolist(),
    }


def versions_part() -> Part:
    """Return the commit, and the versions of Python and of the packages that results rest on."""
    commit, tree = checkout()
    rows = [["commit", f"{commit} ({tree})"], ["Python", platform.python_version()]]
    rows += [[package, version(package)] for package in PACKAGES]
    return {"title": "Software", "columns": ["what", "version"], "rows": rows}
