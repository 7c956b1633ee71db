"""Nothing rests on Snakemake's records, which may be lost."""

import re
import shutil
from pathlib import Path

import pytest

from small import RUN, append, digests, grid, overlaid, planned, snakemake


@pytest.fixture
def forgetful(finished, tmp_path):
    """The finished project with its times of modification, the records removed."""
    folder = Path(shutil.copytree(finished, tmp_path / "forgetful", symlinks=True))
    shutil.rmtree(folder / ".snakemake")
    return folder


def test_nothing_is_made_that_is_there(forgetful):
    assert planned(forgetful) == {}
    (forgetful / f"results/small/runs/{RUN}.json").unlink()
    plan = planned(forgetful)
    assert plan["train"] == 1 and plan["figure"] == 2 and "prune" not in plan


def test_a_clone_with_results_only_redraws(clone):
    shutil.rmtree(clone / ".snakemake")
    assert not {"train", "prune", "fetch_dataset"} & set(planned(clone))


@pytest.mark.parametrize("target", ["figures/all", "figures/fig1.pdf", "figures/claims"])
def test_a_new_seed_is_trained(forgetful, target):
    configs = overlaid(forgetful, grid("fig1", seeds=[0, 5]))
    plan = planned(forgetful, configs=configs, target=target)
    assert plan["train"] == 2 and plan["spec"] > 0


def test_results_of_another_configuration_are_refused_by_name(forgetful):
    page = forgetful / "results/small/report/versions.html"
    before = page.read_text()
    configs = overlaid(forgetful, {"protocol": {"prunable": "weights"}})
    options = ["--cores", "2", "--keep-going"]
    done = snakemake(forgetful, *options, configs=configs, target="figures/report", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    for file in (r"result file results/small/runs/\S+", r"mask file \S+npz"):
        sentence = (
            f"error: {file} was made with prunable = 'weights-and-biases', expected 'weights'"
        )
        assert re.search(f"{sentence}; delete it, and it is made again", done.stdout)
    # No report tells the configuration at hand over figures of another.
    assert "prunable: weights-and-biases" in before and page.read_text() == before


def test_edited_training_code_is_told(forgetful):
    append(forgetful / "scripts/snip/training/loop.py")
    plan = planned(forgetful)
    assert "train" not in plan and plan["figure"] == 4
    said = snakemake(forgetful, "--cores", "1", target="figures/fig1").stdout
    assert "2 of 2 runs of fig1 were made by other code than that at hand; --forcerun" in said


def test_masks_of_edited_code_are_refused_by_name(forgetful):
    path = forgetful / "scripts/snip/masks/criteria/gradient.py"
    path.write_text(path.read_text().replace("gradient.abs()", "gradient.abs().neg()"))
    done = snakemake(forgetful, "--cores", "1", target="figures/gradient", check=False)
    said = re.search(r"error: mask file (\S+) was scored by other code: .*; delete it", done.stdout)
    assert said, done.stdout
    (forgetful / said[1]).unlink()
    snakemake(forgetful, "--cores", "1", target="figures/gradient")


def test_a_configuration_that_comes_back_is_drawn_again(clone):
    before = digests(clone)
    configs = overlaid(clone, {"claims": {"margins": {"1a": 0.5}}})
    snakemake(clone, "--cores", "1", configs=configs, target="figures/fig1")
    assert digests(clone) != before
    shutil.rmtree(clone / ".snakemake")
    snakemake(clone, "--cores", "1", target="figures/fig1")
    assert digests(clone) == before


def test_planning_writes_and_deletes_nothing(clone):
    def tree():
        files = [p for p in clone.rglob("*") if not {".snakemake", "__pycache__"} & set(p.parts)]
        return {path: path.stat().st_mtime_ns for path in files if path.is_file()}

    (clone / "figures/small/fig1.png").unlink()
    configs = overlaid(clone, {"training": {"momentum": 0.5}})
    before = tree()
    assert planned(clone, configs=configs)["train"] == 8
    assert tree() == before


def test_resources_stand_beside_the_users_own_defaults(clone):
    """An account in a user's own profile, or on the command line, replaces none of ours."""
    chosen = ["--workflow-profile", "profiles/slurm", "--executor", "local"]
    given = ["--default-resources", "slurm_account='mine'", "mem_mb=1"]
    shutil.rmtree(clone / "results/small")
    plan = snakemake(clone, "-n", *chosen, *given).stdout
    jobs = re.findall(r"^(?:local)?rule (?:train|prune|figure):\n(?: .*\n)+", plan, re.M)
    assert len(jobs) >= 8
    for job in jobs:
        assert re.search(r"resources: .*mem_mb=1500", job) and "slurm_account=mine" in job
        assert re.search(r"runtime=\d+", job)
