import numpy as np
import pytest

from snip.claims.evidence.training_images import sizes
from snip.datasets.dataset import load_dataset
from snip.datasets.summary import mean_images


def test_sizes_are_those_of_standardised_images(generated):
    data = load_dataset("generated", generated)
    for name in ("generated", "generated-inverted"):
        variant = load_dataset(name, generated)
        images = variant.standardise(data.train_images).numpy().reshape(-1, 784)
        means = [images[data.train_labels == number].mean(0) for number in range(10)]
        assert sizes(name, generated) == pytest.approx(np.abs(means), abs=1e-5)
    assert mean_images("generated", generated).shape == (11, 28, 28)
