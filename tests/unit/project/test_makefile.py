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


def make(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run make, and return what it says; `check`: whether it succeeds."""
    done = subprocess.run(
        ["make", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (done.returncode == 0) == check, done.stdout
    return done.stdout


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder with the Makefile and nothing to install."""
    folder = tmp_path / "a project"
    folder.mkdir()
    shutil.copy(REPOSITORY / "Makefile", folder)
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (folder / name).touch()
    return folder


def without_pip(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    (folder / ".venv/mine").touch()


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("version", "fits"), [("3, 10", False), ("3, 13", True), ("3, 14", False)])
def test_a_python_that_was_not_tested_is_named(project, version, fits):
    said = f"import sys; sys.version_info = ({version}, 0); exec(sys.argv[1])"
    script = f'[ "$1" = -c ] || exit 0\nexec python3 -c "{said}" "$2"'
    python = program(project.parent / "python", script)
    sentence = f"Python {version.replace(', ', '.')} found, 3.11 to 3.13 expected"
    said = make(project, ".venv/bin/python", f"PYTHON={python}", check=fits)
    assert (sentence in said) != fits


def test_bars_on_a_terminal_and_lines_in_a_pipe():
    command = ["make", "--dry-run", "--always-make", "figures"]
    ours, theirs = pty.openpty()
    where = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "text": True, "check": True}
    assert "--logger rich" in subprocess.run(command, stderr=theirs, **where).stdout
    assert "--logger" not in subprocess.run(command, stderr=subprocess.PIPE, **where).stdout
    os.close(ours)
    os.close(theirs)


def test_an_environment_is_made_used_when_moved_and_kept_when_broken(project, tmp_path):
    make(project, PYTHON, ENV)
    # Moved, and a link to another disk.
    shutil.move(project / ".venv", tmp_path / "scratch")
    (project / ".venv").symlink_to(tmp_path / "scratch")
    (project / "requirements.txt").touch()
    assert "-m venv" not in make(project, PYTHON, ENV)
    pip = [project / ".venv/bin/python", "-m", "pip", "--version"]
    place = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    assert str(project / ".venv") in place or str(tmp_path / "scratch") in place
    # pip's arguments are given, and it says why it fails.
    (project / "requirements.txt").write_text("snip-no-such-package==1\n")
    said = make(project, PYTHON, "PIP_ARGS=--no-index", ENV, check=False)
    assert "ERROR: No matching distribution found for snip-no-such-package" in said
    shutil.rmtree(tmp_path / "scratch")  # the disk was emptied
    said = make(project, PYTHON, ENV, check=False)
    assert (project / ".venv").is_symlink()
    assert ".venv has no Python that runs, expected an environment or nothing" in said


def test_a_folder_with_something_else_is_kept_and_an_empty_one_used(project):
    (project / ".venv").mkdir()  # where a disk is to be mounted
    assert "-m venv .venv" in make(project, "-n", PYTHON, ENV)
    (project / ".venv/mine").touch()
    assert ".venv has no Python that runs" in make(project, PYTHON, ENV, check=False)
    assert (project / ".venv/mine").exists()


@pytest.mark.parametrize("uv", [True, False])
def test_an_environment_without_pip_gets_its_packages_from_uv(project, monkeypatch, uv):
    without_pip(project)
    if uv:
        program(project / "bin/uv", 'echo "$@" > said')
    # Else the machine's own may be found.
    monkeypatch.setenv("PATH", f"{project}/bin:/usr/bin:/bin")
    said = make(project, PYTHON, "PIP_ARGS=--offline", ENV, check=uv)
    if uv:
        assert (project / "said").read_text() == (
            "pip install --quiet --python .venv/bin/python --offline --constraint constraints.txt "
            "--requirement requirements.txt\n"
        )
    else:
        assert ".venv has no pip, and no uv is here, expected one of both" in said
    assert (project / ".venv/mine").exists()


def test_a_search_path_for_folders_is_not_used(project, tmp_path, monkeypatch):
    """`cd scripts` would go to the other project, and print where it is."""
    (tmp_path / "other/scripts").mkdir(parents=True)
    (project / "scripts").mkdir()
    program(project / ".venv/bin/python", "pwd")
    (project / ENV).touch()
    monkeypatch.setenv("CDPATH", str(tmp_path / "other"))
    assert f"{project}/scripts\n" in make(project, "reference")


@pytest.mark.parametrize(("target", "calls"), [("figures", 1), ("report", 2), ("benchmark", 1)])
def test_every_call_of_snakemake_gets_the_arguments(target, calls):
    said = make(REPOSITORY, "-n", target, "CONFIG=x.yaml", "ARGS=--config data_folder=/x")
    lines = [" ".join(line.split()) for line in said.splitlines() if "snakemake " in line]
    assert len(lines) == calls
    assert all("--configfile x.yaml --config data_folder=/x -" in line for line in lines)
