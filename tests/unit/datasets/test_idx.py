"""The format of data files, and what those of a source must contain."""

from pathlib import Path

import numpy as np
import pytest

from helpers import generated_files, idx
from snip.datasets.dataset import load_dataset
from snip.datasets.fetching import fetch
from snip.datasets.idx import open_idx, view_idx
from snip.datasets.sources import (
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    load_source,
)
from snip.jobs.files import sha256


def array(content):
    return view_idx(np.frombuffer(content, np.uint8), "file")


@pytest.mark.parametrize("shape", [(12,), (3, 4), (2, 3, 2)])
def test_an_array_is_what_was_written(shape):
    written = np.arange(12).reshape(shape)
    np.testing.assert_array_equal(array(idx(written)), written)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (idx(np.zeros((3, 4)))[:-1], "has 23 bytes, expected 24 by its header"),
        (idx(np.zeros((3, 4))) + b"\0", "has 25 bytes, expected 24 by its header"),
        (idx(np.zeros((3, 4)))[:11], "has 11 bytes, expected"),
        (b"\x89PNG", r"not an IDX file .* begins with b'\\x89PNG'"),
        (b"\0\0\x09\1\0\0\0\1\0", "not an IDX file of unsigned bytes"),
        (b"\0\0\x08", "not an IDX file"),
    ],
)
def test_headers_are_checked(content, sentence):
    with pytest.raises(DatasetError, match=f"file .*{sentence}"):
        array(content)


def test_writing_to_a_mapped_array_does_not_change_the_file(generated):
    path = generated / "generated" / TRAIN_IMAGES
    before = path.read_bytes()
    open_idx(path, sha256(before))[:] = 7
    assert path.read_bytes() == before


@pytest.mark.parametrize("cut", [lambda c: c[:-1], lambda c: c[:-1] + bytes([c[-1] ^ 1])])
def test_an_altered_file_is_named_with_both_checksums(generated, cut):
    path = generated / "generated" / TEST_LABELS
    bad, expected = cut(path.read_bytes()), load_source("generated").checksums[TEST_LABELS]
    path.write_bytes(bad)
    with pytest.raises(DatasetError, match=f"{path} .*{sha256(bad)}, expected {expected}"):
        load_dataset("generated", generated)


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_missing_or_empty_file_is_named_with_the_way_to_fetch_it(generated, lose):
    path = generated / "generated" / TEST_LABELS
    lose(path)
    with pytest.raises(DatasetError, match=f"{path} is missing.*fetch_dataset.py --source gene"):
        load_dataset("generated", generated)


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        (
            TRAIN_LABELS,
            lambda a: a + (a == 9) * 2,
            r"train-labels.* 8, 11\], expected each of 0 to",
        ),
        (TEST_LABELS, lambda a: a % 9, r"t10k-labels.* has the labels \[0, .* 8\], expected each"),
        (
            TRAIN_IMAGES,
            lambda a: a[:, :27],
            r"train-images.* shape \(600, 27, 28\), expected \(600",
        ),
        (
            TEST_IMAGES,
            lambda a: a[:, None],
            r"t10k-images.* shape \(200, 1, 28, 28\), expected \(2",
        ),
        (TRAIN_LABELS, lambda a: a[:-1], r"train-labels.* shape \(599,\), expected \(600,\) .*600"),
        (TEST_LABELS, lambda a: a[:-1], r"t10k-images.* shape \(200, 28, 28\), expected \(199, "),
        (
            TRAIN_IMAGES,
            lambda a: a[:500],
            r"train-images.* expected \(600, .* training_examples 600",
        ),
    ],
)
def test_what_networks_and_figures_rely_on_is_checked_before_anything_is_written(
    data_folder, output, place, describe, file, change, sentence
):
    files = generated_files()
    files[file] = idx(change(array(files[file])))
    describe(files)
    place(**files)
    with pytest.raises(DatasetError, match=sentence):
        fetch("generated", data_folder, output)
    assert not list(output.iterdir())
