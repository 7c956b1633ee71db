"""Training loops of PyTorch's own tools: the one that one would write first, and a careful one."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from snip.datasets.dataset import Dataset
from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training.start import batches, prepare

# The default study's rates, batch, and iterations of an epoch, after which it evaluates.
LEARNING_RATES = {"lenet-300-100": 0.1, "lenet-5-caffe": 0.02}
BATCH_SIZE = 100
EPOCH = 540


def default_run(
    network: str, sparsity: float = 90, iterations: int = EPOCH, log_every: int = 20
) -> tuple[Run, Settings]:
    """Return a run of the default study and its settings, by default of one epoch."""
    return Run(network=network, sparsity=sparsity), Settings(
        iterations=iterations,
        learning_rate=LEARNING_RATES[network],
        decay_every=EPOCH,
        evaluate_every=min(EPOCH, iterations),
        log_every=log_every,
    )


@dataclass
class Loop:
    """A training loop that is ready for an epoch.

    Attributes:
        batches: gives the batches of images and labels of an epoch.
        masks: by which gradients are multiplied; none if the network does it.
    """

    network: nn.Module
    batches: Callable[[], Iterable[tuple[Tensor, Tensor]]]
    optimizer: torch.optim.Optimizer
    masks: list[tuple[nn.Parameter, Tensor]] = field(default_factory=list)

    def train(self, iterations: int) -> tuple[float, float]:
        """Train; return the seconds per iteration and the mean loss of the last hundred."""
        losses = []
        start = time.perf_counter()
        for images, labels in itertools.islice(self.batches(), iterations):
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.network(images), labels)
            loss.backward()
            for parameter, mask in self.masks:
                assert parameter.grad is not None
                parameter.grad.mul_(mask)
            self.optimizer.step()
            losses.append(loss.item())
        return (time.perf_counter() - start) / iterations, statistics.mean(losses[-100:])


def plain_loop(network: str, data: Path, dataset: Dataset) -> Loop:
    """Return the loop that one would write first, with the masks, weights and batches of ours.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        dataset: MNIST, loaded from it.
    """
    module, masks, order = _prepared(network, dataset)
    for name, mask in masks.items():
        layer, _, tensor = name.rpartition(".")
        prune.custom_from_mask(module.get_submodule(layer), tensor, mask)
    mean, deviation = -dataset.offset / dataset.scale / 255, 1 / dataset.scale / 255
    steps = [transforms.ToTensor(), transforms.Normalize((mean,), (deviation,))]
    images = _Fetched(data / "mnist", train=True, transform=transforms.Compose(steps))
    indices = [each.tolist() for each in order]
    loader: DataLoader[Any] = DataLoader(images, batch_sampler=indices)
    return Loop(module, lambda: loader, _sgd(network, module, fused=False))


class _Fetched(MNIST):
    """torchvision's MNIST in the folder where ours lies, not in `MNIST/raw` below it."""

    @property
    def raw_folder(self) -> str:
        return str(self.root)


def careful_loop(network: str, data: Path, dataset: Dataset) -> Loop:
    """Return what a careful user writes, with the masks, weights and batches of our loop.

    Channels come last, standardised images lie in memory, the update is fused, and the gradients of
    pruned weights are masked. For the arguments see `plain_loop`.
    """
    module, masks, order = _prepared(network, dataset)
    module.to(memory_format=torch.channels_last)
    factors = [
        (parameter, torch.empty_like(parameter, requires_grad=False).copy_(masks[name]))
        for name, parameter in module.named_parameters()
        if not masks[name].all()
    ]
    with torch.no_grad():
        for parameter, factor in factors:
            parameter.mul_(factor)
    images = dataset.standardise(dataset.train_images).contiguous()
    labels = torch.from_numpy(dataset.train_labels.astype(np.int64))

    def draw() -> Iterator[tuple[Tensor, Tensor]]:
        for index in map(torch.from_numpy, order):
            yield images.index_select(0, index), labels.index_select(0, index)

    return Loop(module, draw, _sgd(network, module, fused=True), factors)


LOOPS: dict[str, Callable[[str, Path, Dataset], Loop]] = {
    "plain": plain_loop,
    "careful": careful_loop,
}


def _prepared(
    network: str, dataset: Dataset
) -> tuple[nn.Module, dict[str, Tensor], list[np.ndarray]]:
    """Return our loop's initial network, its masks, and the indices of its batches."""
    run, settings = default_run(network)
    examples, _ = dataset.split(run.seed, settings.validation_share)
    order = itertools.islice(batches(examples, BATCH_SIZE, run.seed), EPOCH)
    return *prepare(run, settings, dataset), list(order)


def _sgd(network: str, module: nn.Module, fused: bool) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        module.parameters(),
        lr=LEARNING_RATES[network],
        momentum=0.9,
        weight_decay=5e-4,
        fused=fused,
    )
