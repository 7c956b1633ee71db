import os
import platform
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from packaging.version import Version

from helpers import REPOSITORY, needs
from snip.figures import provenance
from snip.figures.provenance import Origin, ProvenanceError, check_table, checkout, read
from snip.figures.style import plt, save, use_style


@pytest.fixture
def figure(tmp_path):
    """A saved figure: its prefix."""
    use_style()
    drawn, axis = plt.subplots(figsize=(2, 2))
    axis.plot([1, 2])
    save(drawn, pd.DataFrame({"y": [1, 2]}), Origin("tiny", "ab" * 32), tmp_path / "fig")
    return tmp_path / "fig"


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_figures_say_what_made_them(figure, form):
    import numpy
    import torch

    fields = read(figure.with_suffix(f".{form}"))
    assert list(fields) == provenance.FIELDS
    assert fields["Python"] == platform.python_version()
    assert Version(fields["torch"]).public == Version(torch.__version__).public
    assert fields["numpy"] == numpy.__version__
    assert (fields["Commit"], fields["Tree"]) == checkout()


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_another_table_is_found_out(figure, form):
    path = figure.with_suffix(f".{form}")
    figure.with_suffix(".csv").write_text("y\n1\n3\n")
    with pytest.raises(ProvenanceError, match=f"not what fig.{form} shows: found .*, expected "):
        check_table(path, read(path))
    figure.with_suffix(".csv").unlink()
    with pytest.raises(ProvenanceError, match="found no file, expected SHA-256"):
        check_table(path, read(path))


def test_foreign_and_damaged_figures_are_named(figure, tmp_path):
    for form in ("pdf", "png"):
        drawn, _ = plt.subplots(figsize=(1, 1))
        drawn.savefig(tmp_path / f"foreign.{form}")
        with pytest.raises(ProvenanceError, match=f"foreign.{form} carries no Study"):
            read(tmp_path / f"foreign.{form}")
        damaged = tmp_path / f"damaged.{form}"
        damaged.write_bytes(figure.with_suffix(f".{form}").read_bytes()[:40])
        with pytest.raises(ProvenanceError, match=f"damaged.{form} cannot be read"):
            read(damaged)
        plt.close(drawn)


def test_every_figure_is_looked_at_also_after_one_without_a_record(figure, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    names = ["photo.jpg", "absent.png", "fig.png"]
    script = REPOSITORY / "scripts/provenance.py"
    command = [sys.executable, script, *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error: figure photo.jpg cannot be read" in done.stderr
    assert "error: figure absent.png cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
    assert "fig.csv is that table" in done.stdout


@pytest.fixture
def git(tmp_path):
    """A repository with one commit: git in it."""

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        command = ["git", "-C", str(tmp_path / "project"), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "project").mkdir()
    git("init")
    (tmp_path / "project/file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    return git


@needs("git", package="git")
def test_the_checkout_is_clean_modified_or_unknown(git, tmp_path):
    project = tmp_path / "project"
    assert checkout(tmp_path) == ("unknown", "unknown")
    head = git("rev-parse", "HEAD")
    assert checkout(project) == (head, "clean")
    (project / "file").write_text("2")
    assert checkout(project) == (head, "modified")
    git("checkout", "file")
    (project / "inside").mkdir()
    assert checkout(project / "inside") == ("unknown", "unknown")
    (project / "inside" / "new").write_text("")
    assert checkout(project) == (head, "modified")
    git("config", "status.showUntrackedFiles", "no")
    assert checkout(project) == (head, "modified")


@needs("git", package="git")
@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_a_hook_of_another_repository_changes_nothing(git, tmp_path, monkeypatch, name):
    head = git("rev-parse", "HEAD")
    subprocess.run(["git", "init", "--quiet", tmp_path / "other"], check=True)
    place = {"GIT_DIR": ".git", "GIT_WORK_TREE": "", "GIT_INDEX_FILE": ".git/index"}[name]
    monkeypatch.setenv(name, str(tmp_path / "other" / place))
    assert checkout(tmp_path / "project") == (head, "clean")


@needs("git", package="git")
def test_the_clone_of_another_user_gives_its_commit(git, tmp_path, monkeypatch):
    head = git("rev-parse", "HEAD")
    stranger = tmp_path / "bin/git"
    stranger.parent.mkdir()
    # So git's own tests have it believe that every repository is another user's.
    believing = "GIT_TEST_ASSUME_DIFFERENT_OWNER=1 HOME=/nowhere"
    stranger.write_text(f'#!/bin/sh\n{believing} exec {shutil.which("git")} "$@"\n')
    stranger.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stranger.parent}:{os.environ['PATH']}")
    refused = subprocess.run(["git", "-C", tmp_path / "project", "log"], capture_output=True)
    assert b"dubious ownership" in refused.stderr
    assert checkout(tmp_path / "project") == (head, "clean")
