"""What a change makes anew, and what it leaves."""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import run_in
from small import (
    CONFIGS,
    append,
    digests,
    environment,
    grid,
    overlaid,
    planned,
    small_project,
    snakemake,
)
from snip.jobs.code import code_digest, code_of
from snip.study import registry
from snip.study.figures import DRAWN, FIGURES
from snip.study.runs import MaskSet

RATE = {"networks": {"lenet-300-100": {"learning_rate": 0.05}}}
CRITERION = "scripts/snip/masks/criteria/gradient.py"
# What is edited: a file of code, or the configuration; and the jobs that this plans, of 8 runs, 5
# kinds of masks and 8 figures. Rules that are not named are not planned.
SPECIFIED = {"spec", "collect_figure", "collect_study", "claims", "compare", "figure", "page"}
MASKED = {"spec", "collect_masks", "claims", "figure", "page"}
EDITS = {
    "training": ("scripts/snip/training/loop.py", {"train": 8}, SPECIFIED),
    "plotting": (
        "scripts/snip/figures/style.py",
        {"figure": len(DRAWN)},
        {
            "spec",
            "collect_figure",
            "claims",
            "page",
        },  # specifications state the code; claims draw, too
    ),
    "a criterion": (CRITERION, {"prune": 1}, MASKED),
    "a seed of runs": (
        grid("fig1", seeds=[0, 5]),
        {"spec": 4, "train": 2, "collect_figure": 1, "collect_study": 1}
        | {"figure": 1, "claims": 1, "compare": 1, "page": 1},
        set(),
    ),
    "a seed of masks": (grid("fig2", seeds=[0, 7]), {"prune": 1, "figure": 1}, MASKED),
    # Figure 1 is drawn at the level of the claims, whose number hangs on all grids.
    "a sparsity": (
        grid("fig2", sparsities=[50, 90, 95]),
        {"prune": 1, "figure": 2, "collect_figure": 1},
        MASKED,
    ),
    "a seed of both": (grid("fig3", seeds=[0, 7]), {"prune": 2, "train": 2}, MASKED | SPECIFIED),
    "a setting": (RATE, {"train": 3}, SPECIFIED),
    # Figure 1 draws the margin.
    "a margin": (
        {"claims": {"margins": {"1a": 0.5}}},
        {"spec": 3, "collect_figure": 1, "figure": 1, "claims": 1, "page": 1},
        set(),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_makes_anew_what_it_decides(clone, edit):
    what, jobs, more = EDITS[edit]
    if isinstance(what, str):
        append(clone / what)
    plan = planned(clone, configs=CONFIGS if isinstance(what, str) else overlaid(clone, what))
    assert plan.items() >= jobs.items()
    assert set(plan) <= set(jobs) | more


def test_what_changes_no_result_makes_nothing_anew(clone, tmp_path):
    moved = shutil.move(clone, tmp_path / "mövéd to")
    for path in moved.rglob("*"):
        if path.suffix in (".py", ".yaml") or "datasets" in path.parts:
            path.touch()
    append(moved / "scripts/snip/training/loop.py", "\n# a comment\n")
    (moved / "scripts/snip/masks/criteria/another.py").write_text("def score(problem): ...\n")
    assert planned(moved, "--config", "data_folder=~/an other/place", "checkpoint_seconds=7") == {}


def test_another_software_environment_makes_nothing_anew(clone, tmp_path, monkeypatch):
    # A dry-run asks conda no more than this.
    conda = tmp_path / "conda"
    conda.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        """    info*) echo '{"conda_prefix": "/nowhere", "platform": "linux-64"}' ;;\n"""
        "    *--version) echo conda 25.1.0 ;;\n"
        """    *) echo '{"get": {"channel_priority": "strict"}}' ;;\n"""
        "esac\n"
    )
    conda.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    append(clone / "environment.yml", "EDITED = 1\n")
    assert planned(clone, "--sdm", "conda") == planned(clone) == {}
    profile = clone / "profiles/default/config.yaml"
    profile.write_text(re.sub("^rerun-triggers:.*", "", profile.read_text(), flags=re.M))
    assert planned(clone, "--sdm", "conda") != {}


def test_a_change_of_what_is_prunable_scores_every_mask_anew(clone):
    """One seed more is asked of one figure; another, which does not ask for it, is drawn."""

    def masks():
        return {p: p.read_bytes() for p in (clone / "results/small/masks").rglob("*.npz")}

    before, target = masks(), "figures/anatomy.pdf"
    prunable = {"protocol": {"prunable": "weights"}}
    configs = overlaid(clone, prunable, grid("fig3", seeds=[0, 1, 2]))
    snakemake(clone, "--cores", "2", configs=configs, target=target)
    shared = clone / f"results/small/masks/{MaskSet(dataset='generated').path}.npz"
    with np.load(shared) as archive:
        description = json.loads(str(archive["description"]))
    assert description["settings"]["prunable"] == "weights"
    assert description["seeds"] == [0, 1, 2] and description["sparsities"] == [90, 99]
    # The masks that no target asked for are as they were, and scored anew when one does.
    assert {path for path, content in masks().items() if before[path] != content} == {shared}
    assert planned(clone, configs=configs)["prune"] == len(before) - 1


def test_what_was_deleted_is_made_again(clone):
    for name in ("fig1", "anatomy"):
        (clone / f"figures/small/{name}.png").unlink()
    assert planned(clone, target="figures/fig1") == {"figure": 1}
    snakemake(clone, "--cores", "1", target="figures/fig1")
    # Without a target the configured study is meant.
    said = run_in(clone, "snakemake", "-n", *CONFIGS, env=environment()).stdout
    assert re.search(r"^figure +1$", said, re.M)
    shutil.rmtree(clone / "results/small")
    plan = planned(clone)
    assert plan["train"] == 8 and plan["prune"] == 6 and plan["figure"] == len(DRAWN)


def test_one_figure_needs_only_its_own(tmp_path):
    plan = planned(small_project(tmp_path / "project"), target="figures/fig3.pdf")
    assert plan["train"] == 2 and plan["prune"] == 2
    assert set(plan) == {"spec", "fetch_dataset", "train", "prune", "collect_figure", "figure"}


def test_two_studies_keep_their_figures_apart(clone):
    before = digests(clone)
    configs = overlaid(clone, grid("anatomy", sparsities=[50, 90]), {"study": "other"})
    snakemake(clone, "--cores", "2", configs=configs, target="figures/anatomy.csv")
    assert before.items() <= digests(clone).items() and planned(clone) == {}
    shown = [(clone / f"figures/{name}/anatomy.csv").read_text() for name in ("small", "other")]
    assert shown[0] != shown[1]
    # The default study's lie in figures/ itself.
    configs = overlaid(clone, {"study": "default"})
    said = snakemake(clone, "-n", configs=configs, target="figures/anatomy.csv").stdout
    assert re.search("output: figures/anatomy.pdf", said)


LOADED = """
import os, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.abspath("scripts"))
runpy.run_path(sys.argv[0], run_name="__main__")
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(*[file for file in files if file], sep="\\n")
"""


@pytest.fixture(scope="module")
def jobs(finished):
    """The shell commands of all jobs, by rule."""
    every = ["-n", "-p", "--forceall", "--rerun-triggers", "mtime"]
    plan = snakemake(finished, *every).stdout
    job = r"rule (\w+):\n(?: .*\n)+Shell command: .*? (scripts/.*) 2> "
    return dict(re.findall(job, plan))


@pytest.mark.parametrize("rule", ["train", "prune", "figure", "claims"])
def test_the_code_of_a_rule_has_every_file_that_its_jobs_load(finished, jobs, tmp_path, rule):
    words = shlex.split(jobs[rule])
    given = dict(zip(words, words[1:], strict=False))
    chosen = [
        registry.file(kind, given[option])
        for kind, option in (("criteria", "--criterion"), ("networks", "--network"))
        if option in given
    ]
    if rule == "figure":
        chosen.append(f"scripts/snip/figures/{FIGURES[given['--figure']].module}.py")
    if rule == "claims":
        chosen.append("scripts/snip/claims/statements.py")
    # What is written goes elsewhere.
    for index, word in enumerate(words):
        if words[index - 1] in ("--output", "--readable", "--checkpoint"):
            words[index] = str(tmp_path / word)
            Path(words[index]).parent.mkdir(parents=True, exist_ok=True)
    used = run_in(finished, sys.executable, "-c", LOADED, *words).stdout.splitlines()
    loaded = {file for file in used if file.startswith(f"{finished}/scripts/")}
    assert len(loaded) > 5
    assert {str(Path(file).relative_to(finished)) for file in loaded} <= set(
        code_of(words[0], *chosen)
    )
    if "--spec" in words:  # that is the code whose digest the specification has
        spec = json.loads((finished / words[words.index("--spec") + 1]).read_text())
        assert spec["code"][Path(words[0]).stem] == code_digest(words[0], *chosen)
