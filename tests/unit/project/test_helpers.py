"""The tests run everywhere, and say what they could not do."""

import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import PATIENCE, REPOSITORY, needs, own_files


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--no-skips"], 1)])
def test_what_is_missing_is_named_and_fails_the_gate(options, status):
    only_python = os.environ | {"PATH": str(Path(sys.executable).parent)}
    command = [sys.executable, "-m", "pytest", *options, "tests/workflow/test_report.py", "-k"]
    done = subprocess.run(
        [*command, "phone and claims"],
        cwd=REPOSITORY,
        env=only_python,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert "chromedriver not found: apt-get install chromium chromium-driver" in done.stdout


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


@pytest.mark.parametrize("ignored", [[], [signal.SIGHUP, signal.SIGINT]])
def test_children_get_ordinary_signals_also_under_nohup(ignored):
    def ignore():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests/unit/jobs/test_signals.py",
    ]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        preexec_fn=ignore,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_a_test_that_hangs_ends(tmp_path):
    (tmp_path / "test_hanging.py").write_text("import time\ndef test_it(): time.sleep(60)\n")
    command = [sys.executable, "-m", "pytest", "--timeout=1", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "Timeout" in done.stdout
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    # Longer than any helper waits.
    assert settings["tool"]["pytest"]["ini_options"]["timeout"] > PATIENCE
