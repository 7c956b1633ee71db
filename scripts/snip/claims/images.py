"""What masks are compared with: images of the training set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from snip.claims.evidence import variant_name
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.datasets.sources import CLASSES
from snip.datasets.summary import load_summary, mean_images
from snip.datasets.variants import parse_dataset


def bright_means(dataset: str, data: Path) -> np.ndarray:
    """Return the mean training image of each class, (classes, 784); bright is large."""
    return mean_images(dataset, data)[:CLASSES].reshape(CLASSES, -1)


def average_image(dataset: str, data: Path) -> np.ndarray:
    """Return the mean of all training images, (784,)."""
    return mean_images(dataset, data)[-1].reshape(-1)


def sizes(dataset: str, data: Path) -> np.ndarray:
    """Return |z| of each class, (classes, 784): the size of its mean standardised image.

    Standardising is linear, so the mean of a class's standardised images is its standardised mean
    image. Inverting a data set changes the sign of z alone.
    """
    histogram = load_summary(data, parse_dataset(dataset).source)["histogram"]
    values = np.arange(256) / 255
    mean = np.average(values, weights=histogram)
    deviation = np.sqrt(np.average((values - mean) ** 2, weights=histogram))
    original = variant_name(dataset, inverted=False)
    return np.abs((bright_means(original, data) - mean) / deviation)


def single_examples(
    dataset: str, data: Path, validation_share: float, seeds: Iterable[int]
) -> dict[int, np.ndarray]:
    """Return per seed the one example, (784,), that a pruning batch of size 1 consists of."""
    opened = load_dataset(dataset, data)
    sign = -1 if opened.variant.inverted else 1
    result = {}
    for seed in seeds:
        training, _ = opened.split(seed, validation_share)
        [example] = draw_pruning_batch(opened.train_labels, training, 1, seed)
        result[seed] = sign * opened.train_images[example].astype(float).reshape(-1)
    return result
