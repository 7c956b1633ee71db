"""What a change reruns, and what it does not."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers import run_in
from small import CONFIGS, SMALL, planned, snakemake, with_rate
from snip.jobs.code import code_digest, code_of
from snip.study import registry
from snip.study.figures import FIGURES
from snip.study.runs import MaskSet

pytestmark = pytest.mark.workflow


def test_nothing_reruns_in_a_fresh_clone_or_after_touch(clone):
    assert planned(clone) == {}
    for path in [*clone.rglob("scripts/**/*.py"), *clone.rglob("scripts/**/*.yaml")]:
        path.touch()
    for path in (clone / "results/datasets").rglob("*"):
        path.touch()
    assert planned(clone) == {}


LOADED = """
import os, runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.abspath("scripts"))
runpy.run_path(sys.argv[0], run_name="__main__")
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(*[file for file in files if file], sep="\\n")
"""


@pytest.mark.parametrize("rule", ["train", "prune", "figure", "claims"])
def test_the_code_of_a_rule_has_every_file_that_its_jobs_load(clone, tmp_path, rule):
    plan = snakemake(clone, "-n", "-p", "--forceall", "--rerun-triggers", "mtime").stdout
    job = next(job for job in plan.split("\n\n") if re.search(rf"rule {rule}:", job))
    words = shlex.split(re.search(r"Shell command: .*?\S+ (scripts/.*) 2> ", job)[1])
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
    used = run_in(clone, sys.executable, "-c", LOADED, *words).stdout.splitlines()
    loaded = {file for file in used if file.startswith(f"{clone}/scripts/")}
    assert len(loaded) > 5
    assert {str(Path(file).relative_to(clone)) for file in loaded} <= set(
        code_of(words[0], *chosen)
    )
    if "--spec" in words:  # that is the code whose digest the specification has
        spec = json.loads((clone / words[words.index("--spec") + 1]).read_text())
        assert spec["code"][Path(words[0]).stem] == code_digest(words[0], *chosen)


def test_editing_the_training_code_retrains(clone):
    path = clone / "scripts/snip/training/loop.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert planned(clone) == {}  # a comment is no code
    path.write_text(path.read_text() + "EDITED = True\n")
    plan = planned(clone)
    assert plan["train"] == 8
    assert "prune" not in plan and "fetch_dataset" not in plan


def test_editing_the_plotting_code_only_redraws(clone):
    path = clone / "scripts/snip/figures/style.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    plan = planned(clone)
    assert plan["figure"] == 8
    # Specifications state the code; claims draw, too.
    assert set(plan) <= {"spec", "collect_figure", "figure", "claims"}


def test_editing_one_criterion_recomputes_what_uses_it(clone):
    path = clone / "scripts/snip/masks/criteria/gradient.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    plan = planned(clone)
    assert plan["prune"] == 1 and "train" not in plan
    (clone / "scripts/snip/masks/criteria/another.py").write_text("def score(problem): ...\n")
    path.write_text(path.read_text().removesuffix("\nEDITED = True\n"))
    assert planned(clone) == {}


def test_adding_a_seed_trains_only_that_seed(clone):
    small = json.loads(json.dumps(SMALL))
    small["figures"]["fig1"][0]["seeds"] = [0, 5]
    (clone / "config/small.yaml").write_text(yaml.safe_dump(small))
    plan = planned(clone)
    assert plan["train"] == 2
    assert plan == {
        "spec": 3,
        "train": 2,
        "collect_figure": 1,
        "collect_study": 1,
        "figure": 1,
        "claims": 1,
        "compare": 1,
    }


@pytest.mark.parametrize(("key", "values"), [("seeds", [0, 5]), ("sparsities", [50, 90, 95])])
def test_a_new_seed_or_sparsity_of_masks_scores_their_kind_anew_and_no_other(clone, key, values):
    small = json.loads(json.dumps(SMALL))
    small["figures"]["fig2"][0][key] = values
    (clone / "config/small.yaml").write_text(yaml.safe_dump(small))
    plan = planned(clone)
    assert plan["prune"] == 1 and "train" not in plan
    mask = MaskSet(dataset="generated", batch_size=20, classes="each")
    path = f"results/small/masks/{mask.path}.npz"
    snakemake(clone, "--cores", "1", target=path)
    with np.load(clone / path) as archive:
        assert values == [int(each) for each in json.loads(str(archive["description"]))[key]]


def test_changing_a_setting_retrains_what_it_affects(clone):
    plan = planned(clone, configs=[*CONFIGS, with_rate(clone, 0.05)])
    assert plan["train"] == 3 and "prune" not in plan


def test_changing_a_margin_trains_nothing(clone):
    content = {"claims": {"margins": {"1a": 0.5}}}
    (clone / "config/margin.yaml").write_text(yaml.safe_dump(content))
    plan = planned(clone, configs=[*CONFIGS, "config/margin.yaml"])
    # Figure 1 draws the margin.
    drawn = {"spec": 2, "collect_figure": 1, "figure": 1}
    assert plan == drawn | {"claims": 1}


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
    assert planned(clone, "--sdm", "conda") == {}
    with (clone / "environment.yml").open("a") as file:
        file.write("EDITED = 1\n")
    assert planned(clone, "--sdm", "conda") == planned(clone) == {}
    profile = clone / "profiles/default/config.yaml"
    profile.write_text(re.sub("^rerun-triggers:.*", "", profile.read_text(), flags=re.M))
    assert planned(clone, "--sdm", "conda") != {}
