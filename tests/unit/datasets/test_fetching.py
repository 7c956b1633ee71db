"""Files that lie in the output and data folders already: which are used, and what is written."""

import gzip
import sys

import pytest

import fetch_dataset
from helpers import generated_files
from snip.datasets.fetching import fetch
from snip.datasets.sources import (
    IDX_FILES,
    SUMMARY,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    DatasetError,
    load_source,
)
from snip.jobs.files import sha256


def assert_fetched(output):
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content
    assert sorted(path.name for path in output.iterdir()) == sorted([*IDX_FILES, SUMMARY])


@pytest.mark.parametrize("folder", ["generated", "generated/in/a/subfolder", "Generated/raw"])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_files_in_the_data_folder_may_lie_and_be_named_as_mirrors_have_them(
    data_folder, output, folder, dotted, zipped
):
    (data_folder / folder).mkdir(parents=True)
    for name, content in generated_files().items():
        name = name.replace("-idx", ".idx") if dotted else name
        path = data_folder / folder / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
    fetch("generated", data_folder, output)
    assert_fetched(output)


def test_verified_files_in_the_output_folder_are_not_replaced(generated, tmp_path, output):
    output.mkdir()
    for name in IDX_FILES:
        (output / name).symlink_to(generated / "generated" / name)
    fetch("generated", tmp_path / "nowhere", output)
    assert all((output / name).is_symlink() for name in IDX_FILES)
    assert_fetched(output)


def test_some_files_may_lie_in_the_output_folder_and_others_in_the_data_folder(
    data_folder, output, place
):
    place()
    (data_folder / "generated" / TEST_LABELS).unlink()
    (data_folder / "generated" / TEST_LABELS).symlink_to("/no/such/file")
    output.mkdir()
    (output / TEST_LABELS).write_bytes(generated_files()[TEST_LABELS])
    (output / TEST_IMAGES).write_bytes(b"damaged")
    fetch("generated", data_folder, output)
    assert_fetched(output)


def test_nothing_is_written_before_all_files_are_verified(data_folder, output, place):
    content = generated_files()[TEST_LABELS]
    altered = content[:-1] + bytes([content[-1] ^ 1])
    place(**{TEST_LABELS: altered})
    output.mkdir()
    for name in IDX_FILES[:3]:
        (output / name).write_bytes(b"older")
    with pytest.raises(DatasetError, match="cannot fetch generated, no place has all") as caught:
        fetch("generated", data_folder, output)
    assert {path.read_bytes() for path in output.iterdir()} == {b"older"}
    checksums = load_source("generated").checksums
    found = f"found SHA-256 {sha256(altered)}, expected {checksums[TEST_LABELS]}"
    assert f"{data_folder / 'generated' / TEST_LABELS} is truncated or altered: {found}" in str(
        caught.value
    )
    _, _, wanted = str(caught.value).partition(f"into {data_folder / 'generated'}/:\n")
    assert wanted == "\n".join(f"  {checksums[name]}  {name}" for name in IDX_FILES)


@pytest.mark.parametrize(
    "damage",
    [
        lambda zipped: zipped[:40] + bytes([zipped[40] ^ 0xFF]) + zipped[41:],
        lambda zipped: zipped[: len(zipped) // 2],
        lambda zipped: b"<html>not found</html>",
        lambda zipped: b"",
    ],
)
def test_a_damaged_file_is_a_reason_and_another_copy_is_used(data_folder, output, place, damage):
    place()
    good = data_folder / "generated" / TRAIN_IMAGES
    bad = good.with_name(f"{TRAIN_IMAGES}.gz")
    bad.write_bytes(damage(gzip.compress(good.read_bytes())))
    good.rename(data_folder / "moved")
    with pytest.raises(DatasetError, match=f"output and data folder: {bad} "):
        fetch("generated", data_folder, output)
    (data_folder / "moved").rename(good)
    fetch("generated", data_folder, output)
    assert_fetched(output)


def test_the_data_folder_may_start_with_a_tilde(output, place, monkeypatch, tmp_path):
    place()
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["--source", "generated", "--data-folder", "~/elsewhere", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["fetch_dataset.py", *words])
    fetch_dataset.main()
    assert_fetched(output)
