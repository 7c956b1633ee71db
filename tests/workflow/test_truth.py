"""No figure is stale, and nothing is called up to date that is not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers import run_in
from small import CONFIGS, RUN, SMALL, digests, environment, planned, small_project, snakemake

pytestmark = pytest.mark.workflow


def overlaid(folder, content, name="own"):
    """The configuration files of `small` with `content` laid over them."""
    path = f"config/{name}.yaml"
    (folder / path).write_text(yaml.safe_dump(content))
    return [*CONFIGS, path]


def masks(folder):
    return {p: p.read_bytes() for p in (folder / "results/small/masks").rglob("*.npz")}


def test_a_change_of_what_is_prunable_scores_every_mask_anew(clone, tmp_path):
    """One seed more is asked of one figure; another, which does not ask for it, is drawn."""
    change = {
        "protocol": {"prunable": "weights"},
        "figures": {"fig3": [{**SMALL["figures"]["fig3"][0], "seeds": [0, 1, 2]}]},
    }
    before = masks(clone)
    configs = overlaid(clone, change)
    assert planned(clone, configs=configs, target="figures/anatomy.pdf")["prune"] == 1
    snakemake(clone, "--cores", "2", configs=configs, target="figures/anatomy.pdf")
    fresh = small_project(tmp_path / "fresh")
    overlaid(fresh, change)
    snakemake(fresh, "--cores", "2", configs=configs, target="figures/anatomy.pdf")
    drawn = "figures/small/anatomy.csv"
    assert (clone / drawn).read_bytes() == (fresh / drawn).read_bytes()
    # The masks that no target asked for are as they were, and scored anew when one does.
    left = [path for path, content in masks(clone).items() if before[path] == content]
    assert len(left) == len(before) - 1
    assert planned(clone, configs=configs)["prune"] == len(before) - 1


@pytest.mark.parametrize("figure", ["fig2", "fig3"])
def test_a_seed_more_scores_its_kinds_and_no_other(clone, figure):
    grid = SMALL["figures"][figure][0]
    plan = planned(
        clone,
        configs=overlaid(clone, {"figures": {figure: [{**grid, "seeds": [0, 7]}]}}),
        target=f"figures/{figure}.pdf",
    )
    assert plan["prune"] == {"fig2": 1, "fig3": 2}[figure]
    plan = planned(
        clone,
        configs=overlaid(clone, {"figures": {figure: [{**grid, "seeds": [0, 7]}]}}),
        target="figures/claims",
    )
    assert plan["prune"] == {"fig2": 1, "fig3": 2}[figure]


def test_a_figure_of_another_configuration_is_refused_where_snakemake_does_not_look(clone):
    """With mtime as its only trigger Snakemake remakes nothing; what reads must see it."""
    change = {"schedules": {"default": {"iterations": 12}}, "protocol": {"prunable": "weights"}}
    configs = overlaid(clone, change)
    options = ["--cores", "1", "--rerun-triggers", "mtime"]
    sentences = {
        "fig1": "result file .*json was made with (iterations|prunable) = ",
        "fig2": "mask file .*npz was made with prunable = 'weights-and-biases', expected",
    }
    for figure, sentence in sentences.items():
        target = f"figures/{figure}"
        done = snakemake(clone, *options, configs=configs, target=target, check=False)
        assert done.returncode != 0 and "Traceback" not in done.stdout
        assert re.search(f"error: {sentence}", done.stdout)


BROKEN = {
    "scripts/snip/training/loop.py": "def train(:\n",
    "scripts/snip/masks/criteria/snip.py": "import torch\nreturn = 1\n",
    "scripts/snip/networks/lenet_300_100.py": '"""never closed\n',
    "scripts/snip/tables/intervals.py": "a = (\n",
    "scripts/figure.py": "\0",
}


@pytest.mark.parametrize("path", BROKEN)
def test_broken_code_is_not_called_up_to_date(clone, path):
    assert "Nothing to be done" in snakemake(clone, "-n").stdout
    (clone / path).write_text(BROKEN[path])
    done = snakemake(clone, "-n", check=False)
    assert done.returncode != 0 and "Nothing to be done" not in done.stdout
    assert path in done.stdout and "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("part", "spelled"), [("y-90/", "y-90.0/"), ("labels-correct", "labels-x")]
)
def test_a_path_of_another_spelling_is_refused(clone, part, spelled):
    target = f"results/small/runs/{RUN.replace(part, spelled)}.json"
    done = snakemake(clone, "-n", target=target, check=False)
    assert done.returncode != 0 and "Nothing to be done" not in done.stdout
    assert re.search("is no path of this workflow|labels is 'x'", done.stdout), done.stdout


def test_without_a_target_the_configured_study_is_meant(clone):
    command = ["snakemake", "--dry-run", *CONFIGS]
    assert "Nothing to be done" in run_in(clone, *command, env=environment()).stdout
    (clone / "figures/small/fig1.pdf").unlink()
    said = run_in(clone, *command, env=environment()).stdout
    assert re.search(r"^figure +1$", said, re.M)


def test_a_target_of_another_study_is_not_called_up_to_date(clone):
    for target in (
        "figures/small/fig1.pdf",
        "results/small/tables/runs.csv",
        "figures/fig9.pdf",
        "results/default/tables/fig1/errors.csv",
    ):
        done = snakemake(clone, "-n", configs=[], target=target, check=False)
        assert done.returncode != 0 and "Nothing to be done" not in done.stdout, target


def test_two_studies_keep_their_figures_apart(clone):
    before = digests(clone)
    other = yaml.safe_load(yaml.safe_dump(SMALL)) | {"study": "other"}
    other["figures"]["anatomy"][0]["sparsities"] = [50, 90]
    configs = overlaid(clone, other)
    snakemake(clone, "--cores", "2", configs=configs, target="figures/anatomy")
    assert before.items() <= digests(clone).items()
    assert planned(clone) == {}
    shown = (clone / "figures/other/anatomy.csv").read_text()
    assert shown != (clone / "figures/small/anatomy.csv").read_text()
    # The default study's lie in figures/ itself.
    configs = overlaid(clone, other | {"study": "default"})
    snakemake(clone, "--cores", "2", configs=configs, target="figures/anatomy.csv")
    assert (clone / "figures/anatomy.csv").read_text() == shown


def test_another_package_of_our_name_hides_nothing(clone, tmp_path):
    """The authors' own code has a package called snip, too."""
    (tmp_path / "theirs/snip").mkdir(parents=True)
    (tmp_path / "theirs/snip/__init__.py").write_text("raise RuntimeError('another snip')\n")
    (clone / "figures/small/fig1.pdf").unlink()
    env = environment() | {"PYTHONPATH": str(tmp_path / "theirs")}
    command = ["snakemake", *CONFIGS, "--cores", "1", "--", "figures/fig1.pdf"]
    run_in(clone, *command, env=env)
    assert (clone / "figures/small/fig1.pdf").exists()
    done = run_in(clone, "python", "scripts/train.py", "--help", env=env)
    assert "another snip" not in done.stdout


def test_jobs_run_with_the_python_of_snakemake(clone):
    """Without an activated environment, too."""
    (clone / "figures/small/fig1.pdf").unlink()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(clone)}
    assert shutil.which("python", path=env["PATH"]) != sys.executable
    program = str(Path(sys.executable).parent / "snakemake")
    command = [program, *CONFIGS, "--cores", "1", "--", "figures/fig1.pdf"]
    subprocess.run(command, cwd=clone, env=env, check=True, capture_output=True)
    assert (clone / "figures/small/fig1.pdf").exists()


def test_a_figure_that_was_deleted_is_made_again(clone):
    snakemake(clone, "--cores", "1", target="figures/fig1")
    (clone / "figures/small/fig1.png").unlink()
    for target in ("figures/all", "figures/fig1"):
        assert planned(clone, target=target)["figure"] == 1
