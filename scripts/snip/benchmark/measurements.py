"""What a worker process measures, on one thread."""

import os
import statistics
import sys
import time
from pathlib import Path

import torch

from snip.benchmark.operations import count_operations
from snip.benchmark.plain_loop import PlainLoop
from snip.benchmark.schedule import BATCH_SIZE, EPOCH, epoch
from snip.datasets.dataset import Dataset, load_dataset
from snip.layers.weights import build_network
from snip.training.loop import Training
from snip.training.run import train

# Iterations of the plain loop in one turn.
PLAIN_ITERATIONS = {"lenet-300-100": 120, "lenet-5-caffe": 40}
STEPS_SECONDS = 4


def compare(network: str, data: Path, repeats: int) -> dict[str, float]:
    """Measure our loop, the plain loop and matrix multiplication in turns.

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
    plain = PlainLoop(network, data, dataset)
    # Warm both up.
    plain.train(20)
    sgemm()
    shares, reference_shares, speeds, ratios = [], [], [], []
    for _ in range(repeats):
        before = sgemm()
        seconds = train_epoch(network, dataset)
        between = sgemm()
        unpruned_seconds = train_epoch(network, dataset, "0")
        after = sgemm()
        plain_seconds, _ = plain.train(PLAIN_ITERATIONS[network])
        speeds.append(EPOCH * BATCH_SIZE / seconds)
        shares.append(operations / seconds / max(before, between))
        reference_shares.append(operations / unpruned_seconds / max(between, after))
        ratios.append(plain_seconds * EPOCH / seconds)
    return {
        "sgemm_share": statistics.median(shares),
        "reference_sgemm_share": statistics.median(reference_shares),
        "images_per_second": statistics.median(speeds),
        "plain_ratio": statistics.median(ratios),
    }


def sgemm() -> float:
    """Return operations per second of a 2048³ matrix multiplication in single precision."""
    one, other = torch.ones(2048, 2048), torch.ones(2048, 2048)
    start = time.perf_counter()
    torch.mm(one, other)
    return 2 * 2048**3 / (time.perf_counter() - start)


def train_epoch(network: str, dataset: Dataset, sparsity: str = "90") -> float:
    """Return the seconds of one epoch of ours, with scoring, logging and evaluation."""
    run, settings = epoch(network, sparsity)
    with Path(os.devnull).open("w") as log:
        start = time.perf_counter()
        train(run, settings, dataset, log=log)
    return time.perf_counter() - start


def final_losses(network: str, data: Path) -> dict[str, float]:
    """Train ours and the plain loop alike; return each one's mean loss in iterations 401 to 500."""
    dataset = load_dataset("mnist", data)
    run, settings = epoch(network, log_every=100, iterations=500, evaluate_every=500)
    with Path(os.devnull).open("w") as log:
        loss = train(run, settings, dataset, log=log)["train_loss"]
    return {"ours": loss, "plain": PlainLoop(network, data, dataset).train(500)[1]}


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
