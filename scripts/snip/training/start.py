"""What a run starts from: its network and masks, its examples in their order, their labels."""

import copy
import os
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset
from snip.datasets.sources import CLASSES
from snip.jobs.failures import SnipError
from snip.jobs.randomness import stream
from snip.layers.weights import build_network, draw_weights
from snip.masks.scoring import Masks, make_masks, make_problem
from snip.study.runs import Run
from snip.study.settings import Settings


class TrainingError(SnipError):
    """A run without its device, with a loss that is not finite, or with revived weights."""


def prepare(run: Run, settings: Settings, dataset: Dataset) -> tuple[nn.Module, Masks]:
    """Score a run's network on its pruning batch; return the network to train and its masks."""
    network = build_network(run.network, run.seed, settings)
    # A copy, as a criterion may change the network that it scores.
    problem = make_problem(copy.deepcopy(network), run.masks, run.seed, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)], run.control)
    if settings.initial_weights == "redraw":
        draw_weights(network, run.seed, settings, "redrawn weights")
    return network, masks


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
    section 5.6: randomly shuffled), or classes drawn uniformly. They follow the seed alone.
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


def find_device(name: str) -> torch.device:
    """Return the device called `cpu` or `cuda`, ready to give equal bytes each time.

    Raises:
        TrainingError: there is no CUDA device.
    """
    if name == "cuda":
        if not torch.cuda.is_available():
            raise TrainingError("device is 'cuda', but torch finds no CUDA device; allowed: cpu")
        # Else sums have another order each time, and results other last digits.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device(name)
