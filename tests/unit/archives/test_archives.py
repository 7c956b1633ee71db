"""Archives: what is in them, what restoring keeps, and what is refused as a whole."""

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from types import SimpleNamespace

import bagit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snip.archives.create import ArchiveError, create
from snip.archives.restore import restore

STUDY = Path("study.tar")
NAME = "results/study/runs/seed-0.json"
# Longer than a tar header has room for: tar stores such a name in a header of its own.
LONG = "/".join(["results/study/runs", *(f"axis-{number:020}" for number in range(8))])
FILES = {
    "results/datasets/mnist/labels": bytes(range(256)) * 3,
    f"{LONG}/seed-0.json": b"{}\n" * 500,
    f"{LONG}/seed-1.json": b"",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the present one."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(scope="module")
def whole():
    """The bytes of an archive of FILES."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay(FILES)
        create("study", STUDY)
        return STUDY.read_bytes()


def lay(files, folder=Path()):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def present():
    files = [path for path in Path().rglob("*") if path.is_file() and path != STUDY]
    return {str(path): path.read_bytes() for path in files}


def restored(content, given=None):
    """The files of a folder after an archive was restored there. A refused one changes none."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay(given or {})
        STUDY.write_bytes(content)
        try:
            restore(STUDY)
        except ArchiveError:
            assert present() == (given or {})
            raise
        return present()


def forged(files, study="study", mode="w", more=()):
    """A valid bag of any files, in a tar file with more members, which the bag does not list."""
    buffer = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(fileobj=buffer, mode=mode) as archive,
    ):
        lay(files, Path(folder))
        archive.add(bagit.make_bag(folder).path, study)
        for member in more:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return buffer.getvalue()


def test_what_links_lead_to_is_archived_without_checkpoints_and_restored(here, capsys):
    lay({"runs/seed-0.json": b"{}", "images": b"pixels"}, here.parent)
    lay({"results/datasets/mnist/labels": b"digits", "results/study/tables/runs.csv": b"1,2"})
    Path("results/study/runs").symlink_to("../../../runs")
    Path("results/datasets/mnist/images").symlink_to(here.parent / "images")
    os.link("results/study/tables/runs.csv", "results/study/tables/linked.csv")
    lay({"results/study/checkpoints/x.pt": b"1", "results/other/tables/runs.csv": b"3"})
    create("study", STUDY)
    assert "study.tar: 5 files of study study, without checkpoints" in capsys.readouterr().out
    assert restored(STUDY.read_bytes()) == {
        "results/datasets/mnist/images": b"pixels",
        "results/datasets/mnist/labels": b"digits",
        "results/study/runs/seed-0.json": b"{}",
        "results/study/tables/runs.csv": b"1,2",
        "results/study/tables/linked.csv": b"1,2",
    }


def test_times_of_modification_which_snakemake_compares_survive(here):
    lay(FILES)
    times = {name: 1_700_000_000 + 0.25 * number for number, name in enumerate(FILES)}
    for name, time in times.items():
        os.utime(name, (time, time))
    create("study", STUDY)
    shutil.rmtree("results")
    restore(STUDY)
    assert {name: Path(name).stat().st_mtime for name in FILES} == times


def test_other_tools_open_and_check_it(here, whole):
    STUDY.write_bytes(whole)
    subprocess.run(["tar", "-xf", STUDY], check=True)
    assert bagit.Bag("study").validate()
    for name, content in FILES.items():
        assert Path("study/data", name).read_bytes() == content


@pytest.mark.parametrize("to", ["/nowhere", ".."])
def test_a_link_that_leads_nowhere_or_upwards_is_an_error(here, to):
    lay({NAME: b"{}"})
    Path("results/study/runs/link").symlink_to(to)
    with pytest.raises(ArchiveError, match="^results/study/runs/link.* cannot be archived: "):
        create("study", STUDY)
    assert present() == {NAME: b"{}"} and not STUDY.exists()


def test_a_study_that_is_being_computed_is_not_archived(here):
    lay({NAME: b"{}", ".snakemake/locks/0.output.lock": b"results/other/runs/seed-0.json\n"})
    create("study", STUDY)  # another one is
    lay({".snakemake/locks/1.output.lock": b"figures/all\nresults/study/runs/seed-1.json\n"})
    with pytest.raises(ArchiveError, match="being computed: .* results/study/runs/seed-1"):
        create("study", STUDY)
    with pytest.raises(ArchiveError, match="study folder results/nothing does not exist"):
        create("nothing", STUDY)


def test_equal_files_stay(whole, capsys):
    given = dict(list(FILES.items())[:2])
    assert restored(whole, given) == FILES
    assert "study.tar: 1 files restored, 2 existed already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mine", "sentence"),
    [
        (f"{LONG}/seed-1.json", "seed-1.json exists and differs"),
        (f"{LONG}/seed-1.json/file", "seed-1.json exists and differs"),
        ("results/study", "results/study exists and is no folder"),
    ],
)
def test_a_file_that_differs_or_is_in_the_way_is_not_overwritten(whole, mine, sentence):
    with pytest.raises(ArchiveError, match=sentence):
        restored(whole, {mine: b"mine"})


@settings(max_examples=200)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_belongs_to_no_file(whole, place, bit):
    content = bytearray(whole)
    content[int(place * len(content))] ^= 1 << bit
    with contextlib.suppress(ArchiveError):
        # The bytes between the files of an archive mean nothing.
        assert restored(bytes(content)) == FILES


DAMAGED = r"archive study\.tar cannot be restored: "


def test_an_altered_file_and_a_missing_end_are_refused(whole):
    for damaged in (whole.replace(b"{}\n{}\n", b"{}\n[]\n", 1), whole[: len(whole) // 2]):
        with pytest.raises(ArchiveError, match=DAMAGED):
            restored(damaged)


@pytest.mark.parametrize(
    "name",
    [
        "scripts/argparse.py",
        ".git/hooks/pre-commit",
        ".snakemake/metadata/record",
        "results/other/runs/seed-0.json",
        "results/study",
        "results/README.md",
    ],
)
def test_no_other_place_is_written_to(name):
    with pytest.raises(ArchiveError, match=f"contains '{name}', allowed: files below"):
        restored(forged({"results/datasets/x": b"", name: b"import os"}))


@pytest.mark.parametrize("study", ["datasets", "Study", "a/b"])
def test_a_study_is_one_folder_of_the_results(study):
    with pytest.raises(ArchiveError, match=r"(expected the folder of one study|bagit\.txt)"):
        restored(forged({f"results/{study}/x": b""}, study))


def member(name, kind=tarfile.REGTYPE, size=0):
    added = tarfile.TarInfo(name)
    added.type, added.size, added.linkname = kind, size, "study/bagit.txt"
    return added


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        (member("../escaped"), "outside"),
        (member("study/../../escaped"), "outside"),
        (member("/tmp/escaped"), "expected the folder of one study"),
        (member("study/data/link", tarfile.SYMTYPE), "data/link in the archive is not a plain"),
        (member("study/data/link", tarfile.LNKTYPE), "data/link in the archive is not a plain"),
        (member("study/data/pipe", tarfile.FIFOTYPE), "data/pipe in the archive is not a plain"),
        (member("study/data/results/study/x", size=9), DAMAGED + ".* 9 bytes"),  # in no manifest
    ],
)
def test_a_member_that_create_would_not_have_written_is_refused(added, sentence):
    with pytest.raises(ArchiveError, match=sentence):
        restored(forged({NAME: b""}, more=[added]))


def test_what_needs_more_than_is_free_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=900))
    monkeypatch.setattr(tarfile.TarFile, "extractall", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(ArchiveError, match=r"needs \d+ bytes, 900 are free"):
        restored(forged({NAME: bytes(1000)}))


@pytest.mark.parametrize("content", [forged({NAME: b""}, mode="w:gz"), bytes(10240), b"text"])
def test_a_compressed_archive_and_other_files_are_refused(content):
    with pytest.raises(ArchiveError, match=r"archive study\.tar"):
        restored(content)
