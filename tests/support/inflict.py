"""Faults to inflict on a run, and how to run one by hand."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small import environment


def may_mount() -> bool:
    """Whether this user may mount; root in a container often may not."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        return False
    # In a mount namespace of its own, so that nothing is left of the attempt.
    attempt = [unshare, "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]
    return subprocess.run(attempt, capture_output=True).returncode == 0


needs_mount = pytest.mark.skipif(
    not may_mount(), reason="mounting needs root, Debian's mount, and a container that allows it"
)

SETTINGS = {
    "dataset": "generated",
    "network": "lenet-5-caffe",
    "labels": "random",
    "learning-rate": 0.01,
    "iterations": 210,
    "training-batch-size": 20,
    "log-every": 1,
    "evaluate-every": 70,
    # A checkpoint after every iteration: where a run goes on depends on no clock.
    "checkpoint-seconds": 0,
}


def start_run(folder: Path, output: str) -> subprocess.Popen:
    """Start a training run of a few seconds in `folder`; its checkpoint lies beside the output.

    Its log is a pipe of one page, which holds some fifty iterations: a run cannot end, however fast
    the machine is, before who reads the log is that near to the end.
    """
    options = SETTINGS | {"output": output, "checkpoint": f"{output}.checkpoint"}
    words = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [sys.executable, "scripts/train.py", *words],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    return process


def logged(process: subprocess.Popen, iteration: int) -> str:
    """Wait until a run has logged this iteration (0: anything) or ended; return the log so far."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        reached = re.match(r"iteration (\d+)/|", line)[1]
        if int(reached or 0) >= iteration:
            break
    return "".join(lines)


def last_words(process: subprocess.Popen) -> str:
    """Wait for a run's end; return the rest of its log."""
    with process:
        return process.stderr.read()


@contextlib.contextmanager
def held(folder: Path, run: str):
    """Keep a run of the study `small` from training: its checkpoint is a pipe that nobody writes.

    So Snakemake cannot come to its end meanwhile, however fast the machine is. Then the run finds
    an empty checkpoint, and trains from the beginning.
    """
    checkpoint = folder / f"results/small/checkpoints/{run}.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(checkpoint)
    try:
        yield
    finally:
        writer = os.open(checkpoint, os.O_RDWR)  # which waits for no reader
        checkpoint.unlink()
        os.close(writer)


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
