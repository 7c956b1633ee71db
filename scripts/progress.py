"""Show where a study stands: runs done, running, failed and to come, and the time left.

Reads files only (results, logs, benchmarks, Snakemake's locks), so it works on a login node while
the study runs:
  watch -n 10 python scripts/progress.py --configfile config/paper.yaml
"""

import contextlib
import re
import statistics
import time
from pathlib import Path

from snip.jobs import command
from snip.jobs.times import job_seconds
from snip.study.axes import Run
from snip.study.config import load_config
from snip.study.grids import study_runs
from snip.training import progress as run_lines

# A running job's log that has not grown for this long is of a job that was lost.
LOST_SECONDS = 600
# Last lines of a job that is dead: our own errors, Python's, the shell's and Slurm's.
FAILED = re.compile(
    r"error:|(\w+\.)*\w*(Error|Exception|Interrupt)\b|slurmstepd: error"
    r"|\S*python[\d.]*: |.*: (command )?not found$"
    r"|.*: (No such file or directory|Permission denied)$"
    r"|.*\b(Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction)\b"
)


def at_work(folder: Path) -> set[str]:
    """Return the files that a Snakemake at work in `folder` is to make: its lock lists them."""
    names: set[str] = set()
    for lock in folder.glob(".snakemake/locks/*.output.lock"):
        with contextlib.suppress(FileNotFoundError):  # that Snakemake has just ended
            names.update(lock.read_text().splitlines())
    return names


def state(results: Path, run: Run, now: float, ahead: set[str]) -> tuple[str, str]:
    """Return whether a run is done, running, interrupted, failed or to come, and its last word.

    Args:
        ahead: what `at_work` returned. A run that is not among them has nobody who runs it.
    """
    output = results / "runs" / f"{run.path}.json"
    if output.exists():
        return "done", ""
    log = results / "logs" / "runs" / f"{run.path}.log"
    if not log.exists():
        return "to come", ""
    lines = log.read_text(errors="replace").splitlines() or [""]
    if run_lines.is_interrupted(lines[-1]):
        return "interrupted", lines[-1]
    if FAILED.match(lines[-1]):
        return "failed", lines[-1]
    lost = now - log.stat().st_mtime > LOST_SECONDS or str(output) not in ahead
    return ("interrupted" if lost else "running"), lines[-1]


def summary(results: Path, runs: list[Run], now: float, ahead: set[str]) -> list[str]:
    """Return the lines of the report."""
    states = {run: state(results, run, now, ahead) for run in runs}
    names = ["done", "running", "interrupted", "failed", "to come"]
    count = {name: sum(s == name for s, _ in states.values()) for name in names}
    lines = [f"{len(runs)} runs: " + ", ".join(f"{count[name]} {name}" for name in names)]
    typical: dict[str, float] = {}
    for network in sorted({run.network for run in runs}):
        of_network = [run for run in runs if run.network == network]
        files = [results / "benchmarks" / "runs" / f"{run.path}.tsv" for run in of_network]
        times = [seconds for file in files if (seconds := job_seconds(file)) is not None]
        if times:
            typical[network] = statistics.median(times)
        done = sum(states[run][0] == "done" for run in of_network)
        each = f", {typical[network]:.0f} s each (median)" if times else ""
        lines.append(f"  {network}: {done} of {len(of_network)} done{each}")
    left = 0.0
    known = True
    for run, (name, line) in states.items():
        if name == "done":
            continue
        remaining = run_lines.seconds_left(line) if name == "running" else None
        if remaining is not None:
            left += remaining
        elif run.network in typical:
            left += typical[run.network]
        else:
            known = False
    if count["done"] < len(runs) and known and count["running"]:
        wall = left / count["running"]
        lines.append(
            f"time left: {duration(wall)} with {count['running']} at a time "
            f"({left / 3600:.1f} core-hours)"
        )
    elif count["done"] < len(runs):
        needed = "a finished run of each network" if not known else "a running one"
        lines.append(f"time left: unknown until there is {needed}")
    for wanted in ("failed", "interrupted"):
        for run, (name, line) in states.items():
            if name == wanted:
                lines.append(f"{wanted}: {run.path}: {line}")
    for run, (name, _) in states.items():
        error = run_lines.error_at_chance(log_text(results, run)) if name == "done" else None
        if error is not None:
            lines.append(run_lines.at_chance(run.path, error))
    return lines


def log_text(results: Path, run: Run) -> str:
    """Return what a run's log says; nothing where there is none, as in a restored archive."""
    try:
        return (results / "logs" / "runs" / f"{run.path}.log").read_text(errors="replace")
    except OSError:
        return ""


def duration(seconds: float) -> str:
    """Return hours, minutes and seconds: `1:02:03`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument(
        "--configfile", type=Path, nargs="*", default=[], help="laid over config/default.yaml"
    )
    options = parser.parse_args()
    config = load_config(Path("config/default.yaml"), *options.configfile)
    runs = study_runs(config)
    results = Path("results") / config["study"]
    print("\n".join(summary(results, runs, time.time(), at_work(Path()))))


if __name__ == "__main__":
    command.run(main)
