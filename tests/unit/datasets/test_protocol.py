"""What a network sees of the data, by docs/protocol.md: pixels, splits, subsets."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snip.datasets.dataset import load_dataset
from snip.datasets.sources import TEST_IMAGES, TRAIN_IMAGES, DatasetError


def raw(folder, file):
    """The grey values in a file: what follows its header of 16 bytes."""
    content = (folder / "generated" / file).read_bytes()
    return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28).astype(float)


@pytest.mark.parametrize("file", [TRAIN_IMAGES, TEST_IMAGES])
@pytest.mark.parametrize(
    ("name", "statistics", "grey_values", "pixels"),
    [
        ("generated", "recomputed", "standardised", lambda x, m, s: (x - m) / s),
        ("generated", "original", "standardised", lambda x, m, s: (x - m) / s),
        (
            "generated-inverted",
            "recomputed",
            "standardised",
            lambda x, m, s: ((255 - x) - (255 - m)) / s,
        ),
        ("generated-inverted", "original", "standardised", lambda x, m, s: ((255 - x) - m) / s),
        ("generated", "recomputed", "unit", lambda x, m, s: x / 255),
        ("generated-inverted", "recomputed", "unit", lambda x, m, s: (255 - x) / 255),
        ("generated-inverted", "original", "unit", lambda x, m, s: (255 - x) / 255),
    ],
)
def test_pixels_are_those_of_the_definition(generated, name, statistics, grey_values, pixels, file):
    dataset = load_dataset(name, generated, statistics, grey_values)
    images = dataset.train_images if file == TRAIN_IMAGES else dataset.test_images
    training = raw(generated, TRAIN_IMAGES)  # whatever the file: all training images, no other
    expected = pixels(raw(generated, file), training.mean(), training.std())
    seen = dataset.standardise(images)
    assert seen.dtype == torch.float32 and seen.shape == (len(images), 1, 28, 28)
    np.testing.assert_allclose(seen[:, 0].double().numpy(), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize(("name", "black"), [("generated", 0.0), ("generated-inverted", 1.0)])
def test_grey_values_from_0_to_1_reach_both_ends(generated, name, black):
    dataset = load_dataset(name, generated, grey_values="unit")
    seen = dataset.standardise(np.arange(256, dtype=np.uint8).repeat(784).reshape(-1, 28, 28))
    assert seen[0].unique().tolist() == [black] and seen[255].unique().tolist() == [1 - black]
    assert seen.min() == 0 and seen.max() == 1


def test_inverted_images_are_exactly_the_negative(generated):
    images = raw(generated, TRAIN_IMAGES).astype(np.uint8)
    plain, inverted = (
        load_dataset(name, generated).standardise(images)
        for name in ("generated", "generated-inverted")
    )
    assert torch.equal(inverted, -plain)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.5))
def test_the_split_is_a_partition_that_the_seed_alone_decides(generated, seed, share):
    dataset = load_dataset("generated", generated)
    training, validation = dataset.split(seed, share)
    assert len(validation) == round(600 * share)
    assert sorted([*training, *validation]) == list(range(600))
    other = load_dataset("generated-inverted", generated, grey_values="unit").split(seed, share)
    assert (other[0] == training).all() and (other[1] == validation).all()
    assert set(dataset.split(seed + 1, share)[1]) != set(validation)
    subset, held_out = load_dataset("generated-50", generated).split(seed, share)
    assert (subset == training[:50]).all() and (held_out == validation).all()


def test_a_subset_has_as_many_training_examples_as_its_name_says(real_data):
    training, validation = load_dataset("mnist-3000", real_data).split(0, 0.1)
    assert len(set(training)) == 3000 and len(set(validation)) == 6000
    assert not set(training) & set(validation)


def test_a_subset_larger_than_the_training_examples_is_refused(generated):
    assert len(load_dataset("generated-540", generated).split(0, 0.1)[0]) == 540
    with pytest.raises(DatasetError, match="generated-541 asks for 541.*540 remain after 60"):
        load_dataset("generated-541", generated).split(0, 0.1)
