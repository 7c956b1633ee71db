"""Checkpoints: an interrupted run resumes where it stopped, and ends with the same bytes."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import torch

from snip.datasets.dataset import Dataset
from snip.datasets.sources import load_source
from snip.jobs.code import code_digest
from snip.jobs.failures import SnipError
from snip.jobs.files import sha256, write_atomically
from snip.study import registry
from snip.study.runs import Run
from snip.study.settings import Settings


class InterruptedRunError(SnipError):
    """A run that was asked to stop before its end."""


def fingerprint(run: Run, settings: Settings, dataset: Dataset) -> str:
    """Return a digest of what decides a run's bytes: key, settings, data, code and packages.

    A run resumes only if all of these are unchanged.
    """
    decisive = [
        run.key,
        dict(settings),
        load_source(dataset.variant.source).checksums,
        code_digest("scripts/train.py", *registry.chosen_files(run.criterion, run.network)),
        torch.__version__,
        np.__version__,
    ]
    return sha256(json.dumps(decisive, sort_keys=True).encode())


class Checkpoint:
    """The checkpoint file of one run, as torch.save writes it.

    Args:
        identity: the `fingerprint` of the run.
        seconds: interval between checkpoints.
        log: text file for messages.
    """

    def __init__(self, path: Path, identity: str, seconds: float, log: TextIO = sys.stderr):
        self.path, self.identity, self.seconds, self.log = path, identity, seconds, log
        self.written = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the interval since the last checkpoint, or the start, has passed."""
        return time.monotonic() - self.written >= self.seconds

    def save(self, state: dict[str, Any]) -> Path | None:
        """Replace the file atomically and return it; None (logged) where it cannot be written.

        A full disk must not end a run, which can continue with the old checkpoint or none.
        """
        buffer = io.BytesIO()
        torch.save({"identity": self.identity, "state": state}, buffer)
        self.written = time.monotonic()
        try:
            write_atomically(self.path, buffer.getvalue())
        except OSError as error:
            self._say("not written", error)
            return None
        return self.path

    def load(self) -> dict[str, Any] | None:
        """Return the saved state; None if there is no file, or (logged) none that can be used."""
        try:
            content = self.path.read_bytes()
            # torch does not compare the checksums that it writes.
            if altered := zipfile.ZipFile(io.BytesIO(content)).testzip():
                raise ValueError(f"its part {altered} is altered")
            # Plain data and tensors only: a checkpoint cannot run code.
            saved = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
            if saved["identity"] != self.identity:
                raise ValueError("it is of another configuration, data set or version of the code")
            return saved["state"]
        except FileNotFoundError:
            return None
        except Exception as error:
            # Whatever is wrong with a checkpoint, the run can begin anew.
            self._say("ignored", error)
            return None

    def remove(self) -> None:
        """Remove the file once the run is complete. A failure is logged and the file stays."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            self._say("not removed", error)

    def _say(self, what: str, error: Exception) -> None:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        print(f"checkpoint {self.path} {what}: {reason}", file=self.log)
