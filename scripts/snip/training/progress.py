"""What a run prints, each line's format beside its parser, and how it shows progress.

Imports no torch: tools that only read logs use the parsers.
"""

from __future__ import annotations

import re
import time

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
    match = re.fullmatch(r"iteration .* (\d+) s left", line)
    return float(match.group(1)) if match else None


def trained(seconds: float) -> str:
    """Return the line that ends the training loop, with its duration."""
    return f"trained in {seconds:.2f} s"


def seconds_trained(log: str) -> float | None:
    """Return the duration (seconds) of the last training loop in a log; None without one."""
    durations = re.findall(r"^trained in ([\d.]+) s$", log, re.M)
    return float(durations[-1]) if durations else None


def interrupted(path: str, iteration: int, iterations: int, checkpoint: object) -> str:
    """Return the error of an interrupted run.

    Args:
        path: the run's (`Run.path`).
        iteration: the last iteration that was completed.
        iterations: how many the run has.
        checkpoint: the file to resume from; None if there is none.
    """
    then = "begins anew" if checkpoint is None else f"goes on from {checkpoint}"
    return f"run {path} interrupted at iteration {iteration} of {iterations}; run again, it {then}"


def is_interrupted(line: str) -> bool:
    """Return whether a line of a log is the error of an interrupted run."""
    return re.match(rf"{ERROR}run \S+ interrupted at iteration ", line) is not None


def at_chance(path: str, test_error: float) -> str:
    """Return the warning that a run ends at chance (test error in percent)."""
    return f"warning: run {path} ends at chance: test error {test_error:.1f} %"


def error_at_chance(log: str) -> float | None:
    """Return the test error (percent) of the warning `at_chance` in a log; None without one."""
    match = re.search(r"^warning: run \S+ ends at chance: test error ([\d.]+) %$", log, re.M)
    return float(match.group(1)) if match else None


class Progress:
    """Shows how far a run is: a bar on a terminal, a line per logged point elsewhere.

    Args:
        settings: the run's.
        start: the iteration at which this process began.
        log: text file to write to.
    """

    def __init__(self, settings: Settings, start: int, log):
        self.settings, self.start, self.log = settings, start, log
        self.started = time.perf_counter()
        self.bar = None
        if log.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=settings.iterations, initial=start, unit="it", file=log)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, iteration: int, loss: float) -> None:
        """Show a logged point: iteration, loss, images per second, seconds left."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self.bar.update(iteration - self.bar.n)
            return
        iterations = self.settings.iterations
        speed = (iteration - self.start) / (time.perf_counter() - self.started)
        images = speed * self.settings.training_batch_size
        line = logged_point(iteration, iterations, loss, images, (iterations - iteration) / speed)
        print(line, file=self.log, flush=True)
