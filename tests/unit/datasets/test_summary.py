import numpy as np

from snip.datasets.dataset import load_dataset
from snip.datasets.summary import load_summary, mean_images


def test_the_summary_has_mean_images_of_each_class_and_of_all_and_a_histogram(generated):
    dataset = load_dataset("generated", generated)
    images, labels = dataset.train_images / 255, dataset.train_labels
    means = mean_images("generated", generated)
    for number in range(10):
        np.testing.assert_allclose(means[number], images[labels == number].mean(0))
    np.testing.assert_allclose(means[10], images.mean(0))
    np.testing.assert_allclose(mean_images("generated-inverted", generated), 1 - means)
    values, counts = np.unique(dataset.train_images, return_counts=True)
    histogram = load_summary(generated, "generated")["histogram"]
    assert histogram.shape == (256,) and histogram.sum() == images.size
    np.testing.assert_array_equal(histogram[values], counts)
