import gzip
import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snip.archives import archive as archives
from snip.archives.archive import MANIFEST, ArchiveError, digest, record
from snip.jobs.files import sealed

# Longer than a header has room for: such a name stands in a record of its own.
LONG = "/".join(["results/study/runs", *(f"axis-{number:020}" for number in range(8))])
FILES = {
    "results/datasets/mnist/labels": bytes(range(256)) * 3,
    f"{LONG}/seed-0.json": b"{}\n" * 500,
    f"{LONG}/seed-1.json": b"",
    record(f"{LONG}/seed-0.json"): b"x" * 100,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An archive of a few files."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        lay(FILES)
        archives.create("study", Path("study.tar"))
    return folder / "study.tar"


def restored(content: bytes) -> dict[str, bytes]:
    """Restore an archive in the present folder, emptied before; return the files that are there."""
    for path in Path.cwd().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    source = Path("damaged.tar")
    source.write_bytes(content)
    try:
        archives.restore(source)
    finally:
        source.unlink()
    return present()


def present() -> dict[str, bytes]:
    """The files in the present folder."""
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def lay(files: dict[str, bytes]) -> None:
    """Write files in the present folder."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def forged(
    files: dict[str, bytes], study="study", stated=(), unstated=(), change=lambda member: None
) -> bytes:
    """An archive with a manifest that agrees with its files, whatever these are."""
    listed = {
        name: [len(content), digest(io.BytesIO(content))] for name, content in files.items()
    } | dict(stated)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        manifest = sealed({"study": study, "files": listed})
        for name, content in [(MANIFEST, manifest), *files.items(), *unstated]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if name != MANIFEST:
                change(member)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_damaged_archive_is_refused_whole_or_its_files_are_not_damaged(
    whole, tmp_path, monkeypatch, place, bit
):
    monkeypatch.chdir(tmp_path)
    content = bytearray(whole.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    try:
        found = restored(bytes(content))
    except ArchiveError as error:
        assert "damaged.tar" in str(error)
        assert not list(Path().iterdir())
    else:
        # Between the files of an archive are bytes that mean nothing.
        assert found == FILES


@pytest.mark.parametrize("where", [b"{}\n{}\n", b" path="])
def test_damage_of_content_and_of_a_long_name_is_refused(whole, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    assert restored(whole.read_bytes()) == FILES
    content = bytearray(whole.read_bytes())
    # Before the path stands how long it is.
    content[content.index(where) - (where == b" path=")] ^= 8
    with pytest.raises(ArchiveError, match=r"damaged\.tar"):
        restored(bytes(content))


NAME = "results/study/runs/seed-0.json"


@pytest.mark.parametrize(
    "name",
    [
        "scripts/argparse.py",
        "profiles/default/config.yaml",
        ".git/hooks/pre-commit",
        "results/other/runs/seed-0.json",
        "results/study",
        "results/README.md",
        "results/study/../../scripts/argparse.py",
        "/tmp/argparse.py",
        "results//study/x",
        "./results/study/x",
        "results/study/x\n",
        ".snakemake/metadata/record",
        record("results/other/runs/seed-0.json"),
        ".snakemake/locks/0.input.lock",
    ],
)
def test_no_other_place_is_written_to(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    content = forged({NAME: b"{}", name: b"import os"})
    monkeypatch.setattr(shutil, "copyfileobj", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(ArchiveError, match=r"damaged\.tar holds") as caught:
        restored(content)
    assert repr(name)[1:-1] in str(caught.value)
    assert not present()


@pytest.mark.parametrize("study", ["datasets", "..", "", "a/b", "../../scripts"])
def test_a_study_is_one_folder_of_the_results(tmp_path, monkeypatch, study):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArchiveError, match="is of study"):
        restored(forged({f"results/{study}/x": b""}, study))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_nothing_but_files_is_restored(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)

    def change(member):
        member.type, member.linkname = kind, "/etc/passwd"

    with pytest.raises(ArchiveError, match=f"{NAME} is not a plain file"):
        restored(forged({NAME: b""}, change=change))
    assert not present()


def test_no_more_bytes_are_written_than_the_manifest_states(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    large = {NAME: bytes(1 << 20)}
    with pytest.raises(ArchiveError, match="seed-0.json has 1048576 bytes, expected 7"):
        restored(forged(large, stated={NAME: [7, "0" * 64]}))
    with pytest.raises(ArchiveError, match="seed-1.json is not in the manifest"):
        restored(forged({NAME: b""}, unstated=[("results/study/seed-1.json", b"")]))
    with pytest.raises(ArchiveError, match="holds results/study/runs/seed-0.json twice"):
        restored(forged({NAME: b""}, unstated=[(NAME, b"")]))
    monkeypatch.setattr(archives, "MANIFEST_LIMIT", 100)
    with pytest.raises(ArchiveError, match=r"MANIFEST.json has \d+ bytes, allowed: 100"):
        restored(forged(large))
    assert not present()


def test_an_archive_without_sizes_or_compressed_is_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArchiveError, match="damaged.tar cannot be unpacked"):
        restored(gzip.compress(forged({NAME: b""})))
    earlier = forged({NAME: b""}).replace(MANIFEST.encode(), b"SHA256SUMS\0\0\0")
    header = bytearray(earlier[:512])
    header[148:156] = b"%06o\0 " % sum([*header[:148], *b" " * 8, *header[156:]])
    with pytest.raises(ArchiveError, match="of an earlier version, without sizes.*tar -xf"):
        restored(bytes(header) + earlier[512:])


def test_links_are_followed_when_packing(tmp_path, monkeypatch, capsys):
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
    archives.create("study", Path("study.tar"))
    assert "6 files and 0 records of study study, without 1 checkpoints" in capsys.readouterr().out
    monkeypatch.chdir(there)
    archives.restore(here / "study.tar")
    assert present() == {
        "results/datasets/fashion/images": b"clothes",
        "results/datasets/fashion/labels": b"pixels",
        "results/datasets/mnist/labels": b"digits",
        "results/study/runs/a/seed-0.json": b"{}",
        "results/study/tables/runs.csv": b"1,2",
        "results/study/tables/linked.csv": b"1,2",
    }
    assert "6 files restored, 0 were there already" in capsys.readouterr().out
    Path("results/study/tables/linked.csv").unlink()
    archives.restore(here / "study.tar")
    assert "1 files restored, 5 were there already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("link", "to", "said"),
    [
        ("results/datasets/mnist", "nowhere", "a link to nowhere, which does not exist"),
        ("results/study/runs/seed-9.json", "/nowhere", "a link to /nowhere, which does not exist"),
        ("results/datasets", "nowhere", "a link to nowhere, which does not exist"),
        ("results/study/runs/again", "..", r"a link to \.\., a folder above it"),
    ],
)
def test_a_link_to_nothing_or_upwards_is_an_error_by_name(tmp_path, monkeypatch, link, to, said):
    monkeypatch.chdir(tmp_path)
    lay({NAME: b"{}"})
    Path(link).parent.mkdir(parents=True, exist_ok=True)
    Path(link).symlink_to(to)
    with pytest.raises(ArchiveError, match=f"^{link} is {said}"):
        archives.create("study", Path("study.tar"))
    assert not list(Path().glob("study.tar*"))


def test_what_is_neither_file_nor_folder_is_an_error_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lay({NAME: b"{}"})
    os.mkfifo("results/study/pipe")
    with pytest.raises(ArchiveError, match="results/study/pipe is neither a file nor a folder"):
        archives.create("study", Path("study.tar"))
    Path("results/study/pipe").rename("results/study/two\nlines")
    with pytest.raises(ArchiveError, match=r"'results/study/two\\nlines' has a name"):
        archives.create("study", Path("study.tar"))


def test_a_file_that_changes_while_it_is_archived_is_an_error_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lay({NAME: b"{}"})
    digest_of = archives.digest_of

    def changing(path):
        found = digest_of(path)
        Path(NAME).write_bytes(b"[]")
        return found

    monkeypatch.setattr(archives, "digest_of", changing)
    with pytest.raises(ArchiveError, match="seed-0.json is altered"):
        archives.create("study", Path("study.tar"))
    assert not list(Path().glob("study.tar*"))


def test_restoring_follows_the_links_of_the_place(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lay({"place/study/notes": b"", "place/x/results/README.md": b""})
    monkeypatch.chdir(tmp_path / "place/x")
    Path("results/study").symlink_to("../../study")
    archives.restore(whole)
    assert (tmp_path / "place" / LONG.replace("results/", "") / "seed-0.json").exists()
    assert Path("results/study").is_symlink()
    shutil.rmtree("../study")
    before = present()
    with pytest.raises(
        ArchiveError, match=r"results/study \(a link to \.\./\.\./study\) is in the way"
    ):
        archives.restore(whole)
    Path("results/study").unlink()
    lay({"results/study": b"a file"})
    with pytest.raises(ArchiveError, match="results/study is in the way of the folder"):
        archives.restore(whole)
    Path("results/study").unlink()
    assert present() == before


def test_a_record_of_what_lay_there_once_does_not_hold_for_a_restored_file(
    whole, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    once = {record(f"{LONG}/seed-{seed}.json"): b"of other settings" for seed in (0, 1)}
    lay(once)
    archives.restore(whole)
    assert present() == FILES
    # But that of a file that is there holds.
    lay(once)
    archives.restore(whole)
    assert present() == FILES | once


def test_records_lie_where_snakemake_looks_for_them(tmp_path, monkeypatch):
    from snakemake.persistence.file import FilePersistence

    monkeypatch.chdir(tmp_path)
    persistence = FilePersistence()
    for longest in (255, 143, 30):
        persistence._max_len = longest
        for name in (NAME, f"{LONG}/seed-0.json"):
            expected = persistence._record_path(".snakemake/metadata", name)
            assert record(name, longest) == expected


def test_restoring_into_another_file_system(whole, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace = Path.replace

    def one_folder_only(source, target):
        if source.parent != Path(target).parent:
            raise OSError(18, "Invalid cross-device link")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", one_folder_only)
    archives.restore(whole)
    assert present() == FILES
    name = f"{LONG}/seed-0.json"
    assert Path(name).stat().st_mtime == pytest.approx((whole.parent / name).stat().st_mtime)
