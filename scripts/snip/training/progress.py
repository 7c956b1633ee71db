"""The lines of a run's log that others read: each format beside its parser. Imports no torch."""

import re

# A network that learnt nothing is wrong on 90 % of ten classes; above this it has learnt too little
# to be of use.
CHANCE_ERROR = 80.0


def progress(iteration: int, iterations: int, loss: float, speed: float, seconds: float) -> str:
    """Return the line of a logged point: the loss, images per second, seconds left."""
    return (
        f"iteration {iteration}/{iterations}  loss {loss:.4f}  "
        f"{speed:.0f} images/s  {seconds:.0f} s left"
    )


def seconds_left(line: str) -> float | None:
    """Return the seconds left that a line of `progress` states; None: it is another line."""
    found = re.fullmatch(r"iteration .* (\d+) s left", line)
    return float(found.group(1)) if found else None


def interrupted(path: str, iteration: int, iterations: int, checkpoint: object) -> str:
    """Return what an interrupted run says.

    Args:
        path: the run's (see `runs.Run.path`).
        checkpoint: the file that it goes on from; None: there is none.
    """
    then = "begins anew" if checkpoint is None else f"goes on from {checkpoint}"
    return f"run {path} interrupted at iteration {iteration} of {iterations}; run again, it {then}"


def is_interrupted(line: str) -> bool:
    """Return whether a line is the error of an interrupted run."""
    return re.match(r"error: run \S+ interrupted at iteration ", line) is not None


def at_chance(path: str, test_error: float) -> str:
    """Return the warning of a run that ends at chance (test error in percent)."""
    return f"warning: run {path} ends at chance: test error {test_error:.1f} %"


def error_at_chance(log: str) -> float | None:
    """Return the test error (percent) of the warning `at_chance` in a log; None: there is none."""
    found = re.search(r"^warning: run \S+ ends at chance: test error ([\d.]+) %$", log, re.M)
    return float(found.group(1)) if found else None
