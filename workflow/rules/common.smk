# What the rules call by name. Nothing here imports torch: on a cluster every job parses this again.
import os
import shlex
import sys
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

# The code lies beside the Snakefile, results and figures in the working directory.
HOME = os.path.dirname(os.path.dirname(str(workflow.current_basedir)))
SCRIPTS = os.path.join(HOME, "scripts")
# Put our code first, so that no other package called `snip` is imported; remove it below, so that no
# script hides a library.
sys.path.insert(0, SCRIPTS)

from snip.datasets.sources import FETCHED, IDX_FILES, SUMMARY, load_source
from snip.datasets.variants import parse_dataset
from snip.jobs.code import PROJECT, check_code
from snip.jobs import signals, times
from snip.jobs.failures import SnipError
from snip.report import closing
from snip.study import axes, config as configuration, figures, grids, options, slices
from snip.study.settings import scoring_part

sys.path.pop(0)

# What jobs import, besides what Snakemake itself needs.
PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "seaborn",
    "PIL",
    "pypdf",
    "threadpoolctl",
    "tqdm",
)

if not os.path.samefile(PROJECT, HOME):
    raise WorkflowError(f"code of {PROJECT} is loaded, expected that of {HOME}: one clone per run")
try:
    check_code()
    configuration.check_files(workflow.configfiles)
    # A workflow that uses this one as a module gives only its own configuration.
    config = configuration.check(configuration.overlaid(configuration.DEFAULT, config))
    MASKS = {mask.path: wanted for mask, wanted in grids.study_masks(config).items()}
except SnipError as error:
    raise WorkflowError(f"{error}")

RESULTS = f"results/{config['study']}"
DATASETS = FETCHED.as_posix()
SLICES = f"{RESULTS}/slices"
# The default study's figures lie in figures/, those of every other study in a folder of its own.
PICTURES = "figures" if config["study"] == "default" else f"figures/{config['study']}"
STARTED = time.time()
FORMS = ("pdf", "png", "csv")
TABLES = ("runs", "layers", "curves", "settings", "made_by")
# Jobs run the Python that runs Snakemake, unless they get an environment of their own.
DEPLOYED = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
# What a shell sets for other programs must not change what jobs do.
PYTHON = "env -u PYTHONSAFEPATH -u MPLBACKEND " + (
    "python" if DEPLOYED else shlex.quote(sys.executable)
)
CODE = shlex.quote(SCRIPTS if os.path.relpath(SCRIPTS) != "scripts" else "scripts")

if not DEPLOYED and (missing := [name for name in PACKAGES if find_spec(name) is None]):
    raise WorkflowError(
        f"the Python that runs Snakemake, {sys.executable}, lacks {', '.join(missing)}: expected the packages of"
        " requirements.txt beside Snakemake, or --sdm conda"
    )


wildcard_constraints:
    **{name: axis.wildcard for name, axis in axes.AXES.items()},
    source="[a-z0-9-]+",
    class_="all|each",
    figure="|".join(figures.FIGURES),
    slice="|".join((*figures.FIGURES, *slices.OTHERS)),
    digest="[0-9a-f]+",


def scripts(wildcards, input):
    """The command that runs a script, but for its name.

    A function of `input`, since Snakemake does not record what such a parameter gives: a clone or an
    environment that is moved reruns nothing.
    """
    return f"{PYTHON} {CODE}"


def memory(wildcards, attempt):
    """Megabytes: a job uses 0.7 GB."""
    return 1000 + 500 * attempt


def half_hours(wildcards, attempt):
    """Minutes, for jobs that take seconds."""
    return 30 * attempt


def run_code(script):
    """The SHA-256 of a script, of all that it imports, and of the wildcards' criterion and network."""
    return lambda wildcards: slices.chosen_code(script, wildcards.criterion, wildcards.network)


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


@cache
def slice_file(name):
    """The file of a slice: its name has the digest of the configuration and the code."""
    return f"{SLICES}/{slices.file_name(slices.named_slice(config, name), name)}"


def figure_slice(wildcards):
    """The slice of the wildcards' figure."""
    return slice_file(wildcards.figure)


def packed_slice(wildcards):
    """The content of a slice's file."""
    part = slices.named_slice(config, wildcards.slice)
    if slices.file_name(part, wildcards.slice) != f"{wildcards.slice}-{wildcards.digest}.json":
        raise WorkflowError(
            f"no slice {wildcards.slice} of study {config['study']} has the digest {wildcards.digest}"
        )
    try:
        return slices.packed(part)
    except SnipError as error:
        raise WorkflowError(f"{error}")


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


def judged_data(wildcards):
    """The data that a figure's statements look at: mask images are compared with its images."""
    if not figures.FIGURES[wildcards.figure].by_reading:
        return []
    sources = sources_of([wildcards.figure])
    return [file for source in sources for file in fetched(source, [*IDX_FILES, SUMMARY])]


def drawn(*names):
    """The files of figures, and of `claims`."""
    files = [f"{PICTURES}/{name}.{form}" for name in names for form in FORMS]
    return files + [f"{PICTURES}/claims.md"] if "claims" in names else files


def decisive(*names):
    """The slices of figures, and of `claims`; and, if these are there, which run or mask file is not.

    Behind figures that exist Snakemake would miss neither.
    """
    tables = ["runs", "masks"] if "claims" in names else []
    needed = [slice_file(name) for name in (*names, *tables)]
    if not all(map(os.path.exists, needed)):
        return needed
    # Claims rest on all of the study.
    known = [*names, *figures.CLAIMED] if "claims" in names else names
    trained = [name for name in known if name == "claims" or figures.FIGURES[name].trained]
    made = [*run_files(*trained), *mask_files(*(name for name in known if name != "claims"))]
    return needed + [file for file in made if not os.path.exists(file)]
