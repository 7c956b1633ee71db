"""Write the report's pages (HTML), and the parts of its captions that depend on results (RST)."""

import base64
import json
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

import yaml

from snip.claims.verdicts import VERDICTS
from snip.figures.provenance import checkout
from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.jobs.times import job_seconds
from snip.study.names import dataset_name, network_name
from snip.tables.collect import KEY
from snip.training.progress import CHANCE_ERROR

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow/report/page.html.jinja2"
# Where benchmark files of each stage lie, below the study's folder of them.
STAGES = {
    "runs of {network}": "runs/*/{network}/**/*.tsv",
    "masks": "masks/**/*.tsv",
    "tables": "tables/**/*.tsv",
    "figures and claims": "figures/*.tsv",
}


def claims_part(table) -> dict:
    """Return the table of claims for the page."""
    from snip.claims.readable import found, level, region, text

    return {
        "id": "claims",
        "columns": ["claim", "verdict", "statement", "found", "region", "n", "statistic"]
        + ["level", "seeds", "note"],
        "rows": [
            [r.claim, r.verdict, r.statement, found(r), region(r), r.n, r.statistic]
            + [level(r), r.seeds, text(r.note)]
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
        "text": "Times of each job's last run; jobs may have shared the machine.",
        "columns": ["stage", "jobs", "median (s)", "sum (min)"],
        "rows": rows,
    }


def settings_part(settings: dict) -> dict:
    """Return the settings under which the runs were trained: one row each, one column per kind."""
    kinds = [(network, dataset) for network in settings for dataset in settings[network]]
    names = dict.fromkeys(n for network, dataset in kinds for n in settings[network][dataset])
    return {
        "title": "Settings of the runs",
        "columns": [
            "setting",
            *(f"{network_name(n)}, {dataset_name(dataset)}" for n, dataset in kinds),
        ],
        "rows": [
            [setting, *(str(settings[n][dataset].get(setting, "")) for n, dataset in kinds)]
            for setting in names
        ],
    }


def chance_part(runs) -> dict:
    """Return the runs that learnt nothing, though they were trained on true labels."""
    useless = runs[(runs["labels"] == "true") & (runs["test_error"] > CHANCE_ERROR)]
    return {
        "title": "Runs that end at chance",
        "text": "Finite, but of no use: trained on true labels, test error above "
        f"{CHANCE_ERROR:g} %." + ("" if len(useless) else " There are none."),
        "columns": [*KEY, "test_error"],
        "rows": useless[[*KEY, "test_error"]].to_numpy().tolist(),
    }


def versions_part() -> dict:
    """Return the versions of what computed the results."""
    commit, tree = checkout()
    packages = ["torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn"]
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


def front_part(table, picture: bytes) -> str:
    """Return what the report's first page shows of the claims, as RST: counts and the picture."""
    counts = [f"{(table['verdict'] == verdict).sum()} {verdict}" for verdict in reversed(VERDICTS)]
    # In short lines, since docutils refuses a file with a long one; a browser joins them. In a box
    # of its own, since the report centres its first page, and a tall picture would hide the top.
    encoded = base64.b64encode(picture).decode()
    lines = "\n   ".join(encoded[i : i + 5000] for i in range(0, len(encoded), 5000))
    return (
        f"**Of {len(table)} statements: {', '.join(counts)}.**\n\n"
        ".. raw:: html\n\n"
        '   <div style="max-height: 50vh; overflow-y: auto"><img style="width: 100%"\n'
        '   alt="Each statement with its region, its interval and its verdict"\n'
        f'   src="data:image/png;base64,{lines}"></div>\n'
    )


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--claims", type=Path, required=True, help="table of claims")
    parser.add_argument("--published", type=Path, required=True, help="table of published errors")
    parser.add_argument("--settings", type=Path, required=True, help="table of the runs' settings")
    parser.add_argument("--configuration", type=json.loads, required=True, help="JSON")
    parser.add_argument("--forest", type=Path, required=True, help="picture of the claims (.png)")
    parser.add_argument("--benchmarks", type=Path, required=True, help="the study's folder of them")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    options = parser.parse_args()

    from jinja2 import Template

    from snip.study.figures import FIGURES
    from snip.study.grids import slice_masks, slice_of, slice_runs
    from snip.tables.reading import read_settings, read_table

    template = Template(TEMPLATE.read_text(), autoescape=True)
    config = options.configuration
    runs = read_table(options.settings.parent / "runs.csv")
    claims, published = read_table(options.claims), read_table(options.published)
    networks = list(config["networks"])
    settings = settings_part(read_settings(options.settings.parent))
    pages = {
        "claims": ("Claims of the paper", [claims_part(claims)]),
        "published": (
            "Published and reproduced test errors",
            [published_part(published), settings],
        ),
        "versions": (
            f"Study {config['study']}",
            [
                times_part(options.benchmarks, networks),
                versions_part(),
                settings,
                chance_part(runs),
                {"title": "Configuration", "code": yaml.safe_dump(config, sort_keys=False)},
            ],
        ),
    }
    front = front_part(claims, options.forest.read_bytes())
    write_atomically(options.output / "front.rst", front.encode())
    for page, (title, parts) in pages.items():
        text = template.render(title=title, parts=parts, verdicts=VERDICTS)
        write_atomically(options.output / f"{page}.html", text.encode())
    for figure in FIGURES:
        part = slice_of(config, [figure])
        runs = len(slice_runs(part, [figure])) if FIGURES[figure].trained else 0
        files = len(slice_masks(part, figure)) if FIGURES[figure].masks else 0
        text = caption(config["study"], figure, runs, files, claims)
        write_atomically(options.output / f"{figure}.rst", text.encode())


if __name__ == "__main__":
    command.run(main)
