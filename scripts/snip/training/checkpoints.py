"""Checkpoints: an interrupted run resumes where it stopped, and ends with the same bytes.

A checkpoint file is one header line (format, fingerprint of the run, SHA-256 of the body) and a
body written by torch.save. It is read with `weights_only`, so it cannot run code.
"""

from __future__ import annotations

import dataclasses
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from snip.datasets.dataset import Dataset
from snip.datasets.sources import load_source
from snip.jobs.code import code_digest
from snip.jobs.files import sha256, write_atomically
from snip.study import registry
from snip.study.axes import Run
from snip.study.settings import Settings

FORMAT = "snip-checkpoint-1"


def fingerprint(run: Run, settings: Settings, dataset: Dataset) -> str:
    """Return a digest of what decides a run's bytes: key, settings, data, code and packages.

    A run resumes only if all of these are unchanged; after an edit of the training loop, for
    example, it begins anew.
    """
    decisive = [
        run.key,
        dataclasses.asdict(settings),
        load_source(dataset.variant.source).checksums,
        code_digest("scripts/train.py", *registry.chosen_files(run.criterion, run.network)),
        torch.__version__,
        np.__version__,
    ]
    return sha256(json.dumps(decisive, sort_keys=True).encode())


class Checkpoint:
    """The checkpoint file of one run.

    Args:
        path: the file; None saves nothing.
        identity: the `fingerprint` of the run.
        seconds: interval between checkpoints.
        log: text file for messages.
    """

    def __init__(self, path: Path | None, identity: str, seconds: float, log=sys.stderr):
        self.path, self.identity, self.seconds, self.log = path, identity, seconds, log
        self.written = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the interval since the last checkpoint, or the start, has passed."""
        return self.path is not None and time.monotonic() - self.written >= self.seconds

    def save(self, state: dict[str, Any]) -> bool:
        """Replace the checkpoint atomically: a reader sees the old one or the new one.

        A run can continue without a checkpoint, so a full disk must not end it: we log the failure
        and keep the old checkpoint.

        Returns:
            Whether the checkpoint was written.
        """
        if self.path is None:
            return False
        buffer = io.BytesIO()
        torch.save(state, buffer)
        body = buffer.getvalue()
        header = f"{FORMAT} {self.identity} {sha256(body)}\n".encode()
        try:
            write_atomically(self.path, header + body)
        except OSError as error:
            print(f"checkpoint {self.path} not written: {error}", file=self.log, flush=True)
            return False
        finally:
            self.written = time.monotonic()
        return True

    def load(self, check: Callable[[Any], None]) -> dict[str, Any] | None:
        """Return the saved state; None if there is no file, or (logged) none that can be used.

        Args:
            check: raises any exception if a state does not belong to the run.
        """
        if self.path is None:
            return None
        try:
            return self._read(check)
        except FileNotFoundError:
            return None
        except Exception as error:
            # Whatever is wrong with a checkpoint, the run can begin anew.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            print(f"checkpoint {self.path} ignored: {reason}", file=self.log, flush=True)
            return None

    def _read(self, check: Callable[[Any], None]) -> dict[str, Any]:
        header, _, body = self.path.read_bytes().partition(b"\n")
        match header.decode(errors="replace").split(" "):
            case [form, _, _] if form != FORMAT:
                reason = f"its format is {form[:30]!r}, expected {FORMAT!r}"
            case [_, identity, _] if identity != self.identity:
                reason = "it belongs to another configuration, data set or version of the code"
            case [_, _, digest] if digest != sha256(body):
                reason = "it is torn or altered"
            case [_, _, _]:
                try:
                    state = torch.load(io.BytesIO(body), weights_only=True, map_location="cpu")
                    check(state)
                except Exception as error:
                    raise ValueError(
                        f"its content is not a state of this run: {error!r}"
                    ) from error
                return state
            case _:
                reason = "it has no header"
        raise ValueError(reason)

    def remove(self) -> None:
        """Remove the file once the run is complete. A failure is logged and the file stays."""
        if self.path is None:
            return
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            print(f"checkpoint {self.path} not removed: {error}", file=self.log, flush=True)
