"""What make says and does before anything is installed."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import REPOSITORY, needs

pytestmark = needs("make", package="make")
ENV = ".venv/installed"
PYTHON = f"PYTHON={sys.executable}"


@pytest.mark.parametrize(("version", "fits"), [("3, 10", False), ("3, 13", True), ("3, 14", False)])
def test_a_python_that_was_not_tested_is_named(tmp_path, version, fits):
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -c ] || exit 0\n'
        f'exec python3 -c "import sys; sys.version_info = ({version}, 0); exec(sys.argv[1])" "$2"\n'
    )
    python.chmod(0o755)
    command = ["make", ".venv/bin/python", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode == 0) == fits, done.stderr
    sentence = f"Python {version.replace(', ', '.')} found, 3.11 to 3.13 expected"
    assert (sentence in done.stderr) != fits


def test_bars_on_a_terminal_and_lines_in_a_pipe():
    command = ["make", "--dry-run", "--always-make", "figures"]
    ours, theirs = pty.openpty()
    where = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "text": True, "check": True}
    assert "--logger rich" in subprocess.run(command, stderr=theirs, **where).stdout
    assert "--logger" not in subprocess.run(command, stderr=subprocess.PIPE, **where).stdout
    os.close(ours)
    os.close(theirs)


def make(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run make; returns it with its joined output."""
    done = subprocess.run(
        ["make", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0 or not check, done.stdout
    return done


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the Makefile and nothing to install, whose first `make` failed half-way."""
    folder = tmp_path_factory.mktemp("make") / "a project"
    folder.mkdir()
    shutil.copy(REPOSITORY / "Makefile", folder)
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (folder / name).write_text("")
    # As without python3-venv: it fails and leaves a Python without pip.
    python = folder / "python"
    python.write_text(
        "#!/bin/sh\n"
        'if [ "$2" = venv ]; then mkdir -p .venv/bin; touch .venv/bin/python; exit 1; fi\n'
    )
    python.chmod(0o755)
    assert make(folder, "PYTHON=./python", ENV, check=False).returncode != 0
    assert (folder / ".venv/bin/python").exists()
    make(folder, PYTHON, ENV)
    return folder


def whole(folder: Path) -> bool:
    """Whether an environment's programs are its own and make leaves it as it is."""
    said = subprocess.run([folder / ".venv/bin/pip", "--version"], capture_output=True, text=True)
    return (
        f" from {folder}/.venv/" in said.stdout and "-m venv" not in make(folder, "-n", ENV).stdout
    )


def test_an_environment_that_was_left_half_made_copied_or_moved_is_made_anew(project):
    assert whole(project)
    copied = Path(shutil.copytree(project, project.with_name("copied"), symlinks=True))
    make(copied, PYTHON, ENV)
    assert whole(copied) and whole(project)
    moved = copied.rename(project.with_name("moved"))
    make(moved, PYTHON, ENV)
    assert whole(moved)


def test_every_call_of_snakemake_gets_the_arguments():
    for target, calls in (("figures", 1), ("report", 2), ("benchmark", 1)):
        said = make(
            REPOSITORY, "-n", target, "CONFIG=x.yaml", "ARGS=--config data_folder=/x"
        ).stdout
        lines = [" ".join(line.split()) for line in said.splitlines() if "snakemake " in line]
        assert len(lines) == calls
        assert all("--configfile x.yaml --config data_folder=/x -" in line for line in lines)


def test_pip_gets_its_arguments_and_says_why_it_fails(project):
    unused = f"PIP_ARGS=--no-index --find-links {project.parent}/nowhere"
    (project / "requirements.txt").touch()
    assert "nowhere" not in make(project, PYTHON, unused, ENV).stdout.partition("\n")[2]
    (project / "requirements.txt").write_text("snip-no-such-package==1\n")
    done = make(project, PYTHON, unused, ENV, check=False)
    assert done.returncode != 0
    assert "ERROR: No matching distribution found for snip-no-such-package" in done.stdout
    assert "WARNING: Location" in done.stdout
