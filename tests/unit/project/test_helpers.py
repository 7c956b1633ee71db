"""The tests run everywhere, and say what they could not do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import REPOSITORY, needs, own_files


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--no-skips"], 1)])
def test_what_is_missing_is_named_and_fails_the_gate(options, status):
    command = [sys.executable, "-m", "pytest", *options, "tests/unit/project/test_makefile.py"]
    only_python = os.environ | {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(
        [*command, "-k", "every_call"],
        cwd=REPOSITORY,
        env=only_python,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert "make not found: apt-get install make" in done.stdout


@needs("git", package="git")
def test_the_projects_own_files_are_those_that_git_would_list(tmp_path):
    shutil.copy(REPOSITORY / ".gitignore", tmp_path)
    files = [".venv/lib/a.py", "results/README.md", "results/tiny/a", "scripts/snip/a.py"]
    files += ["scripts/__pycache__/a.pyc", "data/mnist/a", "docs/data/a", "a.tar", "docs/a.tar"]
    files += ["figures/fig1.pdf", "figures/README.md", "report.html", ".ci/run", "tests/ä b.py"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "scripts/.#a.py").symlink_to("an editor's lock")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    listing = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=tmp_path, check=True, capture_output=True, text=True)
    listed = {name for name in done.stdout.split("\0") if name}
    assert set(own_files(tmp_path)) == listed - {"scripts/.#a.py"}
    assert len(listed) > 6
