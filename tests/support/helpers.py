"""What the tests share: small data, copies of the project, running commands."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from pathspec import GitIgnoreSpec

REPOSITORY = Path(__file__).resolve().parents[2]
# Seconds after which what is waited for will never come: it ends a broken test, and nothing else,
# on the slowest machine too.
PATIENCE = 900


def needs(*programs: str, package: str):
    """Skip a test where a program is missing; the reason names the Debian packages that have it."""
    missing = [program for program in programs if shutil.which(program) is None]
    reason = f"{' and '.join(missing)} not found: apt-get install {package}"
    return pytest.mark.skipif(bool(missing), reason=reason)


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"it did not come about within {PATIENCE} s"
        time.sleep(0.1)


def idx(array: np.ndarray) -> bytes:
    """The IDX file of an array of bytes."""
    header = b"\0\0\x08" + bytes([array.ndim]) + b"".join(n.to_bytes(4) for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def generated_files(train: int = 600, test: int = 200) -> dict[str, bytes]:
    """Small IDX files: each class is a bright bar at its own place, in noise."""
    random = np.random.default_rng(1)
    files = {}
    for prefix, count in (("train", train), ("t10k", test)):
        labels = np.arange(count) % 10
        images = random.integers(0, 60, (count, 28, 28))
        for image, label in zip(images, labels, strict=True):
            image[2 + 2 * label : 5 + 2 * label, 4:24] += 150
        files[f"{prefix}-images-idx3-ubyte"] = idx(images)
        files[f"{prefix}-labels-idx1-ubyte"] = idx(labels)
    return files


def write_source(files: dict[str, bytes], source_folder: Path, training_examples: int) -> None:
    """Register the files as the data set `generated`."""
    from snip.jobs.files import sha256

    description = {
        "checksums": {name: sha256(content) for name, content in files.items()},
        "training_examples": training_examples,
    }
    (source_folder / "generated.yaml").write_text(yaml.safe_dump(description, sort_keys=False))


def own_files(project: Path = REPOSITORY) -> list[str]:
    """The project's own files, by their paths in it: all but what .gitignore names.

    Git itself is not asked: there is none in an unpacked archive, and it refuses a clone that
    belongs to another user.
    """
    ignored = GitIgnoreSpec.from_lines((project / ".gitignore").read_text().splitlines())
    found = []
    for folder, folders, files in os.walk(project):
        place = Path(folder).relative_to(project)
        folders[:] = [
            name
            for name in folders
            if name != ".git" and not ignored.match_file(f"{place / name}/")
        ]
        paths = [str(place / name) for name in files if name != ".git"]
        found += [path for path in paths if not ignored.match_file(path)]
    return sorted(path for path in found if (project / path).is_file())


def copy_project(to: Path) -> Path:
    """Copy the project's own files, as a clone would, with new modification times."""
    for name in own_files():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, to / name)
    return to


def run_in(folder: Path, *command: str, check: bool = True, **options):
    """Run a command of this environment in `folder`; returns it with its joined output."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    if check:
        assert done.returncode == 0, done.stdout[-5000:]
    return done
