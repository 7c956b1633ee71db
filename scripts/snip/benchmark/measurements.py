"""What a worker process measures, on one thread."""

import os
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from snip.benchmark.operations import count_operations
from snip.benchmark.plain_loop import CarefulLoop, PlainLoop
from snip.benchmark.schedule import BATCH_SIZE, EPOCH, default_run, epoch
from snip.datasets.dataset import Dataset, load_dataset
from snip.layers.weights import build_network
from snip.study.axes import Run
from snip.study.settings import Settings
from snip.training.loop import Training
from snip.training.run import train

# Iterations of PyTorch's loops in one turn.
PLAIN_ITERATIONS = {"lenet-300-100": 120, "lenet-5-caffe": 40}
STEPS_SECONDS = 4


def compare(network: str, data: Path, repeats: int) -> dict[str, float]:
    """Measure our loop, PyTorch's loops and the core's rate in turns.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        repeats: number of turns.

    Returns:
        The medians over turns; docs/performance.md defines them.
    """
    dataset = load_dataset("mnist", data)
    forward, both = count_operations(build_network(network, 0))
    evaluated = round(0.1 * len(dataset.train_labels)) + len(dataset.test_labels)
    operations = EPOCH * BATCH_SIZE * both + evaluated * forward
    loops = {
        "plain": PlainLoop(network, data, dataset),
        "careful": CarefulLoop(network, data, dataset),
    }
    for loop in loops.values():  # warm up
        loop.train(20)
    product_rates()
    measured = defaultdict(list)
    for _ in range(repeats):
        rates = [product_rates()]
        seconds = train_seconds(epoch(network), dataset)
        rates.append(product_rates())
        unpruned_seconds = train_seconds(epoch(network, "0"), dataset)
        rates.append(product_rates())
        best = max(max(both_rates.values()) for both_rates in rates)
        measured["rate_share"].append(operations / seconds / best)
        measured["unpruned_rate_share"].append(operations / unpruned_seconds / best)
        measured["images_per_second"].append(EPOCH * BATCH_SIZE / seconds)
        for name, loop in loops.items():
            iteration_seconds, _ = loop.train(PLAIN_ITERATIONS[network])
            measured[f"{name}_ratio"].append(iteration_seconds * EPOCH / seconds)
        measured["run_seconds"].append(train_seconds(default_run(network), dataset))
        for library in rates[0]:
            measured[f"{library}_gflops"].append(max(r[library] for r in rates) / 1e9)
    return {name: statistics.median(values) for name, values in measured.items()}


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


def train_seconds(planned: tuple[Run, Settings], dataset: Dataset) -> float:
    """Return the seconds of a run of ours, with scoring, logging and evaluation."""
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        start = time.perf_counter()
        train(*planned, dataset, log=log)
    return time.perf_counter() - start


def final_losses(network: str, data: Path) -> dict[str, float]:
    """Train all loops alike; return each one's mean loss in iterations 401 to 500."""
    dataset = load_dataset("mnist", data)
    run, settings = epoch(network, log_every=100, iterations=500, evaluate_every=500)
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        loss = train(run, settings, dataset, log=log)["train_loss"]
    return {
        "ours": loss,
        "plain": PlainLoop(network, data, dataset).train(500)[1],
        "careful": CarefulLoop(network, data, dataset).train(500)[1],
    }


def steps_per_second(network: str, data: Path) -> dict[str, float]:
    """Print `ready`, wait for a line on standard input, then measure training steps per second."""
    training = Training(*epoch(network), load_dataset("mnist", data))
    for _ in range(20):
        training.step()
    print("ready", flush=True)
    sys.stdin.readline()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < STEPS_SECONDS:
        training.step()
        count += 1
    return {"steps": count / (time.perf_counter() - start)}
