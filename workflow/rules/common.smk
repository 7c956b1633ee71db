# Helpers shared by all stages. Nothing here imports torch, since on a cluster every job parses the
# workflow again.
import json
import os
import sys
from pathlib import Path

from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError
from snakemake.io import is_flagged

sys.path.append(os.path.join(workflow.basedir, "scripts"))

from snip import datasets, forkserver, imports, job_times, registry, runs, study

try:
    study.check(config)
except study.ConfigError as error:
    raise WorkflowError(f"configuration: {error}")

RESULTS = f"results/{config['study']}"
DATASETS = "results/datasets"
MASK_GRIDS = study.mask_grids(config)
MASKS = study.study_masks(MASK_GRIDS)


wildcard_constraints:
    source="[a-z0-9-]+",
    dataset="[a-z0-9-]+",
    network="[a-z0-9-]+",
    criterion="[a-z0-9-]+",
    sparsity=r"\d+(\.\d+)?",
    batch_size=r"\d+",
    class_=r"all|\d",
    labels="true|random",
    weight_decay=r"\d+(\.\d+)?",
    seed=r"\d+",
    figure=r"fig\d|anatomy",


def note_own_time():
    """Note Snakemake's own processor time beside that of its jobs (scripts/benchmark.py reads it)."""
    if not workflow.remote_exec:
        job_times.note_own_seconds(Path(RESULTS, "benchmarks/snakemake.tsv"))


def code(script):
    """The files of a script and of the library that it uses.

    Rules name their code as input: Snakemake compares small inputs by checksum, so a fresh clone
    reruns nothing and an edit exactly what uses it.
    """
    return imports.code_of(f"scripts/{script}.py")


def run_code(script):
    """As `code`, with the wildcards' own criterion, network and data source, and no others."""

    def files(wildcards):
        source = datasets.parse_dataset(wildcards.dataset).source
        chosen = [
            registry.file("criteria", wildcards.criterion),
            registry.file("networks", wildcards.network),
        ]
        return [
            *imports.code_of(f"scripts/{script}.py", *chosen),
            f"scripts/snip/sources/{source}.yaml",
        ]

    return files


def fetched(source, files):
    """Fetched files of a source: `ancient`, as the checksums in the source's file decide on them.

    They are verified whenever they are read.
    """
    return [ancient(f"{DATASETS}/{source}/{file}") for file in files]


async def plan_readers_apart(dag, *arguments, plan=DAG.update_needrun, **options):
    """Decide which jobs to run, where fetching is no reason to run what reads the files.

    A source's file has the checksums of its data, so that data never change unless it does, and it
    is an input of every reader. Snakemake cannot know this: files that were lost and are fetched
    for one new run would train all the others again, though inputs are `ancient`; and where they
    exist, it would not even ask whether a reader has a reason of its own, such as an edited setting.
    The readers still wait until the files are there.
    """
    fetching = [job for job in dag.jobs if any(is_flagged(f, "update") for f in job.output)]
    readers = {job: dag.depending.pop(job) for job in fetching if job in dag.depending}
    try:
        await plan(dag, *arguments, **options)
    finally:
        dag.depending.update(readers)


DAG.update_needrun = plan_readers_apart


def data(wildcards):
    """The IDX files that the wildcards' data set reads."""
    return fetched(datasets.parse_dataset(wildcards.dataset).source, datasets.FILES)


def summary(wildcards):
    """The summary of the wildcards' data set."""
    return fetched(datasets.parse_dataset(wildcards.dataset).source, [datasets.SUMMARY])


def described_summaries(sources):
    """The summaries of sources, and the sources' files, which decide what is in them."""
    return [
        path
        for source in sources
        for path in (
            f"scripts/snip/sources/{source}.yaml",
            *fetched(source, [datasets.SUMMARY]),
        )
    ]


def settings(wildcards, names=None):
    """The command line options that set up a run, as one string (their order counts)."""
    values = study.settings(config, wildcards.network, wildcards.dataset)
    return runs.arguments({k: v for k, v in values.items() if names is None or k in names})


def run_arguments(wildcards):
    """The options of train.py: the run, then its settings."""
    key = {axis: wildcards[axis] for axis in runs.Run.__annotations__}
    return f"{runs.arguments(key)} {settings(wildcards)}"


def mask_paths(seeds, classes):
    """The mask files of a job: as prune.py orders them."""
    path = f"{RESULTS}/masks/{runs.MASK_PATH}.npz"
    return [
        path.replace("{seed}", str(seed)).replace("{class_}", str(class_))
        for seed in seeds
        for class_ in classes
    ]


def mask_arguments(wildcards, classes, seeds):
    """The options of prune.py: what is scored, and every sparsity that a figure shows of it."""
    axes = ("dataset", "network", "criterion", "batch_size")
    scored = [wildcards[axis] for axis in axes]
    shown = {
        sparsity
        for mask, sparsities in MASKS.items()
        if [str(getattr(mask, axis)) for axis in axes] == scored and mask.class_ in classes
        for sparsity in sparsities
    }
    if not shown:
        raise WorkflowError(f"no figure of study {config['study']} shows masks {'/'.join(scored)}")
    words = [runs.arguments(dict(zip(axes, scored)))]
    words += ["--class", *classes, "--seed", *map(str, seeds)]
    words += ["--sparsity", *sorted(shown, key=float)]
    return " ".join([*words, settings(wildcards, runs.SCORING_SETTINGS)])


def run_minutes(wildcards, attempt):
    """A run's time limit: generous for a slow core, and more with each attempt."""
    iterations = study.settings(config, wildcards.network, wildcards.dataset)["iterations"]
    return (10 + iterations // 600) * attempt


def figure_runs(wildcards):
    """The result files of a figure, or of the whole study."""
    grids = study.table_grids(config, wildcards.get("figure", "all"))
    return [f"{RESULTS}/runs/{run.path}.json" for run in study.expand_runs(grids)]


def origin(figure):
    """The options that put a figure's origin into its metadata."""
    digest = study.figure_configuration(config, figure)
    return f"--study {config['study']} --configuration {digest}"


def shown_masks(figure):
    """The mask files that a figure shows: those of its lowest seed."""
    masks = study.expand_masks(figure, MASK_GRIDS[figure])
    lowest = min(mask.seed for mask in masks)
    return [f"{RESULTS}/masks/{mask.path}.npz" for mask in masks if mask.seed == lowest]


def shown_sparsities(figure):
    """The sparsities that a figure shows; its mask files have those of other figures, too."""
    wanted = study.expand_masks(figure, MASK_GRIDS[figure]).values()
    return sorted({sparsity for each in wanted for sparsity in each}, key=float)
