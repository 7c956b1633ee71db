"""Fetching a source: verified IDX files from the first place that has them all, and a summary."""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from snip.datasets.content import check_content
from snip.datasets.downloads import DownloadError, downloads, run
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

# All places are tried up to ROUNDS times; a round starts only in the first RETRY_WITHIN_SECONDS.
ROUNDS = 3
RETRY_WITHIN_SECONDS = 30


def fetch(name: str, data_folder: Path, output: Path) -> None:
    """Put the verified, uncompressed files of source `name` and its summary into `output`.

    Places, in order: the folders `output`, `data_folder`/NAME and `data_folder`/TORCHVISION, where
    files may be gzipped and in subfolders; then those of `snip.datasets.downloads`. Nothing is
    written before all files are verified. A file in `output` with the right content is not
    replaced: it may be a link to shared data. Standard error gets one line per place.

    Raises:
        DatasetError: no place has the files: the message gives each place's reason and lists the
            expected files. Or the files do not have the content that `check_content` requires.
    """
    source = load_source(name)
    contents = _contents(name, source, data_folder, output)
    arrays = {
        file: view_idx(np.frombuffer(content, np.uint8), f"{file} of {name}")
        for file, content in contents.items()
    }
    check_content(name, arrays)
    for file, content in contents.items():
        if not _has_content(output / file, content):
            write_atomically(output / file, content)
    summary = summarise(arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS], made_from(source))
    write_atomically(output / SUMMARY, summary)


def _contents(name: str, source: Source, data_folder: Path, output: Path) -> dict[str, bytes]:
    """Return the content of each IDX file, by file name, from the first place that has them all."""
    local = [output, data_folder / name]
    if source.torchvision:
        local.append(data_folder / source.torchvision)
    output.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    for attempt in range(ROUNDS):
        if attempt and time.monotonic() - started > RETRY_WITHIN_SECONDS:
            break
        reasons = []
        for title, commands in [("output and data folder", []), *downloads(source)]:
            try:
                if commands:
                    contents = _download(commands, source, output)
                else:
                    contents = _find_all(local, source)
            except DownloadError as reason:
                reasons.append(f"{title}: {reason}")
                print(reasons[-1], file=sys.stderr, flush=True)
            else:
                print(f"{title}: all files verified", file=sys.stderr, flush=True)
                return contents
    expected = "\n".join(f"  {checksum}  {file}" for file, checksum in source.checksums.items())
    raise DatasetError(
        f"cannot fetch {name}, no place has all files:\n"
        + "\n".join(f"  {reason}" for reason in reasons)
        + f"\nPlace these files (SHA-256 uncompressed; .gz is fine) into {data_folder / name}/:\n"
        + expected
    )


def _download(commands: list[list[str]], source: Source, output: Path) -> dict[str, bytes]:
    """Return the content of each file after running commands in a temporary folder."""
    # Not in /tmp, which may be too small.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=output) as folder:
        for command in commands:
            run(command, Path(folder))
        return _find_all([Path(folder)], source)


def _find_all(folders: list[Path], source: Source) -> dict[str, bytes]:
    """Return the content of each file, which may lie in different folders."""
    return {file: _find(file, folders, source.checksums[file]) for file in IDX_FILES}


def _find(file: str, folders: list[Path], expected: str) -> bytes:
    """Return the verified content of a file that lies, plain or gzipped, anywhere in `folders`.

    Raises:
        DownloadError: there is no such file, or none with the expected SHA-256.
    """
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
        checksum = sha256(content)
        if checksum == expected:
            return content
        reason = f"{path} is truncated or altered: found SHA-256 {checksum}, expected {expected}"
    raise DownloadError(reason)


def _has_content(path: Path, content: bytes) -> bool:
    """Return whether a file exists and has this content."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False
