"""Restoring an intact archive where there are links, other files, or records already."""

import shutil
from pathlib import Path

import pytest

from snip.archives.manifest import ArchiveError, record_path
from snip.archives.restore import restore
from tar_files import FILES, LONG, NAME, lay, present


def test_links_in_the_present_folder_are_followed(whole, here, monkeypatch):
    lay({"place/study/notes": b"", "place/x/results/README.md": b""})
    monkeypatch.chdir(here / "place/x")
    Path("results/study").symlink_to("../../study")
    restore(whole)
    assert (here / "place" / LONG.replace("results/", "") / "seed-0.json").exists()
    assert Path("results/study").is_symlink()
    shutil.rmtree("../study")
    before = present()
    with pytest.raises(
        ArchiveError, match=r"results/study \(a link to \.\./\.\./study\) is in the way"
    ):
        restore(whole)
    Path("results/study").unlink()
    lay({"results/study": b"a file"})
    with pytest.raises(ArchiveError, match="results/study is in the way of the folder"):
        restore(whole)
    Path("results/study").unlink()
    assert present() == before


def test_a_file_that_differs_is_not_overwritten(whole, here):
    lay({f"{LONG}/seed-1.json": b"mine"})
    with pytest.raises(ArchiveError, match="seed-1.json exists and differs from the one in"):
        restore(whole)
    assert present() == {f"{LONG}/seed-1.json": b"mine"}


def test_the_record_of_an_earlier_file_is_replaced_and_that_of_an_existing_file_kept(whole, here):
    earlier = {record_path(f"{LONG}/seed-{seed}.json"): b"of other settings" for seed in (0, 1)}
    lay(earlier)
    restore(whole)
    assert present() == FILES
    lay(earlier)
    restore(whole)
    assert present() == FILES | earlier


def test_records_are_where_snakemake_looks_for_them(here):
    from snakemake.persistence.file import FilePersistence

    persistence = FilePersistence()
    for longest in (255, 143, 30):
        persistence._max_len = longest
        for name in (NAME, f"{LONG}/seed-0.json"):
            expected = persistence._record_path(".snakemake/metadata", name)
            assert record_path(name, longest) == expected


def test_restoring_into_another_file_system(whole, here, monkeypatch):
    replace = Path.replace

    def within_one_folder(source, target):
        if source.parent != Path(target).parent:
            raise OSError(18, "Invalid cross-device link")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", within_one_folder)
    restore(whole)
    assert present() == FILES
    name = f"{LONG}/seed-0.json"
    assert Path(name).stat().st_mtime == pytest.approx((whole.parent / name).stat().st_mtime)
