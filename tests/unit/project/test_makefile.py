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
    """A folder with the Makefile and nothing to install, and its environment."""
    folder = tmp_path_factory.mktemp("make") / "a project"
    make_project(folder)
    make(folder, PYTHON, ENV)
    return folder


def make_project(folder: Path) -> Path:
    """Make a folder with the Makefile and nothing to install."""
    folder.mkdir()
    shutil.copy(REPOSITORY / "Makefile", folder)
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (folder / name).write_text("")
    return folder


def prefix(folder: Path) -> str:
    """Where the Python of a project has its packages."""
    command = [folder / ".venv/bin/python", "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_environment_that_was_copied_or_moved_is_used(project):
    for place in ("copied", "moved"):
        other = Path(shutil.copytree(project, project.with_name("before"), symlinks=True))
        other = other.rename(project.with_name(place))
        (other / "requirements.txt").touch()
        assert "-m venv" not in make(other, PYTHON, ENV).stdout
        assert f" from {other}/.venv/" in prefix(other)


def test_an_environment_without_pip_gets_its_packages_from_uv(tmp_path, monkeypatch):
    folder = make_project(tmp_path / "a project")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    (folder / ".venv/mine").touch()
    uv = tmp_path / "bin/uv"
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\necho "$@" > said\n')
    uv.chmod(0o755)
    # Else the machine's own may be found.
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    make(folder, PYTHON, "PIP_ARGS=--offline", ENV)
    assert (folder / "said").read_text() == (
        "pip install --quiet --python .venv/bin/python --offline --constraint constraints.txt "
        "--requirement requirements.txt\n"
    )
    assert (folder / ".venv/mine").exists()


def test_an_environment_without_pip_and_uv_is_left_as_it_is(tmp_path, monkeypatch):
    folder = make_project(tmp_path / "a project")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    (folder / ".venv/mine").touch()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = make(folder, PYTHON, ENV, check=False)
    assert done.returncode != 0
    assert ".venv has no pip, and no uv is here, expected one of both" in done.stdout
    assert (folder / ".venv/mine").exists() and not (folder / ENV).exists()


def test_a_link_to_another_disk_is_used_and_kept(project, tmp_path):
    folder = make_project(tmp_path / "another project")
    shutil.copytree(project / ".venv", tmp_path / "scratch/venv", symlinks=True)
    (folder / ".venv").symlink_to(tmp_path / "scratch/venv")
    make(folder, PYTHON, ENV)
    assert (folder / ".venv").is_symlink() and (tmp_path / "scratch/venv/installed").exists()
    # The disk was emptied.
    shutil.rmtree(tmp_path / "scratch")
    done = make(folder, PYTHON, ENV, check=False)
    assert done.returncode != 0 and (folder / ".venv").is_symlink()
    assert ".venv has no Python that runs, expected an environment or nothing" in done.stdout


def test_a_folder_with_something_else_is_kept_and_an_empty_one_used(tmp_path):
    folder = make_project(tmp_path / "a project")
    (folder / ".venv").mkdir()  # where a disk is to be mounted
    assert "-m venv .venv" in make(folder, "-n", PYTHON, ENV).stdout
    (folder / ".venv/mine").touch()
    done = make(folder, PYTHON, ENV, check=False)
    assert done.returncode != 0 and (folder / ".venv/mine").exists()
    assert ".venv has no Python that runs" in done.stdout


def test_a_search_path_for_folders_is_not_used(tmp_path, monkeypatch):
    """`cd scripts` would go to the other project, and print where it is."""
    (tmp_path / "other/scripts").mkdir(parents=True)
    folder = make_project(tmp_path / "a project")
    (folder / "scripts").mkdir()
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").write_text("#!/bin/sh\npwd\n")
    (folder / ".venv/bin/python").chmod(0o755)
    (folder / ".venv/installed").touch()
    monkeypatch.setenv("CDPATH", str(tmp_path / "other"))
    assert f"{folder}/scripts\n" in make(folder, "reference").stdout


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
