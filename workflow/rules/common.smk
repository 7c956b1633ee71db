# What the rules call by name. Nothing here imports torch: on a cluster every job parses this again.
import os
import shlex
import sys
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod, SharedFSUsage

# What Snakemake and jobs import. Jobs run in the environment of Snakemake, or in one of their own.
PLANNING = ("pandas", "pydantic", "yaml")
TRAINING = ("torch", "numpy", "scipy", "seaborn", "pooch", "PIL", "pypdf", "threadpoolctl", "tqdm")
DEPLOYED = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
NEEDED = PLANNING if DEPLOYED else (*PLANNING, *TRAINING)
if missing := [name for name in NEEDED if find_spec(name) is None]:
    raise WorkflowError(
        f"the Python that runs Snakemake, {sys.executable}, lacks {', '.join(missing)}: expected the packages of"
        " requirements.txt beside Snakemake" + ("" if DEPLOYED else ", or --sdm conda")
    )

import pandas as pd
from snakemake.utils import Paramspace

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
from snip.study import figures, grids, load, options, spec
from snip.study.runs import KEY, MASK_AXES, MaskSet, Run
from snip.study.settings import scoring_part

sys.path.pop(0)

if not os.path.samefile(PROJECT, HOME):
    raise WorkflowError(f"code of {PROJECT} is loaded, expected that of {HOME}: one clone per run")
try:
    check_code()
    for path in workflow.configfiles:  # Snakemake itself takes the last of two equal keys
        load.read(path)
    # A workflow that uses this one as a module gives only its own configuration.
    STUDY = load.check(load.overlaid(load.read(load.DEFAULT), config))
except SnipError as error:
    raise WorkflowError(f"{error}")

# One row for each run and figure that wants it; one for each kind of mask.
RUNS = grids.study_runs(STUDY)
MASKS = grids.study_masks(STUDY)
RUN_PATH = Paramspace(RUNS[KEY], param_sep="-").wildcard_pattern
MASK_PATH = Paramspace(
    pd.DataFrame(map(dict, MASKS), columns=MASK_AXES), param_sep="-"
).wildcard_pattern

# What `figures/all` draws: what has grids.
DRAWN = list(filter(STUDY.grids, figures.DRAWN))
RESULTS = f"results/{STUDY.study}"
DATASETS = FETCHED.as_posix()
SPECS = f"{RESULTS}/specs"
# The default study's figures lie in figures/, those of every other study in a folder of its own.
PICTURES = "figures" if STUDY.study == "default" else f"figures/{STUDY.study}"
STARTED = time.time()
# With a storage (`--default-storage-provider`) results and figures lie there, which only Snakemake sees.
STORED = workflow.storage_settings.default_storage_provider is not None
FORMS = ("pdf", "png", "csv")
TABLES = ("runs", "layers", "curves", "made_by")
# A training step frees what the next one needs again. glibc keeps it; else the kernel takes it back and
# clears it page by page. No byte of a result depends on it.
MEMORY = (
    "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=4294967296"
)
# Jobs run the Python that runs Snakemake, unless they get an environment of their own.
# What a shell sets for other programs must not change what jobs do.
PYTHON = f"env -u PYTHONSAFEPATH {MEMORY} " + (
    "python" if DEPLOYED else shlex.quote(sys.executable)
)
CODE = shlex.quote(SCRIPTS if os.path.relpath(SCRIPTS) != "scripts" else "scripts")

UNSHARED = SharedFSUsage.SOURCES not in workflow.storage_settings.shared_fs_usage
if UNSHARED and not workflow.remote_exec and not (CODE == "scripts" and os.path.exists(".git")):
    raise WorkflowError(
        f"jobs on machines that share no disk get the files that git tracks here, and {os.getcwd()} is no git"
        " clone of the workflow: start Snakemake in one"
    )


wildcard_constraints:
    **dict.fromkeys((*KEY, *MASK_AXES), "[a-z0-9.-]+"),
    source="[a-z0-9-]+",
    figure="|".join(figures.FIGURES),
    spec="|".join((*figures.FIGURES, *spec.OTHERS)),
    digest="[0-9a-f]+",


def scripts(wildcards, input):
    """The command that runs a script, but for its name.

    A function of `input`, since Snakemake does not record what such a parameter gives: a clone or an
    environment that is moved reruns nothing.
    """
    return f"{PYTHON} {CODE}"


def folders(wildcards, input):
    """Options that say where a job's inputs lie: in `results/`, or wherever a storage puts them."""
    places = {
        "tables": lambda path: os.path.dirname(path),
        "judged": lambda path: path,
        "pictures": lambda path: os.path.dirname(path),
        "runs": lambda path: path.partition(f"{os.sep}dataset-")[0],
        "masks": lambda path: path.partition(f"{os.sep}dataset-")[0],
        "data": lambda path: os.path.dirname(os.path.dirname(path)),
    }
    words = []
    for name, place in places.items():
        if files := input.get(name):
            first = files if isinstance(files, str) else files[0]
            words += [f"--{name}", shlex.quote(place(first))]
    return " ".join(words)


def memory(wildcards, attempt):
    """Megabytes: a job uses 0.7 GB."""
    return 1000 + 500 * attempt


def half_hours(wildcards, attempt):
    """Minutes, for jobs that take seconds."""
    return 30 * attempt


def run_code(script):
    """The SHA-256 of a script, of all that it imports, and of the wildcards' criterion and network."""
    return lambda wildcards: spec.chosen_code(script, wildcards.criterion, wildcards.network)


@cache
def source_of(dataset):
    """The source of a data set: many thousand jobs ask for one of a few."""
    return parse_dataset(dataset).source


def sources_of(names):
    """The sources of the data sets that figures show."""
    shown = [grid.datasets for name in names for grid in STUDY.grids(name)]
    return sorted({source_of(dataset) for each in shown for dataset in each})


def run_checksums(wildcards):
    """The checksums of the files of the wildcards' data set, as one parameter."""
    return " ".join(load_source(source_of(wildcards.dataset)).checksums.values())


def fetched(source, files):
    """Fetched files of a source. They are `ancient`, because only their checksums matter.

    They are verified whenever they are read.
    """
    return [ancient(f"{DATASETS}/{source}/{file}") for file in files]


def data_for(made):
    """The files of the wildcards' data set, and their summary, for a rule that makes such a path.

    None where they are not there and `made` is, as the runs that came with the clone: Snakemake makes
    anew whatever reads a file that has to be fetched.
    """

    def data(wildcards):
        files = fetched(source_of(wildcards.dataset), [*IDX_FILES, SUMMARY])
        lost = not all(map(os.path.exists, files))
        return [] if lost and os.path.exists(made.format(**wildcards)) else files

    return data


@cache
def spec_named(name):
    """What decides a figure or table of the study."""
    return spec.spec_of(STUDY, name)


@cache
def spec_file(name):
    """The file that says what decides a figure or table: its name has a digest of that."""
    return f"{SPECS}/{spec_named(name).file_name(name)}"


def figure_spec(wildcards):
    """The specification of the wildcards' figure."""
    return spec_file(wildcards.figure)


def drawn(*names):
    """The files of figures, and of `claims`."""
    files = [f"{PICTURES}/{name}.{form}" for name in names for form in FORMS]
    return files + [f"{PICTURES}/claims.md"] if "claims" in names else files


def specs(*names):
    """The specifications of figures, and of `claims`; with a storage, those beside it, too."""
    for name in names:
        if name in figures.FIGURES and not STUDY.grids(name):
            raise WorkflowError(
                f"study {STUDY.study} has no {name}: figures.{name} is empty, expected a grid"
            )
    tables = ["runs", "masks"] if "claims" in names else []
    files = [spec_file(name) for name in (*names, *tables)]
    return files + [local(file) for file in files] if STORED else files


def decisive(*names):
    """The specifications; and, if these are there, which run or mask file is not.

    Behind figures that exist Snakemake would miss neither. In a storage it looks for all files itself.
    """
    needed = specs(*names)
    if not STORED and not all(map(os.path.exists, needed)):
        return needed
    # Claims rest on all of the study.
    known = [*names, *figures.CLAIMED] if "claims" in names else names
    trained = [name for name in known if name == "claims" or figures.FIGURES[name].trained]
    made = [*run_files(*trained), *mask_files(*(name for name in known if name != "claims"))]
    return needed + [file for file in made if STORED or not os.path.exists(file)]
