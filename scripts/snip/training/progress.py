"""What a run prints, each line's format beside its parser, and how it shows progress.

Imports no torch: tools that only read logs use the parsers.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TextIO

from snip.jobs.failures import ERROR
from snip.study.settings import Settings

# Percent. A network that learnt nothing is wrong on 90 % of ten classes; above this bound it has
# learnt too little to be of use.
CHANCE_ERROR = 80.0


def logged_point(iteration: int, iterations: int, loss: float, speed: float, left: float) -> str:
    """Return the line of a logged point: the loss, images per second, seconds left."""
    return (
        f"iteration {iteration}/{iterations}  loss {loss:.4f}  "
        f"{speed:.0f} images/s  {left:.0f} s left"
    )


def seconds_left(line: str) -> float | None:
    """Return the seconds left that a logged point states; None for any other line."""
    return _number(r"^iteration .* (\d+) s left$", line)


def trained(seconds: float) -> str:
    """Return the line that ends the training loop, with its duration."""
    return f"trained in {seconds:.2f} s"


def seconds_trained(log: str) -> float | None:
    """Return the duration (seconds) of the last training loop in a log; None without one."""
    return _number(r"^trained in ([\d.]+) s$", log)


def interrupted(path: str, iteration: int, iterations: int, checkpoint: Path | None) -> str:
    """Return the error of a run (`Run.path`) that goes on from a file, or from nothing."""
    then = "begins anew" if checkpoint is None else f"goes on from {checkpoint}"
    return f"run {path} interrupted at iteration {iteration} of {iterations}; run again, it {then}"


def is_interrupted(line: str) -> bool:
    """Return whether a line of a log is the error of an interrupted run."""
    return re.match(rf"{ERROR}run \S+ interrupted at iteration ", line) is not None


def at_chance(path: str, test_error: float) -> str:
    """Return the warning that a run ends at chance (test error in percent)."""
    return f"warning: run {path} ends at chance: test error {test_error:.1f} %"


def _number(pattern: str, log: str) -> float | None:
    found = re.findall(pattern, log, re.M)
    return float(found[-1]) if found else None


class Progress:
    """Shows how far a run that began at `start` is: a bar on a terminal, else a line per point."""

    def __init__(self, settings: Settings, start: int, log: TextIO):
        self.settings, self.start, self.log = settings, start, log
        self.started = time.perf_counter()
        self.bar = None
        if log.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=settings.iterations, initial=start, file=log)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, iteration: int, loss: float) -> None:
        """Show a logged point."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self.bar.update(iteration - self.bar.n)
            return
        speed = (iteration - self.start) / (time.perf_counter() - self.started)
        left = (self.settings.iterations - iteration) / speed
        images = speed * self.settings.training_batch_size
        line = logged_point(iteration, self.settings.iterations, loss, images, left)
        print(line, file=self.log)
