import platform
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from packaging.version import Version

from helpers import needs
from snip.figures import provenance
from snip.figures.inputs import Inputs
from snip.figures.provenance import Origin, ProvenanceError, check_table, checkout, read
from snip.figures.style import plt, save, use_style
from snip.study.slices import slice_of
from studies import load


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


def test_the_origin_of_a_figure_says_what_is_not_the_papers():
    config = load("paper")
    config["figures"]["fig3"] = [{"labels": ["random"], "batch_sizes": [1], "seeds": [0]}]
    inputs = Inputs("fig3", slice_of(config, ["fig3"]), Path(), Path())
    assert inputs.origin.unlike == ("random labels", "pruning batch of 1 example")


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_another_table_is_found_out(figure, form):
    path = figure.with_suffix(f".{form}")
    figure.with_suffix(".csv").write_text("y\n1\n3\n")
    with pytest.raises(ProvenanceError, match=f"not what fig.{form} shows: found .*, expected "):
        check_table(path, read(path))
    figure.with_suffix(".csv").unlink()
    with pytest.raises(ProvenanceError, match="fig.csv is missing; expected SHA-256"):
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


@needs("git", package="git")
def test_the_checkout_is_clean_modified_or_unknown(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert checkout(tmp_path) == ("unknown", "unknown")
    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert checkout(tmp_path) == (head, "clean")
    (tmp_path / "file").write_text("2")
    assert checkout(tmp_path) == (head, "modified")
    git("checkout", "file")
    (tmp_path / "inside").mkdir()
    assert checkout(tmp_path / "inside") == ("unknown", "unknown")
    (tmp_path / "inside" / "new").write_text("")
    assert checkout(tmp_path) == (head, "modified")
