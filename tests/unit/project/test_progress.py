from pathlib import Path

import pytest

import progress
from snip.jobs.locks import locked_outputs
from snip.study.axes import Run
from snip.study.config import DEFAULT, load_config
from snip.study.grids import expand_runs, grids, study_runs
from snip.training.progress import logged_point

RUN = Run("mnist", "lenet-300-100", "snip", "90", 100, "correct", "0.0005", 0)
TRAINING = logged_point(20, 1080, 0.4211, 9000, 12)


def state(folder, log: str, locked: bool = True, seconds: float = 1):
    """Return the state of a run with this log, `seconds` after the log was written."""
    path = folder / "results/logs/runs" / f"{RUN.path}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(log)
    output = folder / "results/runs" / f"{RUN.path}.json"
    if locked:
        (folder / ".snakemake/locks").mkdir(parents=True, exist_ok=True)
        (folder / ".snakemake/locks/0.output.lock").write_text(f"another\n{output}\n")
    now = path.stat().st_mtime + seconds
    return progress.state(folder / "results", RUN, now, locked_outputs(folder))


@pytest.mark.parametrize(
    "last",
    [
        "error: run x diverged: training loss nan",
        "ValueError: it crashed",
        "torch.OutOfMemoryError: no memory",
        "KeyboardInterrupt",
        "/usr/bin/bash: line 1: python: command not found",
        "bash: python: command not found",
        "/bin/sh: 1: python: not found",
        "python: can't open file '/x/scripts/train.py': [Errno 2] No such file or directory",
        "/x/.venv/bin/python3.11: No module named torch",
        "bash: ./python: Permission denied",
        "/usr/bin/bash: line 1:   123 Killed                  python scripts/train.py",
        "Segmentation fault (core dumped)",
        "slurmstepd: error: *** JOB 7 ON node1 CANCELLED DUE TO TIME LIMIT ***",
    ],
)
def test_a_dead_job_is_not_called_running(tmp_path, last):
    assert state(tmp_path, f"$ python scripts/train.py\n{last}\n") == ("failed", last)


@pytest.mark.parametrize("last", [TRAINING, "$ python scripts/train.py", "resumed at iteration 7"])
def test_a_job_runs_while_snakemake_is_at_work_and_its_log_grows(tmp_path, last):
    assert state(tmp_path, f"{last}\n", locked=False) == ("interrupted", last)
    assert state(tmp_path, f"{last}\n") == ("running", last)
    assert state(tmp_path, f"{last}\n", seconds=601) == ("interrupted", last)


@pytest.mark.parametrize("begun", ["a result", "a log", "asked for"])
def test_figures_that_are_asked_for_by_name_are_counted(tmp_path, monkeypatch, begun):
    monkeypatch.chdir(tmp_path)
    config, results = load_config(DEFAULT), Path("results/default")
    study = study_runs(config)
    assert progress.extra_runs(config, results, set()) == {}
    added = [run for run in expand_runs(grids(config, "criteria")) if run not in study]
    [first, *_] = [run for run in added if run.criterion == "force"]  # no other figure has it
    kind, ending = ("logs/runs", "log") if begun == "a log" else ("runs", "json")
    path = results / kind / f"{first.path}.{ending}"
    locked = {str(path)} if begun == "asked for" else set()
    if not locked:
        path.parent.mkdir(parents=True)
        path.write_text("")
    extras = progress.extra_runs(config, results, locked)
    assert list(extras) == ["criteria"]
    runs = study_runs(config, extras)
    total = len(study) + len(added)
    assert len(runs) == total
    lines = progress.summary(results, runs, 0, locked, extras)
    done = int(begun == "a result")
    assert lines[0].startswith(f"{total} runs: {done} done")
    assert f"  figures/criteria: {done} of {len(extras['criteria'])} done" in lines
