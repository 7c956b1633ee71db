"""The training loop one would write first, with torchvision's data set and PyTorch's own tools."""

import itertools
import statistics
import tempfile
import time
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import prune
from torchvision import transforms
from torchvision.datasets import MNIST

from snip.benchmark.schedule import BATCH_SIZE, EPOCH, epoch
from snip.datasets.dataset import Dataset
from snip.datasets.sources import IDX_FILES
from snip.layers.pooled_convolution import PooledConvolution
from snip.study import registry
from snip.training.examples import batches
from snip.training.loop import prepare


def plain_network(name: str) -> nn.Module:
    """Return a network made of PyTorch's layers, with the parameter names of our own."""
    layers = OrderedDict()
    for key, layer in registry.load("networks", name, "build")().named_children():
        if isinstance(layer, PooledConvolution):
            layers[key] = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size)
            layers[f"{key}_pool"] = nn.MaxPool2d(2)
        else:
            layers[key] = layer
    return nn.Sequential(layers)


class PlainLoop:
    """A plain loop over one epoch, with the masks, weights and batches of our own loop.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        dataset: MNIST, loaded from it.
    """

    def __init__(self, network: str, data: Path, dataset: Dataset):
        run, settings = epoch(network)
        initial, masks = prepare(run, settings, dataset)
        self.network = plain_network(network)
        self.network.load_state_dict(initial.state_dict())
        for name, mask in masks.items():
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
        examples, _ = dataset.split(run.seed, settings.validation_share)
        # The same batches as in our loop, so that the losses can be compared.
        order = itertools.islice(batches(examples, BATCH_SIZE, run.seed), EPOCH)
        self.loader = torch.utils.data.DataLoader(
            images, batch_sampler=[batch.tolist() for batch in order]
        )
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=settings.learning_rate, momentum=0.9, weight_decay=5e-4
        )

    def train(self, iterations: int) -> tuple[float, float]:
        """Train; return the seconds per iteration and the mean loss of the last hundred."""
        losses: list[float] = []
        start = time.perf_counter()
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
            if len(losses) == iterations:
                break
        return (time.perf_counter() - start) / len(losses), statistics.mean(losses[-100:])
