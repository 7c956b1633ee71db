"""Overhead, memory, redrawing and planning of the default study in the working directory."""

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
        *results.parent.glob("datasets/benchmarks/*.tsv"),
    ]
    logs = [
        results / "logs" / run.relative_to(results).with_suffix(".log")
        for run in results.glob("runs/**/*.json")
    ]
    trained = [seconds_trained(log.read_text("utf-8")) if log.exists() else None for log in logs]
    if not trained or None in trained:
        return None
    return 1 - sum(filter(None, trained)) / sum(job_seconds(job) or 0 for job in jobs)


def redraw() -> float | None:
    """Return the seconds to redraw all figures; None unless the default study is up to date."""
    if not Path("figures/fig1.pdf").exists():
        return None
    plan = _snakemake("-n", "--", "figures/all")
    if "Nothing to be done" not in plan.stdout + plan.stderr:
        return None
    return _seconds("--cores", "2", "--forcerun", "figure", "--", "figures/all")


def dry_run() -> float:
    """Return the seconds to plan the default study."""
    return _seconds("-n", "--quiet", "all", "--", "figures/all")


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    _snakemake(*arguments)
    return time.perf_counter() - start


def _snakemake(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
