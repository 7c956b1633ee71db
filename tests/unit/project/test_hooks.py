"""Before a commit, in `make check` and on a git forge, the same commands run."""

import re

import yaml

from helpers import REPOSITORY


def test_hooks_run_the_style_commands_of_make_check():
    makefile = (REPOSITORY / "Makefile").read_text()
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.M)[1]
    commands = [line.removeprefix("\t$(ACTIVE) ") for line in recipe.splitlines()]
    style = [command for command in commands if "--dry-run" not in command]
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    [local] = config["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"] for hook in local["hooks"]] == style and len(style) == 4
    for hook in local["hooks"]:
        # The commands name their files; the tools are those of the environment.
        assert hook["pass_filenames"] is False and hook["language"] == "system"


def test_the_git_forge_runs_the_gate():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/gate.yml").read_text())
    [job] = workflow["jobs"].values()
    git, gate = [step["run"] for step in job["steps"] if "run" in step]
    # Without it git refuses a clone that belongs to another user than the container's.
    assert git == 'git config --global --add safe.directory "$GITHUB_WORKSPACE"'
    assert gate == ".ci/run"
