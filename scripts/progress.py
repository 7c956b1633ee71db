"""Show where a study stands: runs done, running, failed and to come, and the time left.

Reads files only (results, logs, benchmarks, Snakemake's locks), so it works on a login node while
the study runs:
  watch -n 10 python scripts/progress.py --configfile config/paper.yaml
A run is done if its result was made with the configured settings.
"""

import re
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from snip.jobs import command
from snip.jobs.failures import ERROR
from snip.jobs.files import unsealed
from snip.jobs.locks import locked_outputs
from snip.jobs.times import job_seconds
from snip.study.config import Config
from snip.study.figures import EXTRAS, STUDIED
from snip.study.grids import figure_runs, settings
from snip.study.load import DEFAULT, load_config
from snip.study.runs import Run
from snip.training.progress import CHANCE_ERROR, is_interrupted, seconds_left

STATES = ["done", "running", "interrupted", "failed", "to come"]
# A job counts as lost if its log has not grown for this long.
LOST_SECONDS = 600
# The last line of a dead job's log: an error of ours, Python's, the shell's or Slurm's.
FAILED = re.compile(
    rf"^{ERROR}|(Error|Exception|Interrupt)\b|: error: |not found$|No such file|denied$|No module"
    r"|\b(Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction)\b"
)


def state(
    results: Path, run: Run, expected: Mapping[str, Any], now: float, locked: set[str]
) -> tuple[str, str]:
    """Return a run's state, one of `STATES`, and the last line of its log, or "at chance".

    Args:
        results: the study's folder of results.
        run: the run.
        expected: its settings. A result of others will be made anew.
        now: the present time, in seconds since the epoch.
        locked: `locked_outputs`. No Snakemake will make a run that is not among them.
    """
    output = results / "runs" / f"{run.path}.json"
    if output.exists():
        try:
            result = unsealed(output.read_bytes())
        except ValueError:  # what reads it names it
            return "to come", ""
        if result["settings"] != expected:
            return "to come", ""
        useless = run.labels == "correct" and result["test_error"] > CHANCE_ERROR
        return "done", "at chance" if useless else ""
    log = results / "logs" / "runs" / f"{run.path}.log"
    if not log.exists():
        return "to come", ""
    last_line = (log.read_text("utf-8", "replace").splitlines() or [""])[-1]
    if is_interrupted(last_line):
        return "interrupted", last_line
    if FAILED.search(last_line):
        return "failed", last_line
    lost = now - log.stat().st_mtime > LOST_SECONDS or str(output) not in locked
    return ("interrupted" if lost else "running"), last_line


def summary(config: Config, now: float, locked: set[str]) -> list[str]:
    """Return the lines of the report: of the study, and of further figures that are being made.

    Args:
        config: of the study.
        now, locked: see `state`.
    """
    results = Path("results") / config.study
    study = figure_runs(config, *STUDIED)
    extras = {name: figure_runs(config, name) for name in EXTRAS}
    wanted = Counter(run for runs in (study, *extras.values()) for run in runs)
    expected = {run: settings(config, run.network, run.dataset, run.reading) for run in wanted}
    states = {run: state(results, run, values, now, locked) for run, values in expected.items()}

    def begun(run: Run) -> bool:
        asked = str(results / "runs" / f"{run.path}.json") in locked
        # A run that other figures want says nothing about this one.
        return wanted[run] == 1 and (asked or states[run][0] != "to come")

    extras = {name: runs for name, runs in extras.items() if any(map(begun, runs))}
    states = {run: states[run] for runs in (study, *extras.values()) for run in runs}
    count = Counter(name for name, _ in states.values())
    lines = [f"{len(states)} runs: " + ", ".join(f"{count[name]} {name}" for name in STATES)]
    medians: dict[str, float] = {}
    for network in sorted({run.network for run in states}):
        runs = [run for run in states if run.network == network]
        line = f"  {network}: {sum(states[run][0] == 'done' for run in runs)} of {len(runs)} done"
        files = [results / "benchmarks" / "runs" / f"{run.path}.tsv" for run in runs]
        if times := [seconds for file in files if (seconds := job_seconds(file)) is not None]:
            medians[network] = statistics.median(times)
            line += f", {medians[network]:.0f} s each (median)"
        lines.append(line)
    for name, runs in extras.items():
        done = sum(states[run][0] == "done" for run in runs)
        lines.append(f"  figures/{name}: {done} of {len(runs)} done")
    if count["done"] < len(states):
        lines.append(time_left(states, medians))
    for listed in ("failed", "interrupted"):
        ended = [(run, said) for run, (name, said) in states.items() if name == listed]
        lines += [f"{listed}: {run.path}: {said}" for run, said in ended]
    if at_chance := sum(said == "at chance" for _, said in states.values()):
        lines.append(
            f"warning: runs on correct labels that end at chance, as the report lists: {at_chance}"
        )
    return lines


def time_left(states: Mapping[Run, tuple[str, str]], medians: Mapping[str, float]) -> str:
    """Return the line that estimates the time left.

    Args:
        states: see `state`.
        medians: seconds that a run takes, for networks with a finished run.
    """
    running = sum(name == "running" for name, _ in states.values())
    to_make = {run: line for run, (name, line) in states.items() if name != "done"}
    # None for lines that state no time, as for those of runs that have not begun.
    stated = {run: seconds_left(line) for run, line in to_make.items()}
    left = [medians.get(run.network) if s is None else s for run, s in stated.items()]
    known = [seconds for seconds in left if seconds is not None]
    if not running or len(known) < len(left):
        return "time left: unknown until a run is at work and one of each network is done"
    return (
        f"time left: {timedelta(seconds=round(sum(known) / running))} with {running} at a time "
        f"({sum(known) / 3600:.1f} core-hours)"
    )


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument(
        "--configfile", type=Path, nargs="*", default=[], help="laid over config/default.yaml"
    )
    options = parser.parse_args()
    config = load_config(DEFAULT, *options.configfile)
    print("\n".join(summary(config, time.time(), locked_outputs(Path()))))


if __name__ == "__main__":
    command.run(main)
