import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import idx
from snip import datasets
from snip.datasets import DatasetError, load_dataset, parse_dataset


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("mnist", ("mnist", False, None)),
        ("fashion-mnist", ("fashion-mnist", False, None)),
        ("mnist-inverted", ("mnist", True, None)),
        ("fashion-mnist-inverted-3000", ("fashion-mnist", True, 3000)),
    ],
)
def test_names_say_source_inversion_and_size(name, variant):
    assert parse_dataset(name) == datasets.Variant(*variant)


@pytest.mark.parametrize("name", ["mnits", "mnist-", "mnist-0", "mnist-3000-inverted", ""])
def test_unknown_names_are_refused_with_the_known_ones(name):
    with pytest.raises(DatasetError, match="allowed: fashion-mnist, mnist"):
        parse_dataset(name)


def test_standardised_training_images_have_mean_zero_and_deviation_one(generated):
    for name in ("generated", "generated-inverted"):
        dataset = load_dataset(name, generated)
        images = dataset.standardise(dataset.train_images).double()
        assert images.mean().item() == pytest.approx(0, abs=1e-6)
        assert images.std(correction=0).item() == pytest.approx(1, abs=1e-6)


def test_inverted_images_are_exactly_the_negative(generated):
    plain, inverted = (
        load_dataset(name, generated) for name in ("generated", "generated-inverted")
    )
    images = plain.train_images
    assert torch.equal(inverted.standardise(images), -plain.standardise(images))


def test_inversion_means_255_minus_the_grey_value(generated):
    inverted = load_dataset("generated-inverted", generated)
    grey = 255 - inverted.train_images.astype(float)
    expected = (grey - grey.mean()) / grey.std()
    np.testing.assert_allclose(
        inverted.standardise(inverted.train_images)[:, 0].numpy(), expected, atol=1e-5
    )
    original = load_dataset("generated-inverted", generated, "original")
    plain = 255 - grey
    np.testing.assert_allclose(
        original.standardise(original.train_images)[:, 0].numpy(),
        (grey - plain.mean()) / plain.std(),
        atol=1e-5,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.5))
def test_split_is_a_partition_that_follows_the_seed(generated, seed, share):
    dataset = load_dataset("generated", generated)
    training, validation = dataset.split(seed, share)
    assert len(validation) == round(600 * share)
    assert sorted([*training, *validation]) == list(range(600))
    assert (dataset.split(seed, share)[0] == training).all()
    subset, held_out = load_dataset("generated-50", generated).split(seed, share)
    assert (subset == training[:50]).all() and (held_out == validation).all()


def test_a_subset_larger_than_the_training_examples_is_refused(generated):
    with pytest.raises(DatasetError, match="generated-550 asks for 550.*540 are left"):
        load_dataset("generated-550", generated).split(0, 0.1)


def test_mean_images_are_those_of_the_classes_and_of_all(generated):
    dataset = load_dataset("generated", generated)
    images, labels = dataset.train_images / 255, dataset.train_labels
    means = datasets.mean_images("generated", generated)
    for number in range(10):
        np.testing.assert_allclose(means[number], images[labels == number].mean(0))
    np.testing.assert_allclose(means[10], images.mean(0))
    np.testing.assert_allclose(datasets.mean_images("generated-inverted", generated), 1 - means)


def test_altered_truncated_and_missing_files_are_named_with_both_checksums(generated):
    path = generated / "generated" / datasets.TRAIN_IMAGES
    good = path.read_bytes()
    expected = datasets.load_source("generated").checksums[datasets.TRAIN_IMAGES]
    for bad in (good[:-1], good[:99] + bytes([good[99] ^ 1]) + good[100:], b""):
        path.write_bytes(bad)
        with pytest.raises(DatasetError) as caught:
            load_dataset("generated", generated)
        message = str(caught.value)
        assert str(path) in message and expected in message
        assert datasets.sha256(bad) in message
    path.unlink()
    with pytest.raises(DatasetError, match="missing"):
        load_dataset("generated", generated)


def test_idx_headers_are_checked(tmp_path):
    path = tmp_path / "file"
    array = np.arange(12).reshape(3, 4)
    path.write_bytes(idx(array))
    assert (datasets.open_idx(path) == array).all()
    path.write_bytes(idx(array)[:-1])
    with pytest.raises(DatasetError, match="23 bytes, its header says 24"):
        datasets.open_idx(path)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(DatasetError, match="no IDX file"):
        datasets.open_idx(path)


def test_mapped_images_never_reach_the_file(generated):
    path = generated / "generated" / datasets.TRAIN_IMAGES
    before = path.read_bytes()
    datasets.open_idx(path)[:] = 7
    assert path.read_bytes() == before
