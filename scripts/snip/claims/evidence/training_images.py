"""Images of the training set, with which mask images are compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from snip.claims.evidence.mask_images import variant_name
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.datasets.sources import CLASSES
from snip.datasets.summary import load_summary, mean_images
from snip.datasets.variants import parse_dataset


def bright_means(dataset: str, data: Path) -> np.ndarray:
    """Return the mean training image of each class, (classes, 784); bright pixels are large."""
    return mean_images(dataset, data)[:CLASSES].reshape(CLASSES, -1)


def average_image(dataset: str, data: Path) -> np.ndarray:
    """Return the mean of all training images, (784,)."""
    return mean_images(dataset, data)[-1].reshape(-1)


def sizes(dataset: str, data: Path) -> np.ndarray:
    """Return |z| of each class, (classes, 784), where z is its mean standardised image.

    Standardising is linear, so z is also the standardised mean image of the class. Inverting a data
    set changes nothing but the sign of z.
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
    """Return per seed the one example, (784,), that its pruning batch of size 1 consists of."""
    opened = load_dataset(dataset, data)
    sign = -1 if opened.variant.inverted else 1
    examples = {}
    for seed in seeds:
        training, _ = opened.split(seed, validation_share)
        [index] = draw_pruning_batch(opened.train_labels, training, 1, seed)
        examples[seed] = sign * opened.train_images[index].astype(float).reshape(-1)
    return examples
