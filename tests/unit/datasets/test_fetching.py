"""Files that lie in the output and data folders already: which are used, and what is written."""

import sys

import pytest

import fetch_dataset
from helpers import generated_files
from snip.datasets import fetching
from snip.datasets.fetching import fetch
from snip.datasets.sources import (
    IDX_FILES,
    SUMMARY,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    load_source,
)
from snip.jobs.files import sha256


@pytest.mark.parametrize("compress", [False, True])
def test_files_in_the_data_folder_may_be_plain_or_gzipped(data_folder, output, place, compress):
    place(compress)
    fetch("generated", data_folder, output)
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content
    assert sorted(path.name for path in output.iterdir()) == sorted([*IDX_FILES, SUMMARY])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_file_names_may_contain_a_dot(data_folder, output, place, describe, ending):
    place(compress=bool(ending))
    for path in (data_folder / "generated").iterdir():
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    describe({name.replace("-idx", ".idx"): content for name, content in generated_files().items()})
    fetch("generated", data_folder, output)
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content


def test_an_altered_file_is_refused_with_both_checksums(data_folder, output, place):
    content = bytearray(generated_files()[TRAIN_IMAGES])
    content[1000] ^= 1
    place(**{TRAIN_IMAGES: bytes(content)})
    with pytest.raises(DatasetError) as caught:
        fetch("generated", data_folder, output)
    message = str(caught.value)
    expected = load_source("generated").checksums[TRAIN_IMAGES]
    assert f"found SHA-256 {sha256(bytes(content))}, expected {expected}" in message
    assert not (output / SUMMARY).exists()


def test_verified_files_in_the_output_folder_are_not_replaced(data_folder, output, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    output.mkdir()
    for name, content in generated_files().items():
        (shared / name).write_bytes(content)
        (output / name).symlink_to(shared / name)
    fetch("generated", tmp_path / "nowhere", output)
    assert all((output / name).is_symlink() for name in generated_files())
    assert (output / SUMMARY).exists()


def test_some_files_may_lie_in_the_output_folder_and_others_in_the_data_folder(
    data_folder, output, place
):
    place()
    (data_folder / "generated" / TEST_LABELS).unlink()
    output.mkdir()
    (output / TEST_LABELS).write_bytes(generated_files()[TEST_LABELS])
    (output / TEST_IMAGES).write_bytes(b"damaged")
    fetch("generated", data_folder, output)
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content


def test_the_output_folder_may_be_the_data_folder(generated):
    before = {path: path.read_bytes() for path in (generated / "generated").iterdir()}
    fetch("generated", generated, generated / "generated")
    assert before == {path: path.read_bytes() for path in (generated / "generated").iterdir()}


def test_nothing_is_written_before_all_files_are_verified(data_folder, output, place):
    place()
    (data_folder / "generated" / TEST_LABELS).unlink()
    output.mkdir()
    for name in IDX_FILES:
        (output / name).write_bytes(b"older")
    with pytest.raises(DatasetError, match="cannot fetch generated, no place has all files"):
        fetch("generated", data_folder, output)
    assert {path.read_bytes() for path in output.iterdir()} == {b"older"}


DAMAGE = {
    "a bit flipped in the deflated data": lambda zipped: (
        zipped[:40] + bytes([zipped[40] ^ 0xFF]) + zipped[41:]
    ),
    "a bit flipped in the first block": lambda zipped: zipped[:10] + b"\xff" + zipped[11:],
    "cut off": lambda zipped: zipped[: len(zipped) // 2],
    "no gzip file": lambda zipped: b"<html>not found</html>",
    "empty": lambda zipped: b"",
    "a wrong checksum of its own": lambda zipped: zipped[:-8] + b"\0\0\0\0" + zipped[-4:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_reason_among_others(data_folder, output, place, monkeypatch, damage):
    place(compress=True)
    path = data_folder / "generated" / f"{TRAIN_IMAGES}.gz"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError) as caught:
        fetch("generated", data_folder, output)
    assert f"output and data folder: {path} " in str(caught.value)
    assert f"into {data_folder}/generated/" in str(caught.value)
    # Other places are tried, and another copy of the file is used.
    (data_folder / "copy").mkdir()
    (data_folder / "copy" / TRAIN_IMAGES).write_bytes(generated_files()[TRAIN_IMAGES])
    copy = [["sh", "-c", f"cp {data_folder}/generated/* {data_folder}/copy/* ."]]
    monkeypatch.setattr(fetching, "downloads", lambda _: [("mirror", copy)])
    fetch("generated", data_folder, output)
    assert (output / TRAIN_IMAGES).read_bytes() == generated_files()[TRAIN_IMAGES]


def test_broken_links_and_folders_with_the_name_of_a_file_are_ignored(data_folder, output, place):
    place()
    path = data_folder / "generated" / TRAIN_IMAGES
    path.rename(data_folder / "images")
    path.mkdir()
    (data_folder / "images").rename(path / TRAIN_IMAGES)
    (data_folder / "generated" / "copy").mkdir()
    (data_folder / "generated" / "copy" / TRAIN_LABELS).symlink_to("/no/such/file")
    fetch("generated", data_folder, output)
    assert (output / SUMMARY).exists()


def test_the_data_folder_may_start_with_a_tilde(data_folder, output, place, monkeypatch, tmp_path):
    place()
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["--dataset", "generated", "--data-folder", "~/elsewhere", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["fetch_dataset.py", *words])
    fetch_dataset.main()
    assert (output / SUMMARY).exists()
