"""Show where a study stands: runs done, running, failed and to come, and the time left.

Reads files only (results, logs, benchmarks, Snakemake's locks), so it works on a login node while
the study runs:
  watch -n 10 python scripts/progress.py --configfile config/paper.yaml
"""

import itertools
import re
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from snip.jobs import command
from snip.jobs.failures import ERROR
from snip.jobs.locks import locked_outputs
from snip.jobs.times import job_seconds
from snip.study.axes import Run
from snip.study.config import DEFAULT, load_config
from snip.study.figures import EXTRAS
from snip.study.grids import expand_runs, grids, study_runs
from snip.training.progress import at_chance, error_at_chance, is_interrupted, seconds_left

STATES = ["done", "running", "interrupted", "failed", "to come"]
# A job counts as lost if its log has not grown for this long.
LOST_SECONDS = 600
# The last line of a dead job's log: an error of ours, Python's, the shell's or Slurm's.
FAILED = re.compile(
    rf"{ERROR}|(\w+\.)*\w*(Error|Exception|Interrupt)\b|slurmstepd: error"
    r"|\S*python[\d.]*: |.*: (command )?not found$"
    r"|.*: (No such file or directory|Permission denied)$"
    r"|.*\b(Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction)\b"
)


def result_file(results: Path, run: Run) -> Path:
    """Return the file that a run makes."""
    return results / "runs" / f"{run.path}.json"


def extra_runs(config: Mapping, results: Path, locked: set[str]) -> dict[str, list[Run]]:
    """Return the runs of each figure beyond `figures/all` that has been begun or is asked for.

    Args:
        config: of the study.
        results, locked: see `state`.
    """
    extras = {name: expand_runs(grids(config, name)) for name in EXTRAS}
    wanted = Counter(itertools.chain(study_runs(config), *extras.values()))

    def begun(run: Run) -> bool:
        asked = str(result_file(results, run)) in locked
        # One that other figures want says nothing about this one.
        return wanted[run] == 1 and (asked or state(results, run, 0, locked)[0] != "to come")

    return {name: runs for name, runs in extras.items() if any(map(begun, runs))}


def state(results: Path, run: Run, now: float, locked: set[str]) -> tuple[str, str]:
    """Return a run's state, one of `STATES`, and the last line of its log.

    Args:
        results: the study's folder of results.
        run: the run.
        now: the present time, in seconds since the epoch.
        locked: `locked_outputs`. No Snakemake will make a run that is not among them.
    """
    output = result_file(results, run)
    if output.exists():
        return "done", ""
    log = results / "logs" / "runs" / f"{run.path}.log"
    if not log.exists():
        return "to come", ""
    last_line = (log.read_text("utf-8", "replace").splitlines() or [""])[-1]
    if is_interrupted(last_line):
        return "interrupted", last_line
    if FAILED.match(last_line):
        return "failed", last_line
    lost = now - log.stat().st_mtime > LOST_SECONDS or str(output) not in locked
    return ("interrupted" if lost else "running"), last_line


def summary(
    results: Path,
    runs: list[Run],
    now: float,
    locked: set[str],
    extras: Mapping[str, list[Run]],
) -> list[str]:
    """Return the lines of the report.

    Args:
        results, now, locked: see `state`.
        runs: of the study and of the figures beyond it.
        extras: the latter by figure, see `extra_runs`.
    """
    states = {run: state(results, run, now, locked) for run in runs}
    count = {name: sum(s == name for s, _ in states.values()) for name in STATES}
    lines = [f"{len(runs)} runs: " + ", ".join(f"{count[name]} {name}" for name in STATES)]
    medians: dict[str, float] = {}
    for network in sorted({run.network for run in runs}):
        network_runs = [run for run in runs if run.network == network]
        done = sum(states[run][0] == "done" for run in network_runs)
        line = f"  {network}: {done} of {len(network_runs)} done"
        if times := run_seconds(results, network_runs):
            medians[network] = statistics.median(times)
            line += f", {medians[network]:.0f} s each (median)"
        lines.append(line)
    for name, of_figure in extras.items():
        done = sum(states[run][0] == "done" for run in of_figure)
        lines.append(f"  figures/{name}: {done} of {len(of_figure)} done")
    if count["done"] < len(runs):
        lines.append(time_left(states, medians, count["running"]))
    for listed in ("failed", "interrupted"):
        for run, (name, last_line) in states.items():
            if name == listed:
                lines.append(f"{listed}: {run.path}: {last_line}")
    for run, (name, _) in states.items():
        error = error_at_chance(log_text(results, run)) if name == "done" else None
        if error is not None:
            lines.append(at_chance(run.path, error))
    return lines


def run_seconds(results: Path, runs: list[Run]) -> list[float]:
    """Return how long those of the runs took that have ended."""
    files = [results / "benchmarks" / "runs" / f"{run.path}.tsv" for run in runs]
    return [seconds for file in files if (seconds := job_seconds(file)) is not None]


def time_left(states: dict[Run, tuple[str, str]], medians: dict[str, float], running: int) -> str:
    """Return the line that estimates the time left.

    Args:
        states: per run its state and the last line of its log.
        medians: seconds that a run takes, for networks with a finished run.
        running: number of runs at a time.
    """
    total = 0.0
    known = True
    for run, (name, last_line) in states.items():
        if name == "done":
            continue
        seconds = seconds_left(last_line) if name == "running" else None
        if seconds is None:
            seconds = medians.get(run.network)
        if seconds is None:
            known = False
        else:
            total += seconds
    if known and running:
        return (
            f"time left: {duration(total / running)} with {running} at a time "
            f"({total / 3600:.1f} core-hours)"
        )
    needed = "a running one" if known else "a finished run of each network"
    return f"time left: unknown until there is {needed}"


def log_text(results: Path, run: Run) -> str:
    """Return the log of a run; empty if there is none, as in a restored archive."""
    try:
        return (results / "logs" / "runs" / f"{run.path}.log").read_text("utf-8", "replace")
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
    config = load_config(DEFAULT, *options.configfile)
    results, locked = Path("results") / config["study"], locked_outputs(Path())
    extras = extra_runs(config, results, locked)
    runs = study_runs(config, extras)
    print("\n".join(summary(results, runs, time.time(), locked, extras)))


if __name__ == "__main__":
    command.run(main)
