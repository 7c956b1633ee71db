"""What is measured with processes of their own: workers of the benchmark, and training jobs."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from snip.benchmark.schedule import LEARNING_RATES
from snip.jobs.code import PROJECT
from snip.jobs.failures import SnipError

BENCHMARK = PROJECT / "scripts" / "benchmark.py"
TRAIN = PROJECT / "scripts" / "train.py"


class BenchmarkError(SnipError):
    """A process that failed, or two loops that do not train alike."""


def measure(network: str, data: Path, repeats: int) -> dict[str, float]:
    """Return all measurements of a network; docs/performance.md defines them.

    Args:
        network: its name.
        data: folder of the fetched data sets.
        repeats: number of turns, of which medians are taken.

    Raises:
        BenchmarkError: a process failed, or our loop and the plain one reach different losses.
    """
    losses = answer(start("--final-losses", network, "--data", data))
    said = ", ".join(f"{loop} {loss:.4f}" for loop, loss in losses.items())
    said = f"{network}: mean loss of iterations 401 to 500: {said}"
    if max(losses.values()) > 1.05 * min(losses.values()):
        raise BenchmarkError(f"{said}; expected the same within 5 %")
    print(said)
    return {
        **answer(start("--compare", network, "--data", data, "--repeats", repeats)),
        "scaling_2": scaling(network, data, repeats),
        "peak_over_import_mib": peak_over_import(network, data),
    }


def start(*arguments: object) -> subprocess.Popen:
    """Start the benchmark's script on one measurement; it uses one thread."""
    return subprocess.Popen(
        [sys.executable, BENCHMARK, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def answer(worker: subprocess.Popen) -> dict[str, float]:
    """Return what a worker measured.

    Raises:
        BenchmarkError: it failed.
    """
    output = worker.stdout.read()
    if worker.wait() != 0:
        raise BenchmarkError(f"benchmark worker {worker.args} ended with {worker.returncode}")
    return json.loads(output)


def scaling(network: str, data: Path, repeats: int) -> float:
    """Return how many times the work of one process two processes do at once: the median."""

    def speed(count: int) -> float:
        workers = [start("--steps", network, "--data", data) for _ in range(count)]
        for worker in workers:
            worker.stdout.readline()  # the worker is ready
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return sum(answer(worker)["steps"] for worker in workers)

    return statistics.median(speed(2) / speed(1) for _ in range(repeats))


def peak_over_import(network: str, data: Path) -> float:
    """Return how much more memory (MiB) a training run takes at its peak than importing torch."""
    with tempfile.TemporaryDirectory() as folder:
        training = peak(
            *[str(TRAIN), "--network", network, "--data", str(data)],
            *["--learning-rate", str(LEARNING_RATES[network]), "--iterations", "60"],
            *["--evaluate-every", "30", "--output", f"{folder}/run.json"],
        )
    return training - peak("-c", "import torch")


def peak(*arguments: str) -> float:
    """Return the largest resident memory (MiB) of a Python process.

    Raises:
        BenchmarkError: it failed.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        raise BenchmarkError(f"{' '.join(arguments)} ended with {code}")
    return usage.ru_maxrss / 1024
