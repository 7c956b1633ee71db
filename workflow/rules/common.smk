# Helpers shared by all stages. Nothing here imports torch, since on a cluster every job parses the
# workflow again.
import json
import os
import sys
from pathlib import Path

from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError
from snakemake.io import is_flagged

# Ours before any other package called `snip`, and no script of ours before a library.
sys.path.insert(0, os.path.join(workflow.basedir, "scripts"))

from snip.datasets.sources import IDX_FILES, SUMMARY
from snip.datasets.variants import parse_dataset
from snip.jobs import code as imports
from snip.study import registry
from snip.study import axes as runs
from snip.jobs.failures import SnipError
from snip.study import figures
from snip.study import config as configuration
from snip.study import grids

sys.path.pop(0)

try:
    imports.check()
    config = configuration.check(config)
    RUNS = grids.study_runs(config)
    MASKS = {mask.path: sparsities for mask, sparsities in grids.study_masks(config).items()}
except SnipError as error:
    raise WorkflowError(f"{error}")

RESULTS = f"results/{config['study']}"
DATASETS = "results/datasets"
# The default study's figures lie in figures/, those of every other study in a folder of its own.
FIGURES = "figures" if config["study"] == "default" else f"figures/{config['study']}"
FORMS = ("pdf", "png", "csv")
DRAWN = (*figures.FIGURES, "claims")
# The figures whose masks are tabulated, and those that claims are about.
SCORED = tuple(name for name in figures.MASKED if figures.FIGURES[name].masks == "all")
CLAIMED = (*(name for name in figures.FIGURES if name != "anatomy"), "claims")
TABLES = ("runs", "layers", "curves", "settings")


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
    slice="|".join((*figures.FIGURES, "runs", "masks", "claims")),


def code(script, *modules):
    """The files of a script and of the library that it uses, and of modules that it loads by name.

    Rules name their code as input: Snakemake compares small inputs by checksum, so a fresh clone
    reruns nothing and an edit exactly what uses it.
    """
    return imports.code_of(f"scripts/{script}.py", *modules)


def run_code(script):
    """As `code`, with the wildcards' own criterion, network and data source, and no others."""

    def files(wildcards):
        source = parse_dataset(wildcards.dataset).source
        chosen = [
            registry.file("criteria", wildcards.criterion),
            registry.file("networks", wildcards.network),
        ]
        return [*code(script, *chosen), f"scripts/snip/datasets/sources/{source}.yaml"]

    return files


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


def fetched(source, files):
    """Fetched files of a source: `ancient`, as the checksums in the source's file decide on them.

    They are verified whenever they are read.
    """
    return [ancient(f"{DATASETS}/{source}/{file}") for file in files]


def data(wildcards):
    """The IDX files that the wildcards' data set reads."""
    return fetched(parse_dataset(wildcards.dataset).source, IDX_FILES)


def summary(wildcards):
    """The summary of the wildcards' data set."""
    return fetched(parse_dataset(wildcards.dataset).source, [SUMMARY])


def summaries(names):
    """The summaries of the data sets that figures show, and what decides on their content."""
    sources = sorted(
        {
            parse_dataset(name).source
            for figure in names
            for grid in grids.grids(config, figure)
            for name in grid["datasets"]
        }
    )
    described = [f"scripts/snip/datasets/sources/{source}.yaml" for source in sources]
    return described + [p for s in sources for p in fetched(s, [SUMMARY])]


def slice_text(name):
    """The part of the configuration that decides a figure, the tables or the claims."""
    names = {
        "runs": (*figures.TRAINED, "claims"),
        "masks": SCORED,
        "claims": CLAIMED,
    }.get(name, (name,))
    part = grids.slice_of(config, names)
    if name == "runs":  # nothing is judged or drawn here
        part = {key: part[key] for key in ("study", "grids", "settings")}
    return json.dumps(part, sort_keys=True)


def slice_digest(name):
    """The SHA-256 of a slice: what reads it refuses one that is not of this configuration."""
    return grids.digest(json.loads(slice_text(name)))


def run_arguments(wildcards):
    """The options of train.py: the run, then its settings."""
    key = {axis: wildcards[axis] for axis in runs.Run.__annotations__}
    values = grids.settings(config, wildcards.network, wildcards.dataset)
    return f"{runs.arguments(key)} {runs.arguments(values)}"


def mask_arguments(wildcards):
    """The options of prune.py: what is scored, and every sparsity that a figure shows of it."""
    key = {axis: wildcards[axis] for axis in runs.MaskSet.__annotations__}
    path = runs.MASK_PATH.format(**key)
    if path not in MASKS:
        raise WorkflowError(f"no figure of study {config['study']} shows the masks {path}")
    values = grids.scoring_part(grids.settings(config, wildcards.network, wildcards.dataset))
    words = [runs.arguments(key), "--images-only --sparsity", *MASKS[path], runs.arguments(values)]
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
    """The mask files of figures; of the seed that is shown alone, if asked for."""
    files = {}
    for name in names:
        masks = grids.expand_masks(name, grids.grids(config, name))
        shown = grids.shared_seeds(name, grids.grids(config, name))[0]
        for mask in masks:
            if mask.seed == shown or not shown_only:
                files[f"{RESULTS}/masks/{mask.path}.npz"] = None
    return list(files)


def figure_inputs(wildcards):
    """The tables, mask files and summaries that a figure shows."""
    shown = figures.FIGURES[wildcards.figure]
    files = []
    if shown.trained:
        files += [f"{RESULTS}/tables/{wildcards.figure}/{table}.csv" for table in TABLES]
    if shown.masks:
        # Figure 3 looks in all of them for the example that the paper shows.
        files += mask_files(wildcards.figure, shown_only=not shown.trained)
    if shown.trained and shown.masks:
        files += summaries([wildcards.figure])
    return files


def figure_code(wildcards):
    """The code that draws a figure."""
    drawer = figures.FIGURES[wildcards.figure].module
    return code("figure", f"scripts/snip/figures/{drawer}.py")


def check_paths(rule, paths):
    """Refuse a path that the rule meant for it would not make."""
    for path in paths:
        if not workflow.get_rule(rule).is_producer(path):
            raise WorkflowError(f"{path} does not match the paths of rule {rule}, a name is wrong")


def forget_sums(sums, *listed):
    """Remove a list of sums that outlives a file it lists: Snakemake would not miss the file."""
    if not all(Path(FIGURES, name).exists() for name in listed):
        Path(FIGURES, sums).unlink(missing_ok=True)
