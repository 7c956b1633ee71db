"""Creating archives: links are followed, and what cannot be archived is an error."""

import os
from pathlib import Path

import pytest

from snip.archives import create as creating
from snip.archives.create import create
from snip.archives.manifest import ArchiveError
from snip.archives.restore import restore
from tar_files import NAME, lay, present


def test_links_are_followed(tmp_path, monkeypatch, capsys):
    elsewhere, here, there = (tmp_path / name for name in ("elsewhere", "here", "there"))
    for folder in (elsewhere, here, there):
        folder.mkdir()
    monkeypatch.chdir(elsewhere)
    lay({"runs/a/seed-0.json": b"{}", "images": b"pixels", "mnist/labels": b"digits"})
    monkeypatch.chdir(here)
    lay({"results/datasets/fashion/images": b"clothes", "results/study/tables/runs.csv": b"1,2"})
    Path("results/study/runs").symlink_to(elsewhere / "runs")
    Path("results/datasets/fashion/labels").symlink_to(elsewhere / "images")
    Path("results/datasets/mnist").symlink_to("../../../elsewhere/mnist")
    os.link("results/study/tables/runs.csv", "results/study/tables/linked.csv")
    lay({"results/study/checkpoints/x.pt": b"1"})
    create("study", Path("study.tar"))
    assert "6 files and 0 records of study study, without 1 checkpoints" in capsys.readouterr().out
    monkeypatch.chdir(there)
    restore(here / "study.tar")
    assert present() == {
        "results/datasets/fashion/images": b"clothes",
        "results/datasets/fashion/labels": b"pixels",
        "results/datasets/mnist/labels": b"digits",
        "results/study/runs/a/seed-0.json": b"{}",
        "results/study/tables/runs.csv": b"1,2",
        "results/study/tables/linked.csv": b"1,2",
    }
    assert "6 files restored, 0 existed already" in capsys.readouterr().out
    Path("results/study/tables/linked.csv").unlink()
    restore(here / "study.tar")
    assert "1 files restored, 5 existed already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("link", "to", "sentence"),
    [
        ("results/datasets/mnist", "nowhere", "a link to nowhere, which does not exist"),
        ("results/study/runs/seed-9.json", "/nowhere", "a link to /nowhere, which does not exist"),
        ("results/datasets", "nowhere", "a link to nowhere, which does not exist"),
        ("results/study/runs/again", "..", r"a link to \.\., a folder above it"),
    ],
)
def test_a_link_that_leads_nowhere_or_upwards_is_an_error(here, link, to, sentence):
    lay({NAME: b"{}"})
    Path(link).parent.mkdir(parents=True, exist_ok=True)
    Path(link).symlink_to(to)
    with pytest.raises(ArchiveError, match=f"^{link} is {sentence}"):
        create("study", Path("study.tar"))
    assert not list(Path().glob("study.tar*"))


def test_what_is_neither_file_nor_folder_or_has_no_printable_name_is_an_error(here):
    lay({NAME: b"{}"})
    os.mkfifo("results/study/pipe")
    with pytest.raises(ArchiveError, match="results/study/pipe is neither a file nor a folder"):
        create("study", Path("study.tar"))
    Path("results/study/pipe").rename("results/study/two\nlines")
    with pytest.raises(ArchiveError, match=r"'results/study/two\\nlines' has a name"):
        create("study", Path("study.tar"))


def test_a_file_that_changes_while_it_is_archived_is_an_error(here, monkeypatch):
    lay({NAME: b"{}"})
    digest_of = creating.digest_of

    def changing(path):
        checksum = digest_of(path)
        Path(NAME).write_bytes(b"[]")
        return checksum

    monkeypatch.setattr(creating, "digest_of", changing)
    with pytest.raises(ArchiveError, match="seed-0.json is altered"):
        create("study", Path("study.tar"))
    assert not list(Path().glob("study.tar*"))


def test_a_study_that_is_being_computed_is_not_archived(here):
    lay({NAME: b"{}", ".snakemake/locks/0.output.lock": b"results/other/runs/seed-0.json\n"})
    create("study", Path("study.tar"))  # another one is
    lay({".snakemake/locks/1.output.lock": b"figures/all\nresults/study/runs/seed-1.json\n"})
    Path("study.tar").unlink()
    with pytest.raises(
        ArchiveError, match="study study is being computed: .* results/study/runs/seed-1"
    ):
        create("study", Path("study.tar"))
    assert not list(Path().glob("study.tar*"))
