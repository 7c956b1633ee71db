import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archive

# Longer than a header has room for: such a name stands in a record of its own.
LONG = "/".join(["results/study/runs", *(f"axis-{number:020}" for number in range(8))])
FILES = {
    "results/datasets/mnist/labels": bytes(range(256)) * 3,
    f"{LONG}/seed-0.json": b"{}\n" * 500,
    f"{LONG}/seed-1.json": b"",
    ".snakemake/metadata/record": b"x" * 100,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An archive of a few files."""
    folder = tmp_path_factory.mktemp("whole")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        archive.create("study", Path("study.tar"))
    return folder / "study.tar"


def restored(content: bytes) -> dict[str, bytes]:
    """Restore an archive in the present folder, emptied before; return the files that are there."""
    for path in Path.cwd().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    source = Path("damaged.tar")
    source.write_bytes(content)
    try:
        archive.restore(source)
    finally:
        source.unlink()
        found = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    return found


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
    except archive.ArchiveError as error:
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
    with pytest.raises(archive.ArchiveError, match=r"damaged\.tar"):
        restored(bytes(content))
