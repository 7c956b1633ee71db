# What the rules call by name. Nothing here imports torch: on a cluster every job parses this again.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The code lies beside the Snakefile, results and figures in the working directory.
HOME = os.path.dirname(os.path.dirname(str(workflow.current_basedir)))
SCRIPTS = os.path.join(HOME, "scripts")
# Put our code first, so that no other package called `snip` is imported; remove it below, so that no
# script hides a library.
sys.path.insert(0, SCRIPTS)

from snip.datasets.sources import FETCHED, IDX_FILES, SUMMARY, load_source
from snip.datasets.variants import parse_dataset
from snip.jobs.code import PROJECT, check_code, code_digest
from snip.jobs.failures import SnipError
from snip.study import axes, config as configuration, figures, grids, options, registry, slices
from snip.study.settings import scoring_part

sys.path.pop(0)

if not os.path.samefile(PROJECT, HOME):
    raise WorkflowError(f"code of {PROJECT} is loaded, expected that of {HOME}: one clone per run")
try:
    check_code()
    configuration.check_files(workflow.configfiles)
    # A workflow that uses this one as a module gives only its own configuration.
    config = configuration.check(configuration.overlaid(configuration.DEFAULT, config))
    RUNS = grids.study_runs(config, figures.EXTRAS)
    MASKS = {mask.path: wanted for mask, wanted in grids.study_masks(config).items()}
except SnipError as error:
    raise WorkflowError(f"{error}")

RESULTS = f"results/{config['study']}"
DATASETS = FETCHED.as_posix()
# The default study's figures lie in figures/, those of every other study in a folder of its own.
PICTURES = "figures" if config["study"] == "default" else f"figures/{config['study']}"
FORMS = ("pdf", "png", "csv")
DRAWN = (*figures.DRAWN, "claims")
TABLES = ("runs", "layers", "curves", "settings")


wildcard_constraints:
    **{name: axis.wildcard for name, axis in axes.AXES.items()},
    source="[a-z0-9-]+",
    class_="all|each",
    figure="|".join(figures.FIGURES),
    slice="|".join((*figures.FIGURES, *slices.OTHERS)),


def scripts(wildcards, input):
    """The folder of the scripts.

    A function of `input`, since Snakemake does not record what such a parameter gives: a clone that
    is moved reruns nothing.
    """
    return SCRIPTS if os.path.relpath(SCRIPTS) != "scripts" else "scripts"


def code(script, *files):
    """The SHA-256 of a script, of all that it imports, and of other files that decide its result.

    A parameter of every rule that computes. An edit reruns exactly what uses it, while a fresh
    clone, with new times of modification, reruns nothing.
    """
    return code_digest(f"scripts/{script}.py", *files)


def run_code(script):
    """As `code`, with the wildcards' own criterion and network, and no others."""

    def digest(wildcards):
        chosen = registry.chosen_files(wildcards.criterion, wildcards.network)
        return code(script, *chosen)

    return digest


def sources_of(names):
    """The sources of the data sets that figures show."""
    shown = [grid["datasets"] for name in names for grid in grids.grids(config, name)]
    return sorted({parse_dataset(dataset).source for each in shown for dataset in each})


def checksums(*sources):
    """The checksums of the sources' files, as one parameter of the rules that read them."""
    return " ".join(
        checksum for source in sources for checksum in load_source(source).checksums.values()
    )


def run_checksums(wildcards):
    """The checksums of the wildcards' data set."""
    return checksums(parse_dataset(wildcards.dataset).source)


def fetched(source, files):
    """Fetched files of a source. They are `ancient`, because only their checksums matter.

    They are verified whenever they are read.
    """
    return [ancient(f"{DATASETS}/{source}/{file}") for file in files]


def data(wildcards):
    """The IDX files that the wildcards' data set reads."""
    return fetched(parse_dataset(wildcards.dataset).source, IDX_FILES)


def summary(wildcards):
    """The summary of the wildcards' data set."""
    return fetched(parse_dataset(wildcards.dataset).source, [SUMMARY])


def slice_digest(name):
    """The SHA-256 of a slice: what reads it refuses one that is not of this configuration."""
    return slices.digest(slices.named_slice(config, name))


def run_settings(wildcards):
    """The settings of the wildcards' network, data set and reading."""
    reading = axes.AXES["reading"].from_path(wildcards.reading)
    return grids.settings(config, wildcards.network, wildcards.dataset, reading)


def run_arguments(wildcards):
    """The options of train.py: the run, then its settings."""
    key = axes.values_in(wildcards, axes.KEY)
    return f"{options.arguments(key)} {options.arguments(run_settings(wildcards))}"


def mask_arguments(wildcards):
    """The options of prune.py: what is scored, and every seed and sparsity that a figure shows."""
    path = axes.MASK_PATH.format(**{axis: wildcards[axis] for axis in axes.MASK_AXES})
    key = axes.values_in(wildcards, axes.MASK_AXES)
    if path not in MASKS:
        raise WorkflowError(f"no figure of study {config['study']} shows the masks {path}")
    values = scoring_part(run_settings(wildcards))
    seeds, sparsities = (" ".join(map(str, labels)) for labels in MASKS[path])
    return (
        f"{options.arguments(key)} --images-only --seed {seeds} --sparsity {sparsities}"
        f" {options.arguments(values)}"
    )


def run_minutes(wildcards, attempt):
    """A run's time limit: generous for a slow core, and more with each attempt."""
    return (10 + run_settings(wildcards)["iterations"] // 600) * attempt


def run_files(*names):
    """The result files of figures, and of `claims`."""
    wanted = grids.expand_runs(grid for name in names for grid in grids.grids(config, name))
    return [f"{RESULTS}/runs/{run.path}.json" for run in wanted]


def mask_files(*names):
    """The mask files of figures, each once."""
    wanted = (
        mask for name in names for mask in grids.expand_masks(name, grids.grids(config, name))
    )
    return list(dict.fromkeys(f"{RESULTS}/masks/{mask.path}.npz" for mask in wanted))


def figure_inputs(wildcards):
    """The tables, mask files and summaries that a figure shows."""
    shown = figures.FIGURES[wildcards.figure]
    files = []
    if shown.judged:
        files += [f"{RESULTS}/tables/{wildcards.figure}.csv"]
    if shown.trained and not shown.by_reading:
        files += [f"{RESULTS}/tables/{wildcards.figure}/{table}.csv" for table in TABLES]
    if shown.masks:
        files += mask_files(wildcards.figure)
    if shown.trained and shown.masks:
        for source in sources_of([wildcards.figure]):
            files += fetched(source, [SUMMARY])
    return files


def figure_code(wildcards):
    """The code that draws a figure."""
    drawer = figures.FIGURES[wildcards.figure].module
    return code("figure", f"scripts/snip/figures/{drawer}.py")


def judged_data(wildcards):
    """The data that a figure's statements look at: mask images are compared with its images."""
    if not figures.FIGURES[wildcards.figure].by_reading:
        return []
    sources = sources_of([wildcards.figure])
    return [file for source in sources for file in fetched(source, [*IDX_FILES, SUMMARY])]


def judging_code(wildcards):
    """The code that judges a figure's statements."""
    subject = figures.FIGURES[wildcards.figure].module
    return code("judge", f"scripts/snip/claims/{subject}.py")
