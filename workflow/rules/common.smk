# Helpers shared by all stages. Nothing here imports torch, since on a cluster every job parses the
# workflow again.
import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Ours before any other package called `snip`, and no script of ours before a library.
sys.path.insert(0, os.path.join(workflow.basedir, "scripts"))

from snip import closing, datasets, forkserver, imports, job_times, registry, runs, signals
from snip.errors import SnipError
from snip.study import figures
from snip.study import config as configuration
from snip.study import grids

sys.path.pop(0)

signals.end_as_if_interrupted()

try:
    imports.check()
    config = configuration.check(config)
    RUNS = grids.study_runs(config)
    MASKS = grids.study_masks(config)
except SnipError as error:
    raise WorkflowError(f"{error}")

# The Python that runs Snakemake runs its jobs, unless they get an environment of their own.
PYTHON = "python" if workflow.deployment_settings.deployment_method else sys.executable
RESULTS = f"results/{config['study']}"
DATASETS = "results/datasets"
# The default study's figures lie in figures/, those of every other study in a folder of its own.
FIGURES = "figures" if config["study"] == "default" else f"figures/{config['study']}"


wildcard_constraints:
    source="[a-z0-9-]+",
    dataset="[a-z0-9-]+",
    network="[a-z0-9-]+",
    criterion="[a-z0-9-]+",
    sparsity=r"\d+(\.\d+)?",
    batch_size=r"\d+|all",
    class_="all|each",
    labels="true|random",
    weight_decay=r"\d+(\.\d+)?",
    seed=r"\d+",
    figure="|".join(figures.FIGURES),


def code(script, *modules):
    """The files of a script and of the library that it uses, and of modules that it loads by name.

    Rules name their code as input: Snakemake compares small inputs by checksum, so a fresh clone
    reruns nothing and an edit exactly what uses it.
    """
    return imports.code_of(f"scripts/{script}.py", *modules)


def run_code(script):
    """As `code`, with the wildcards' own criterion, network and data source, and no others."""

    def files(wildcards):
        source = datasets.parse_dataset(wildcards.dataset).source
        chosen = [
            registry.file("criteria", wildcards.criterion),
            registry.file("networks", wildcards.network),
        ]
        return [*code(script, *chosen), f"scripts/snip/sources/{source}.yaml"]

    return files


def data(wildcards):
    """The IDX files that the wildcards' data set reads.

    They are `ancient`: too large to be compared by checksum, and verified whenever they are read.
    """
    source = datasets.parse_dataset(wildcards.dataset).source
    return [ancient(f"{DATASETS}/{source}/{file}") for file in datasets.FILES]


def summary(wildcards):
    """The summary of the wildcards' data set: small, so that its content counts."""
    source = datasets.parse_dataset(wildcards.dataset).source
    return f"{DATASETS}/{source}/{datasets.SUMMARY}"


def summaries(names):
    """The summaries of the data sets that figures show."""
    sources = sorted(
        {
            datasets.parse_dataset(name).source
            for figure in names
            for grid in grids.grids(config, figure)
            for name in grid["datasets"]
        }
    )
    return [f"{DATASETS}/{source}/{datasets.SUMMARY}" for source in sources]


def slice_of(*names):
    """The part of the configuration that decides figures, as a script's option."""
    return json.dumps(grids.slice_of(config, names), sort_keys=True)


def run_arguments(wildcards):
    """The options of train.py: the run, then its settings."""
    key = {axis: wildcards[axis] for axis in runs.Run.__annotations__}
    values = grids.settings(config, wildcards.network, wildcards.dataset)
    return f"{runs.arguments(key)} {runs.arguments(values)}"


def mask_arguments(wildcards):
    """The options of prune.py: what is scored, and every sparsity that a figure shows of it."""
    key = {axis: wildcards[axis] for axis in runs.MaskSet.__annotations__}
    path = runs.MASK_PATH.format(**key)
    wanted = [sparsities for mask, sparsities in MASKS.items() if mask.path == path]
    if not wanted:
        raise WorkflowError(f"no figure of study {config['study']} shows the masks {path}")
    values = grids.scoring_part(grids.settings(config, wildcards.network, wildcards.dataset))
    words = [runs.arguments(key), "--images-only --sparsity", *wanted[0], runs.arguments(values)]
    return " ".join(words)


def run_minutes(wildcards, attempt):
    """A run's time limit: generous for a slow core, and more with each attempt."""
    iterations = grids.settings(config, wildcards.network, wildcards.dataset)["iterations"]
    return (10 + iterations // 600) * attempt


def run_files(*names):
    """The result files of figures, and of `claims`."""
    wanted = grids.expand_runs(grid for name in names for grid in grids.grids(config, name))
    return [f"{RESULTS}/runs/{run.path}.json" for run in wanted]


def mask_files(*names, shown_only=False):
    """The mask files of figures; of their lowest seed alone, if these alone are shown."""
    files = {}
    for name in names:
        masks = grids.expand_masks(name, grids.grids(config, name))
        lowest = min(mask.seed for mask in masks)
        for mask in masks:
            if mask.seed == lowest or not shown_only:
                files[f"{RESULTS}/masks/{mask.path}.npz"] = None
    return list(files)
