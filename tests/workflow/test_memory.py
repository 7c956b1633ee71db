"""Nothing rests on Snakemake's memory, on a shell's settings, or on a profile."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from helpers import run_in
from small import CONFIGS, RUN, SMALL, digests, environment, planned, small_project, snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture
def forgetful(finished, tmp_path):
    """The finished project, its records removed."""
    folder = Path(shutil.copytree(finished, tmp_path / "forgetful", symlinks=True))
    shutil.rmtree(folder / ".snakemake")
    return folder


def test_a_clone_with_results_and_without_records_only_redraws(clone):
    shutil.rmtree(clone / ".snakemake")
    assert not {"train", "prune", "fetch_dataset"} & set(planned(clone))


def changed(folder, content):
    """The configuration files of `small` with `content` laid over them."""
    (folder / "config/changed.yaml").write_text(yaml.safe_dump(content))
    return [*CONFIGS, "config/changed.yaml"]


def test_without_records_nothing_is_made_that_is_there(forgetful):
    assert planned(forgetful) == {}
    (forgetful / f"results/small/runs/{RUN}.json").unlink()
    plan = planned(forgetful)
    assert plan["train"] == 1 and plan["figure"] == 2 and "prune" not in plan


def test_without_records_a_new_seed_is_trained(forgetful):
    grid = SMALL["figures"]["fig1"][0] | {"seeds": [0, 5]}
    configs = changed(forgetful, {"figures": {"fig1": [grid]}})
    for target in ("figures/all", "figures/fig1", "figures/fig1.pdf", "figures/claims"):
        plan = planned(forgetful, configs=configs, target=target)
        assert plan["train"] == 2 and plan["spec"] > 0, target


def test_without_records_results_of_other_settings_are_refused_by_name(forgetful):
    configs = changed(forgetful, {"training": {"momentum": 0.5}})
    done = snakemake(forgetful, "--cores", "2", "--keep-going", configs=configs, check=False)
    assert done.returncode != 0
    sentence = r"error: result file results/small/runs/\S+ was made with momentum = 0.9, expected"
    assert re.search(rf"{sentence} 0.5; delete it, and it is made again", done.stdout)
    # Retrained as that says.
    configs += ["--forcerun", "train"]
    assert planned(forgetful, configs=configs)["train"] == 8


def test_without_records_edited_training_code_is_told(forgetful):
    path = forgetful / "scripts/snip/training/loop.py"
    path.write_text(path.read_text() + "\nEDITED = 1\n")
    plan = planned(forgetful)
    assert "train" not in plan and plan["figure"] == 4
    said = snakemake(forgetful, "--cores", "2").stdout
    assert "8 of 8 runs were made by other code than that at hand; --forcerun train" in said
    assert planned(forgetful) == {}


def test_without_records_masks_of_edited_code_are_refused_by_name(forgetful):
    path = forgetful / "scripts/snip/masks/criteria/gradient.py"
    path.write_text(path.read_text().replace("gradient.abs()", "gradient.abs().neg()"))
    done = snakemake(forgetful, "--cores", "1", target="figures/fig6", check=False)
    said = re.search(r"error: mask file (\S+) was scored by other code: .*; delete it", done.stdout)
    assert said, done.stdout
    (forgetful / said[1]).unlink()
    snakemake(forgetful, "--cores", "1", target="figures/fig6")


def test_a_configuration_that_comes_back_is_drawn_again(clone):
    before = digests(clone)
    configs = changed(clone, {"claims": {"margins": {"1a": 0.5}}})
    snakemake(clone, "--cores", "1", configs=configs, target="figures/fig1")
    assert digests(clone) != before
    shutil.rmtree(clone / ".snakemake")
    snakemake(clone, "--cores", "1", target="figures/fig1")
    assert digests(clone) == before


def test_deleted_results_are_made_again_although_figures_stay(clone):
    shutil.rmtree(clone / "results/small")
    plan = planned(clone)
    assert plan["train"] == 8 and plan["prune"] > 0 and plan["figure"] == 8


@pytest.mark.parametrize("content", ["", "{}", '{"grids": {"fig2": []}}'])
def test_a_damaged_specification_names_itself(clone, content):
    [path] = (clone / "results/small/specs").glob("fig2-*.json")
    path.write_text(content)
    (clone / "figures/small/fig2.pdf").unlink()
    done = snakemake(clone, "--cores", "1", target="figures/fig2.pdf", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    assert re.search(
        rf"error: specification \S+{path.name} .*; delete it, and it is made again", done.stdout
    )
    path.unlink()
    snakemake(clone, "--cores", "1", target="figures/fig2")


def tree(folder):
    passed_over = {".snakemake", "__pycache__"}
    paths = [p for p in folder.rglob("*") if p.is_file() and not passed_over & set(p.parts)]
    return {path: path.stat().st_mtime_ns for path in paths}


def test_planning_writes_and_deletes_nothing(clone):
    (clone / "figures/small/fig1.png").unlink()
    before = tree(clone)
    snakemake(clone, "-n")
    snakemake(clone, "-n", configs=changed(clone, {"training": {"momentum": 0.5}}))
    (clone / "config/changed.yaml").unlink()
    assert tree(clone) == before


def test_what_a_shell_sets_for_others_changes_nothing(finished, tmp_path):
    folder = small_project(tmp_path / "project")
    other = tmp_path / "bin"
    other.mkdir()
    (other / "python").write_text("#!/bin/sh\necho another python >&2\nexit 1\n")
    (other / "python").chmod(0o755)
    (tmp_path / "start").write_text(f'export PATH="{other}:$PATH"\n')
    settings = {
        "BASH_ENV": str(tmp_path / "start"),
        "PYTHONSAFEPATH": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_PROC_BIND": "true",
        "GOMP_CPU_AFFINITY": "0",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "CDPATH": str(tmp_path),
    }
    command = ["snakemake", *CONFIGS, "--cores", "2", "--", "figures/all"]
    run_in(folder, *command, env=environment() | settings)
    assert digests(folder) == digests(finished)


def test_snakemake_without_our_packages_says_so_before_any_job(clone, tmp_path):
    """As where it was installed by pipx."""
    hidden = "import sys; from importlib import util; find = util.find_spec; "
    hidden += (
        "util.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest); "
    )
    hidden += "from snakemake.cli import main; main(sys.argv[1:])"
    command = ["python", "-c", hidden, *CONFIGS, "--cores", "1", "--", "figures/all"]
    done = run_in(clone, *command, env=environment(), check=False)
    assert done.returncode != 0
    assert f"the Python that runs Snakemake, {sys.executable}, lacks torch" in done.stdout
    assert "Building DAG" not in done.stdout


@pytest.mark.parametrize("profile", ["default", "gridengine", "slurm", "workstation"])
def test_resources_stand_beside_the_users_own_defaults(clone, profile):
    """An account in a user's own profile, or on the command line, replaces none of ours."""
    chosen = ["--workflow-profile", f"profiles/{profile}", "--executor", "local"]
    given = ["--default-resources", "slurm_account='mine'", "mem_mb=1"]
    shutil.rmtree(clone / "results/small")
    plan = snakemake(clone, "-n", *chosen, *given).stdout
    jobs = re.findall(r"^(?:local)?rule (?:train|prune|figure):\n(?: .*\n)+", plan, re.M)
    assert len(jobs) >= 8
    for job in jobs:
        assert re.search(r"resources: .*mem_mb=1500", job) and "slurm_account=mine" in job
        assert re.search(r"runtime=\d+", job)


def test_what_another_attempt_cannot_mend_is_not_tried_again(clone):
    for profile in (clone / "profiles").iterdir():
        settings = yaml.safe_load((profile / "config.yaml").read_text())
        assert not {"restart-times", "retries", "default-resources"} & set(settings)


def test_a_report_has_the_configuration_that_its_figures_were_made_under(clone):
    snakemake(clone, "--cores", "1", target="figures/report")
    path = clone / "results/small/report/versions.html"
    assert "momentum: 0.9" in path.read_text()
    configs = changed(clone, {"training": {"momentum": 0.5}})
    shutil.rmtree(clone / ".snakemake")
    done = snakemake(clone, "--cores", "1", configs=configs, target="figures/report", check=False)
    # Not the configuration at hand over figures of another.
    assert done.returncode != 0 and "momentum: 0.9" in path.read_text()


def test_specifications_of_one_name_do_not_pile_up(finished):
    names = [
        path.name.rpartition("-")[0] for path in Path(finished, "results/small/specs").iterdir()
    ]
    assert len(names) == len(set(names)) > 8
