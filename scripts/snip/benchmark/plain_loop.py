"""Training loops of PyTorch's own tools: the one that one would write first, and a careful one."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torchvision import transforms
from torchvision.datasets import MNIST

from snip.benchmark.schedule import BATCH_SIZE, EPOCH, epoch
from snip.datasets.dataset import Dataset
from snip.datasets.sources import IDX_FILES
from snip.training.examples import batches
from snip.training.loop import prepare


class PlainLoop:
    """A plain loop over one epoch, with the masks, weights and batches of our own loop.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        dataset: MNIST, loaded from it.
    """

    fused = False

    def __init__(self, network: str, data: Path, dataset: Dataset):
        run, settings = epoch(network)
        self.network, self.masks = prepare(run, settings, dataset)
        examples, _ = dataset.split(run.seed, settings.validation_share)
        # The same batches as in our loop, so that the losses can be compared.
        self.order = list(itertools.islice(batches(examples, BATCH_SIZE, run.seed), EPOCH))
        self.set_up(data, dataset)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=settings.learning_rate,
            momentum=0.9,
            weight_decay=5e-4,
            fused=self.fused,
        )

    def set_up(self, data: Path, dataset: Dataset) -> None:
        """Mask the network and open the data."""
        for name, mask in self.masks.items():
            module, _, tensor = name.rpartition(".")
            prune.custom_from_mask(self.network.get_submodule(module), tensor, mask)
        # An attribute, so that the folder exists as long as the loop reads from it.
        self.folder = tempfile.TemporaryDirectory(prefix="benchmark-")
        root = self.folder.name
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for file in IDX_FILES:
            (raw / file).symlink_to((data / "mnist" / file).resolve())
        mean, deviation = -dataset.offset / dataset.scale / 255, 1 / dataset.scale / 255
        steps = [transforms.ToTensor(), transforms.Normalize((mean,), (deviation,))]
        images = MNIST(root, train=True, transform=transforms.Compose(steps))
        self.loader = torch.utils.data.DataLoader(
            images, batch_sampler=[batch.tolist() for batch in self.order]
        )

    def batches(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Return the batches of images and labels."""
        return self.loader

    def mask_gradients(self) -> None:
        """Mask the gradients, unless the network does."""

    def train(self, iterations: int) -> tuple[float, float]:
        """Train; return the seconds per iteration and the mean loss of the last hundred."""
        losses: list[float] = []
        start = time.perf_counter()
        for images, labels in self.batches():
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.network(images), labels)
            loss.backward()
            self.mask_gradients()
            self.optimizer.step()
            losses.append(loss.item())
            if len(losses) == iterations:
                break
        return (time.perf_counter() - start) / len(losses), statistics.mean(losses[-100:])


class CarefulLoop(PlainLoop):
    """What a careful user writes.

    Channels come last, standardised images lie in memory, the update is fused, and the gradients of
    pruned weights are masked.
    """

    fused = True

    def set_up(self, data: Path, dataset: Dataset) -> None:
        """Mask the network and standardise the data, once."""
        self.network.to(memory_format=torch.channels_last)
        self.pruned = [
            (parameter, torch.empty_like(parameter, requires_grad=False).copy_(self.masks[name]))
            for name, parameter in self.network.named_parameters()
            if not self.masks[name].all()
        ]
        with torch.no_grad():
            for parameter, factor in self.pruned:
                parameter.mul_(factor)
        self.images = dataset.standardise(dataset.train_images).contiguous()
        self.labels = torch.from_numpy(dataset.train_labels.astype(np.int64))

    def batches(self) -> Iterable[tuple[Tensor, Tensor]]:
        """Yield the batches of images and labels."""
        for batch in self.order:
            index = torch.from_numpy(batch)
            yield self.images.index_select(0, index), self.labels.index_select(0, index)

    def mask_gradients(self) -> None:
        """Set the gradients of pruned weights to zero."""
        for parameter, factor in self.pruned:
            parameter.grad.mul_(factor)
