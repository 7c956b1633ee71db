"""Overhead, redrawing and planning of the default study in the working directory."""

import subprocess
import sys
import time
from pathlib import Path

from snip.jobs.times import job_seconds
from snip.training.progress import seconds_trained


def overhead(results: Path) -> float | None:
    """Return the share of a study's job time outside training loops; None without a whole study.

    Args:
        results: the study's folder of results, beside that of the data sets.
    """
    jobs = [
        *results.glob("benchmarks/**/*.tsv"),
        *(results.parent / "datasets" / "benchmarks").glob("*.tsv"),
    ]
    runs = list(results.glob("runs/**/*.json"))
    total = sum(job_seconds(job) or 0 for job in jobs)
    trained = 0.0
    for run in runs:
        log = results / "logs" / run.relative_to(results).with_suffix(".log")
        seconds = seconds_trained(log.read_text("utf-8")) if log.exists() else None
        if seconds is None:
            return None
        trained += seconds
    return 1 - trained / total if runs and total else None


def redraw() -> float | None:
    """Return the seconds to redraw all figures; None unless the default study is up to date."""
    if (
        not Path("figures/fig1.pdf").exists()
        or not Path("results/default/tables/runs.csv").exists()
    ):
        return None
    command = [sys.executable, "-m", "snakemake", "-n", "--", "figures/all"]
    plan = subprocess.run(command, capture_output=True, encoding="utf-8")
    if "Nothing to be done" not in plan.stdout + plan.stderr:
        return None
    return _seconds("--cores", "2", "--forcerun", "figure", "--", "figures/all")


def dry_run() -> float:
    """Return the seconds to plan the default study."""
    return _seconds("-n", "--quiet", "all", "--", "figures/all")


def _seconds(*arguments: str) -> float:
    """Return the seconds that a Snakemake command takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "snakemake", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start
