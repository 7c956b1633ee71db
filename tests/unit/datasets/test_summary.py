import io

import numpy as np

from snip.datasets.dataset import load_dataset
from snip.datasets.summary import mean_images, summarise


def test_mean_images_are_those_of_each_class_and_of_all(generated):
    dataset = load_dataset("generated", generated)
    images, labels = dataset.train_images / 255, dataset.train_labels
    means = mean_images("generated", generated)
    for number in range(10):
        np.testing.assert_allclose(means[number], images[labels == number].mean(0))
    np.testing.assert_allclose(means[10], images.mean(0))
    np.testing.assert_allclose(mean_images("generated-inverted", generated), 1 - means)


def test_the_mean_image_of_all_does_not_depend_on_labels():
    images = np.arange(12 * 784, dtype=np.uint64).astype(np.uint8).reshape(12, 28, 28)
    summary = np.load(io.BytesIO(summarise(images, np.arange(12, dtype=np.uint8), "x")))
    np.testing.assert_allclose(summary["means"][-1], images.mean(0))
    assert summary["histogram"].sum() == images.size
