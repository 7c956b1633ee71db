"""What a run trains on: the order of its examples, and their labels."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from snip.datasets.dataset import Dataset
from snip.datasets.sources import CLASSES
from snip.jobs.randomness import stream
from snip.study.axes import Run
from snip.study.settings import Settings


def batches(
    examples: np.ndarray, batch_size: int, seed: int, start: int = 0
) -> Iterator[np.ndarray]:
    """Yield batches of indices without end; each epoch is a new random order of `examples`.

    The epochs are joined end to end, so every batch is full.

    Args:
        examples: indices of the training examples, (n,).
        batch_size: length of each batch.
        seed: decides the orders.
        start: number of batches to skip.
    """
    epoch, used = divmod(start * batch_size, len(examples))
    rest = stream(seed, "order", epoch).permutation(examples)[used:]
    while True:
        while len(rest) < batch_size:
            epoch += 1
            order = stream(seed, "order", epoch).permutation(examples)
            rest = np.concatenate([rest, order])
        yield rest[:batch_size]
        rest = rest[batch_size:]


def training_labels(run: Run, settings: Settings, dataset: Dataset) -> Tensor:
    """Return the labels to train on, int64 (training images,).

    Random labels are a permutation of the true labels of the run's training examples (paper,
    section 5.6: randomly shuffled), or classes drawn uniformly. They depend on the seed but not on
    sparsity or weight decay.
    """
    labels = dataset.train_labels.astype(np.int64)
    if run.labels == "random":
        random = stream(run.seed, "random labels")
        if settings.random_labels == "uniform":
            labels = random.integers(CLASSES, size=len(labels))
        else:
            examples, _ = dataset.split(run.seed, settings.validation_share)
            labels[examples] = random.permutation(labels[examples])
    return torch.from_numpy(labels)
