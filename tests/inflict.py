"""Faults to inflict on a run, and how to run one by hand."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from small import environment

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")

SETTINGS = {
    "dataset": "generated",
    "network": "lenet-5-caffe",
    "labels": "random",
    "learning-rate": 0.01,
    "iterations": 600,
    "training-batch-size": 20,
    "log-every": 7,
    "evaluate-every": 100,
    "checkpoint-seconds": 0.3,
}


def start_run(folder: Path, output: str) -> subprocess.Popen:
    """Start a training run of a few seconds in `folder`; its checkpoint lies beside the output."""
    options = SETTINGS | {"output": output, "checkpoint": f"{output}.checkpoint"}
    words = [f"--{name}={value}" for name, value in options.items()]
    return subprocess.Popen(
        [sys.executable, "scripts/train.py", *words],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_runs(
    folder: Path, output: str, kills: int, seed: int, longest: float
) -> tuple[int, list[str]]:
    """Start a run again and again, killing it at random moments, then let it end.

    Args:
        longest: seconds that a start is left to run at most; a whole run's.

    Returns:
        How many times it was killed, and what the log of each start said.
    """
    moments = random.Random(seed)
    said, killed = [], 0
    while killed < kills:
        process = start_run(folder, output)
        try:
            said.append(process.communicate(timeout=moments.uniform(0.05, 1) * longest)[1])
            # It ended before its time was up: another file, so that there is more to kill.
            assert process.returncode == 0, said[-1]
            (folder / output).unlink()
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            said.append(process.communicate()[1])
            killed += 1
            # It may have been killed after its last write: then that is whole, and made again.
            (folder / output).unlink(missing_ok=True)
    process = start_run(folder, output)
    said.append(process.communicate()[1])
    assert process.returncode == 0, said[-1]
    return killed, said


@contextlib.contextmanager
def mounted(folder, *options):
    """Mount something at `folder` for a while."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def forget(folder, where):
    """Remove a folder of results and all that was made from them."""
    for place in {where, "results/small/tables", "figures"}:
        shutil.rmtree(folder / place)
