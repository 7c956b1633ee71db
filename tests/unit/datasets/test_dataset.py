import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snip.datasets.dataset import load_dataset
from snip.datasets.sources import TRAIN_IMAGES, DatasetError, load_source, source_file
from snip.jobs.files import sha256


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


def test_inverted_images_are_255_minus_the_grey_value_standardised(generated):
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
def test_the_split_is_a_partition_that_the_seed_decides(generated, seed, share):
    dataset = load_dataset("generated", generated)
    training, validation = dataset.split(seed, share)
    assert len(validation) == round(600 * share)
    assert sorted([*training, *validation]) == list(range(600))
    assert (dataset.split(seed, share)[0] == training).all()
    subset, held_out = load_dataset("generated-50", generated).split(seed, share)
    assert (subset == training[:50]).all() and (held_out == validation).all()


def test_a_subset_larger_than_the_training_examples_is_refused(generated):
    with pytest.raises(DatasetError, match="generated-550 asks for 550.*540 remain after 60"):
        load_dataset("generated-550", generated).split(0, 0.1)


def test_altered_truncated_and_missing_files_are_named_with_both_checksums(generated):
    path = generated / "generated" / TRAIN_IMAGES
    good = path.read_bytes()
    expected = load_source("generated").checksums[TRAIN_IMAGES]
    for bad in (good[:-1], good[:99] + bytes([good[99] ^ 1]) + good[100:], b""):
        path.write_bytes(bad)
        with pytest.raises(DatasetError) as caught:
            load_dataset("generated", generated)
        message = str(caught.value)
        assert str(path) in message and expected in message
        assert sha256(bad) in message
    path.unlink()
    with pytest.raises(DatasetError, match="missing"):
        load_dataset("generated", generated)


def test_another_number_of_training_examples_than_its_source_states_is_refused(generated):
    path = source_file("generated")
    path.write_text(path.read_text().replace("training_examples: 600", "training_examples: 500"))
    load_source.cache_clear()
    with pytest.raises(DatasetError, match="has 500 training_examples, expected 600"):
        load_dataset("generated", generated)
