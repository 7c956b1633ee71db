"""What the files of a source must contain."""

import numpy as np
import pytest

from helpers import generated_files, idx
from snip.datasets.fetching import fetch
from snip.datasets.idx import view_idx
from snip.datasets.sources import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DatasetError


def a_large_training_label(arrays):
    arrays[TRAIN_LABELS][7] = 11


def a_large_test_label(arrays):
    arrays[TEST_LABELS][7] = 11


def fewer_classes(arrays):
    arrays[TRAIN_LABELS] %= 9


def large_images(arrays):
    arrays[TRAIN_IMAGES] = np.zeros((600, 32, 32), np.uint8)


def colour_images(arrays):
    arrays[TEST_IMAGES] = np.zeros((200, 3, 28, 28), np.uint8)


def no_images(arrays):
    arrays[TEST_IMAGES] = np.zeros((0, 28, 28), np.uint8)
    arrays[TEST_LABELS] = np.zeros(0, np.uint8)


def a_missing_training_label(arrays):
    arrays[TRAIN_LABELS] = arrays[TRAIN_LABELS][:-1]


def a_missing_test_label(arrays):
    arrays[TEST_LABELS] = arrays[TEST_LABELS][:-1]


def one_grey_value(arrays):
    arrays[TRAIN_IMAGES][:] = 7


def fewer_examples(arrays):
    for name in (TRAIN_IMAGES, TRAIN_LABELS):
        arrays[name] = arrays[name][:500]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (a_large_training_label, "train-labels.* has the label 11, expected 0 to 9"),
        (a_large_test_label, "t10k-labels.* has the label 11, expected"),
        (fewer_classes, "train-labels.* has no example of class 9"),
        (large_images, "train-images.* has shape 600 × 32 × 32, expected .* of 28 × 28"),
        (colour_images, "t10k-images.* has shape 200 × 3 × 28 × 28, expected .* of 28 × 28"),
        (no_images, "t10k-images.* has shape 0 × 28 × 28, expected one or more images"),
        (
            a_missing_training_label,
            "train-labels.* has 599 labels, expected one for each of 600 images",
        ),
        (a_missing_test_label, "t10k-labels.* has 199 labels, expected one for each of 200"),
        (one_grey_value, "train-images.* has a single grey value"),
        (fewer_examples, "generated.yaml has training_examples 600, expected 500"),
    ],
)
def test_what_networks_and_figures_rely_on_is_checked(
    data_folder, output, place, describe, change, sentence
):
    arrays = {
        name: view_idx(np.frombuffer(content, np.uint8), name).copy()
        for name, content in generated_files().items()
    }
    change(arrays)
    files = {name: idx(array) for name, array in arrays.items()}
    describe(files)
    place(**files)
    with pytest.raises(DatasetError, match=sentence) as caught:
        fetch("generated", data_folder, output)
    assert "\n" not in str(caught.value)
    assert not list(output.iterdir())


def test_files_in_another_format_are_named(data_folder, output, place, describe):
    files = generated_files() | {TEST_LABELS: b"labels"}
    describe(files)
    place(**files)
    sentence = "t10k-labels-idx1-ubyte of generated is not an IDX file"
    with pytest.raises(DatasetError, match=sentence):
        fetch("generated", data_folder, output)
