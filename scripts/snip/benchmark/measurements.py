"""What is measured of a network on one core; docs/performance.md defines each number."""

import io
import statistics
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from snip.benchmark.loops import BATCH_SIZE, EPOCH, LOOPS, default_run
from snip.datasets.dataset import Dataset
from snip.layers.weights import build_network
from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training.loop import train

# Iterations of PyTorch's loops in one turn.
ITERATIONS = {"lenet-300-100": 120, "lenet-5-caffe": 40}


def compare(network: str, data: Path, dataset: Dataset, repeats: int) -> dict[str, float]:
    """Measure our loop, PyTorch's loops and the core's rate in turns; return the medians.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        dataset: MNIST, loaded from it.
        repeats: number of turns.
    """
    forward, both = count_operations(network)
    evaluated = round(0.1 * len(dataset.train_labels)) + len(dataset.test_labels)
    operations = EPOCH * BATCH_SIZE * both + evaluated * forward
    loops = {name: make(network, data, dataset) for name, make in LOOPS.items()}
    for loop in loops.values():  # warm up
        loop.train(20)
    product_rates()
    measured = defaultdict(list)
    for _ in range(repeats):
        rates = [product_rates()]
        seconds = train_seconds(*default_run(network), dataset)
        rates.append(product_rates())
        unpruned_seconds = train_seconds(*default_run(network, 0), dataset)
        rates.append(product_rates())
        fastest = {library: max(each[library] for each in rates) for library in rates[0]}
        measured["rate_share"].append(operations / seconds / max(fastest.values()))
        measured["unpruned_rate_share"].append(
            operations / unpruned_seconds / max(fastest.values())
        )
        measured["images_per_second"].append(EPOCH * BATCH_SIZE / seconds)
        for name, loop in loops.items():
            measured[f"{name}_ratio"].append(loop.train(ITERATIONS[network])[0] * EPOCH / seconds)
        two_epochs = default_run(network, iterations=2 * EPOCH)
        measured["run_seconds"].append(train_seconds(*two_epochs, dataset))
        for library, rate in fastest.items():
            measured[f"{library}_gflops"].append(rate / 1e9)
    return {name: statistics.median(values) for name, values in measured.items()}


def count_operations(network: str) -> tuple[int, int]:
    """Count the floating point operations per image of layers with weights, from their shapes.

    They follow from the definition of the layers, whichever method computes them: two per weight
    and output position in the forward pass. The backward pass has as many for the gradient of the
    weights, and as many again for that of the inputs, which the first layer does not need. Biases,
    ReLUs, pooling, loss and update are not counted (less than one per cent).

    Returns:
        Operations of a forward pass, and of a forward and a backward pass.
    """
    module = build_network(network, 0).eval()
    with FlopCounterMode(display=False) as counter:
        logits = module(torch.zeros(1, 1, 28, 28))
        forward = counter.get_total_flops()
        logits.sum().backward()
        return forward, counter.get_total_flops()


def product_rates() -> dict[str, float]:
    """Return operations per second of 2048³ matrix products in single precision, by library."""
    one, other, result = (torch.ones(2048, 2048) for _ in range(3))
    products = {
        "torch": lambda: torch.mm(one, other, out=result),
        "numpy": lambda: np.matmul(one.numpy(), other.numpy(), out=result.numpy()),
    }
    rates = {}
    for library, multiply in products.items():
        start = time.perf_counter()
        multiply()
        rates[library] = 2 * 2048**3 / (time.perf_counter() - start)
    return rates


def train_seconds(run: Run, settings: Settings, dataset: Dataset) -> float:
    """Return the seconds of a run of ours, with scoring, logging and evaluation."""
    start = time.perf_counter()
    train(run, settings, dataset, log=io.StringIO())
    return time.perf_counter() - start
