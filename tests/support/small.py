"""A study in miniature, on generated data, and how to run Snakemake on it."""

import hashlib
import os
import re
import sys
from pathlib import Path

import yaml

from helpers import copy_project, generated_files, run_in, write_source
from snip.study.runs import Run

# Every rule and figure on generated data, with as few jobs as show every case.
SMALL = yaml.safe_load("""
study: small
schedules: {generated-200: {iterations: 10}}
figures:
  fig1: [{datasets: [generated], sparsities: [0, 90], seeds: [0]}]
  fig2: [{datasets: [generated], sparsities: [50, 90], batch_sizes: [20], seeds: [0]}]
  fig3: [{datasets: [generated], batch_sizes: [1, 100], seeds: [0]}]
  fig4: [{<<: &memorised {datasets: [generated-200], networks: [lenet-5-caffe], labels: [random]},
          sparsities: [0, 99], seeds: [0, 1]}]
  fig5: [{datasets: [generated-inverted], sparsities: [50], batch_sizes: [20], seeds: [0]}]
  fig6: [{datasets: [generated], criteria: [gradient-signed], sparsities: [50], batch_sizes: [20],
          seeds: [0]}]
  gradient: [{datasets: [generated], criteria: [gradient], sparsities: [50], batch_sizes: [20],
              seeds: [0]}]
  fig7: [{<<: *memorised, sparsities: [0], seeds: [0]}]
  anatomy: [{datasets: [generated], criteria: [snip], sparsities: [90, 99], seeds: [0]}]
  readings:
  - {figure: fig1, datasets: [generated], readings: [paper, keep, best], sparsities: [0, 90],
     seeds: [0, 1]}
  - {figure: fig2, datasets: [generated], readings: [paper, unit], sparsities: [50, 90],
     batch_sizes: [20], seeds: [0]}
  criteria: [{datasets: [generated], criteria: [snip, synflow], sparsities: [0, 90], seeds: [0, 1]}]
  controls:
  - {datasets: [generated], criteria: [snip], controls: [none, inverted], readings: [keep],
     seeds: [0, 1]}
  - {datasets: [generated], criteria: [snip], readings: [redraw], seeds: [0, 1]}
claims:
  runs: [{<<: *memorised, controls: [shuffled], sparsities: [99], seeds: [0]}]
""")
# One of its runs, of Figures 1 and 3.
RUN = Run(dataset="generated").path
CONFIGS = ["--configfile", "config/tiny.yaml", "config/small.yaml"]


def small_project(folder: Path) -> Path:
    """A copy of the project with the generated data set and the study `small`."""
    copy_project(folder)
    files = generated_files()
    given = folder / "data" / "generated"
    given.mkdir(parents=True)
    for name, content in files.items():
        (given / name).write_bytes(content)
    write_source(files, folder / "scripts/snip/datasets/sources", 600)
    (folder / "config/small.yaml").write_text(yaml.safe_dump(SMALL))
    return folder


def snakemake(folder, *arguments, target="figures/all", configs=CONFIGS, **options):
    targets = [target] if isinstance(target, str) else target
    command = ["snakemake", *configs, *arguments, "--", *targets]
    return run_in(folder, *command, env=environment(), **options)


def environment():
    """This environment's programs first, as when it is activated."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def kernels():
    """What names the kernels of numpy's library; others than this process has give other digits."""
    return {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}


def planned(folder, *arguments, **options) -> dict[str, int]:
    """How many jobs of each rule a dry-run plans."""
    output = snakemake(folder, "-n", *arguments, **options).stdout
    _, _, stats = output.partition("Job stats:")
    counts = dict(re.findall(r"^([a-z_]+) +(\d+)$", stats.partition("Reasons")[0], re.M))
    counts.pop("total", None)  # named targets, such as figures/all, do not count
    return {rule: int(count) for rule, count in counts.items()}


def digests(folder: Path, study_name="small") -> dict[str, str]:
    """The SHA-256 of every result, table, mask and figure."""
    paths = [
        path
        for kind in ("runs", "masks", "tables")
        for path in (folder / "results" / study_name / kind).rglob("*")
    ]
    paths += [path for path in (folder / "figures").rglob("*") if path.name != "README.md"]
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def overlaid(folder: Path, *contents) -> list[str]:
    """The configuration files of `small` with contents laid over them."""
    paths = []
    for number, content in enumerate(contents):
        paths.append(f"config/own-{number}.yaml")
        (folder / paths[-1]).write_text(yaml.safe_dump(content))
    return [*CONFIGS, *paths]


def grid(figure: str, **changed) -> dict:
    """What a configuration says to change the grid of a figure of `small`."""
    return {"figures": {figure: [{**SMALL["figures"][figure][0], **changed}]}}


def append(path: Path, text: str = "\nEDITED = True\n") -> None:
    """Edit a file."""
    path.write_text(path.read_text() + text)
