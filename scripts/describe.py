"""Write the report's pages (HTML), and the parts of its captions that depend on results (RST)."""

import json
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

import yaml

from snip import command
from snip.files import write_atomically
from snip.job_times import job_seconds
from snip.names import network_name
from snip.provenance import checkout

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow/report/page.html.jinja2"
VERDICTS = ("supported", "not supported", "inconclusive")
# Where benchmark files of each stage lie, below the study's folder of them.
STAGES = {
    "runs of {network}": "runs/*/{network}/**/*.tsv",
    "masks": "masks/**/*.tsv",
    "tables": "tables/**/*.tsv",
    "figures and claims": "figures/*.tsv",
}


def claims_part(table) -> dict:
    """Return the table of claims for the page."""
    from snip.claims import found

    return {
        "id": "claims",
        "columns": ["claim", "verdict", "statement", "found", "needed", "n", "statistic"],
        "rows": [
            [r.claim, r.verdict, r.statement, found(r), r.criterion, r.n, r.statistic]
            for r in table.itertuples()
        ],
    }


def published_part(table) -> dict:
    """Return the comparison with the published numbers for the page."""

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


def times_part(folder: Path, networks: list[str]) -> dict:
    """Return jobs and run times per stage, as far as benchmark files are there."""
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
        "text": "Of the jobs as they were last run, side by side on whatever machine ran them.",
        "columns": ["stage", "jobs", "median (s)", "sum (min)"],
        "rows": rows,
    }


def versions_part() -> dict:
    """Return the versions of what computed the results."""
    commit, tree = checkout()
    packages = ["torch", "numpy", "scipy", "statsmodels", "pandas", "matplotlib", "seaborn"]
    rows = [["commit", f"{commit} ({tree})"], ["Python", platform.python_version()]]
    rows += [[package, version(package)] for package in [*packages, "snakemake"]]
    return {"title": "Software", "columns": ["what", "version"], "rows": rows}


def caption(study: str, figure: str, runs: int, masks: int, table) -> str:
    """Return the part of a figure's caption that depends on the results, as RST."""
    counted = [f"{runs} runs"] if runs else []
    counted += [f"{masks} mask files"] if masks else []
    lines = [f"Study *{study}*: {' and '.join(counted)}.", ""]
    for row in table[table["figure"] == figure].itertuples():
        lines.append(
            f"* {row.claim}: {row.statement} **{row.verdict.capitalize()}** (n = {row.n})."
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--claims", type=Path, required=True, help="table of claims")
    parser.add_argument("--published", type=Path, required=True, help="table of published errors")
    parser.add_argument("--configuration", type=Path, required=True, help="JSON file")
    parser.add_argument("--benchmarks", type=Path, required=True, help="the study's folder of them")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    options = parser.parse_args()

    from jinja2 import Template

    from snip import study
    from snip.tables import read_table

    template = Template(TEMPLATE.read_text(), autoescape=True)
    config = json.loads(options.configuration.read_text())
    claims, published = read_table(options.claims), read_table(options.published)
    networks = list(config["networks"])
    schedule = yaml.safe_dump(config["schedules"], sort_keys=False)
    pages = {
        "claims": ("Claims of the paper", [claims_part(claims)]),
        "published": (
            "Published and reproduced test errors",
            [
                published_part(published),
                {"title": f"Schedules of study {config['study']}", "code": schedule},
            ],
        ),
        "versions": (
            f"Study {config['study']}",
            [
                times_part(options.benchmarks, networks),
                versions_part(),
                {"title": "Configuration", "code": yaml.safe_dump(config, sort_keys=False)},
            ],
        ),
    }
    for page, (title, parts) in pages.items():
        text = template.render(title=title, parts=parts, verdicts=VERDICTS)
        write_atomically(options.output / f"{page}.html", text.encode())
    masks = study.mask_grids(config)
    for figure in study.FIGURES:
        trained = figure in study.TRAINED_FIGURES
        runs = len(study.expand_runs(study.table_grids(config, figure))) if trained else 0
        files = len(study.expand_masks(figure, masks[figure])) if figure in masks else 0
        text = caption(config["study"], figure, runs, files, claims)
        write_atomically(options.output / f"{figure}.rst", text.encode())


if __name__ == "__main__":
    command.run(main)
