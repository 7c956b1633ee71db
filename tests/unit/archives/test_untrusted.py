"""Archives that are damaged or forged: refused as a whole, before anything is restored."""

import gzip
import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snip.archives import manifest
from snip.archives.manifest import MANIFEST, ArchiveError, record_path
from tar_files import FILES, NAME, forged, present, restored


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_belongs_to_no_file(whole, here, place, bit):
    content = bytearray(whole.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    try:
        files = restored(bytes(content))
    except ArchiveError as error:
        assert "damaged.tar" in str(error)
        assert not list(Path().iterdir())
    else:
        # The bytes between the files of an archive mean nothing.
        assert files == FILES


@pytest.mark.parametrize("where", [b"{}\n{}\n", b" path="])
def test_damage_in_a_file_and_in_a_long_name_is_refused(whole, here, where):
    assert restored(whole.read_bytes()) == FILES
    content = bytearray(whole.read_bytes())
    # The byte before ` path=` is the last digit of the name's length.
    content[content.index(where) - (where == b" path=")] ^= 8
    with pytest.raises(ArchiveError, match=r"damaged\.tar"):
        restored(bytes(content))


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
        record_path("results/other/runs/seed-0.json"),
        ".snakemake/locks/0.input.lock",
    ],
)
def test_no_other_place_is_written_to(here, monkeypatch, name):
    content = forged({NAME: b"{}", name: b"import os"})
    monkeypatch.setattr(shutil, "copyfileobj", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(ArchiveError, match=r"damaged\.tar contains") as caught:
        restored(content)
    assert repr(name)[1:-1] in str(caught.value)
    assert not present()


@pytest.mark.parametrize("study", ["datasets", "..", "", "a/b", "../../scripts"])
def test_a_study_is_one_folder_of_the_results(here, study):
    with pytest.raises(ArchiveError, match="is of study"):
        restored(forged({f"results/{study}/x": b""}, study))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_only_plain_files_are_restored(here, kind):
    def change(member):
        member.type, member.linkname = kind, "/etc/passwd"

    with pytest.raises(ArchiveError, match=f"{NAME} is not a plain file"):
        restored(forged({NAME: b""}, change=change))
    assert not present()


def test_no_more_bytes_are_written_than_the_manifest_states(here, monkeypatch):
    large = {NAME: bytes(1 << 20)}
    with pytest.raises(ArchiveError, match="seed-0.json has 1048576 bytes, expected 7"):
        restored(forged(large, stated={NAME: [7, "0" * 64]}))
    with pytest.raises(ArchiveError, match="seed-1.json is not in the manifest"):
        restored(forged({NAME: b""}, unstated=[("results/study/seed-1.json", b"")]))
    with pytest.raises(ArchiveError, match="contains results/study/runs/seed-0.json twice"):
        restored(forged({NAME: b""}, unstated=[(NAME, b"")]))
    monkeypatch.setattr(manifest, "MANIFEST_LIMIT", 100)
    with pytest.raises(ArchiveError, match=r"MANIFEST.json has \d+ bytes, allowed: 100"):
        restored(forged(large))
    assert not present()


def test_a_compressed_archive_and_one_without_a_manifest_are_refused(here):
    with pytest.raises(ArchiveError, match="damaged.tar cannot be unpacked"):
        restored(gzip.compress(forged({NAME: b""})))
    with pytest.raises(ArchiveError, match=f"damaged.tar does not begin with {MANIFEST}"):
        restored(bytes(10240))
