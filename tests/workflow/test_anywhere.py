"""The workflow runs from anywhere, to the same bytes."""

import shutil

import pytest
import yaml
from snakemake.utils import update_config

from helpers import run_in
from small import CONFIGS, environment, planned, small_project, snakemake

pytestmark = pytest.mark.workflow
# Of each stage something: a table of runs, a figure of masks.
TARGETS = ["results/small/tables/fig1/runs.csv", "figures/small/fig2.csv"]


def made(folder):
    return {name: (folder / name).read_bytes() for name in TARGETS}


def configured(project):
    """The options that name a project's configuration from any folder."""
    files = [str(project / name) for name in CONFIGS[1:]]
    return ["--configfile", *files, "--config", f"data_folder={project / 'data'}"]


def elsewhere(project, folder, *options):
    """Run Snakemake on a project, with results in another folder."""
    where = ["--snakefile", str(project / "Snakefile"), "--directory", str(folder)]
    command = ["snakemake", *where, *configured(project), *options, "--", *TARGETS]
    return run_in(folder, *command, env=environment()).stdout


def test_results_lie_in_the_working_directory_and_the_clone_anywhere(finished, tmp_path):
    clone = small_project(tmp_path / "mon dépôt — 我的")
    before = sorted(path for path in clone.rglob("*") if "__pycache__" not in path.parts)
    work = tmp_path / "scratch space"
    work.mkdir()
    elsewhere(clone, work, "--cores", "2")
    assert made(work) == made(finished)
    # Nothing was written beside the code.
    after = sorted(path for path in clone.rglob("*") if "__pycache__" not in path.parts)
    assert after == before
    # A clone or a working directory that is moved reruns nothing.
    moved, away = clone.rename(tmp_path / "moved"), work.rename(tmp_path / "away")
    assert "Nothing to be done" in elsewhere(moved, away, "--dry-run")


def test_a_finished_study_stays_current_in_a_moved_clone(clone, tmp_path):
    moved = shutil.move(clone, tmp_path / "mövéd to")
    assert planned(moved, target="figures/all") == {}


HOST = """
configfile: "host.yaml"

module snip:
    snakefile: "{project}/Snakefile"
    config: config["figures of snip"]

use rule * from snip as snip_*

rule mine:
    default_target: True
    input: {targets}
    output: "mine.txt"
    shell: "cat {{input}} > {{output}}"
"""


def test_the_workflow_is_a_module_of_another_one(finished, tmp_path):
    project = small_project(tmp_path / "a clone")
    host = tmp_path / "host"
    host.mkdir()
    (host / "Snakefile").write_text(HOST.format(project=project, targets=TARGETS))
    study: dict = {}
    for name in CONFIGS[1:]:  # what is left out is the default study's
        update_config(study, yaml.safe_load((project / name).read_text()))
    study["data_folder"] = str(project / "data")
    (host / "host.yaml").write_text(yaml.safe_dump({"figures of snip": study}))
    run_in(host, "snakemake", "--cores", "2", env=environment())
    assert made(host) == made(finished)
    assert (host / "mine.txt").read_bytes() == b"".join(made(host).values())


def test_two_clones_in_one_run_are_refused(tmp_path):
    """Python would load the code of the first for both."""
    one, other = small_project(tmp_path / "one"), small_project(tmp_path / "other")
    module = (
        f'module other:\n    snakefile: "{other}/Snakefile"\n\n\nuse rule * from other as other_*\n'
    )
    with (one / "Snakefile").open("a") as file:
        file.write(f"\n\n{module}")
    done = snakemake(one, "--dry-run", check=False)
    assert done.returncode != 0 and "one clone per run" in done.stdout
