from pathlib import Path

import pytest

import progress
from snip.jobs.files import sealed
from snip.jobs.locks import locked_outputs
from snip.study.figures import STUDIED
from snip.study.grids import figure_runs, settings
from snip.study.load import DEFAULT, load_config
from snip.study.runs import Run
from snip.training.progress import logged_point

RUN = Run()
TRAINING = logged_point(20, 1080, 0.4211, 9000, 12)
SETTINGS = {"iterations": 20}


def place(folder, kind: str) -> Path:
    """The run's log or result."""
    path = folder / ("runs" if kind == "json" else "logs/runs") / f"{RUN.path}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def state(folder, log: str, locked: bool = True, seconds: float = 1):
    """Return the state of a run with this log, `seconds` after the log was written."""
    path = place(folder, "log")
    path.write_text(log)
    if locked:
        (folder / ".snakemake/locks").mkdir(parents=True, exist_ok=True)
        outputs = f"another\n{place(folder, 'json')}\n"
        (folder / ".snakemake/locks/0.output.lock").write_text(outputs)
    now = path.stat().st_mtime + seconds
    return progress.state(folder, RUN, SETTINGS, now, locked_outputs(folder))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({}, ("done", "")),
        ({"test_error": 90.2}, ("done", "at chance")),
        ({"settings": {"iterations": 10}}, ("to come", "")),
    ],
)
def test_a_run_is_done_if_its_result_has_the_configured_settings(tmp_path, result, expected):
    content = {"settings": SETTINGS, "test_error": 2.5} | result
    place(tmp_path, "json").write_bytes(sealed(content))
    assert state(tmp_path, f"{TRAINING}\n") == expected


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
    config = load_config(DEFAULT)
    study = figure_runs(config, *STUDIED)
    added = [run for run in figure_runs(config, "criteria") if run not in study]
    assert progress.summary(config, 0, set())[0].startswith(f"{len(study)} runs: 0 done")
    [first, *_] = [run for run in added if run.criterion == "force"]  # no other figure has it
    kind, ending = ("logs/runs", "log") if begun == "a log" else ("runs", "json")
    path = Path("results/default") / kind / f"{first.path}.{ending}"
    locked = {str(path)} if begun == "asked for" else set()
    if not locked:
        path.parent.mkdir(parents=True)
        values = settings(config, first.network, first.dataset, first.reading)
        path.write_bytes(sealed({"settings": values, "test_error": 2.5}))
    lines = progress.summary(config, 0, locked)
    done = int(begun == "a result")
    assert lines[0].startswith(f"{len(study) + len(added)} runs: {done} done")
    of_figure = len(figure_runs(config, "criteria"))
    assert f"  figures/criteria: {done} of {of_figure} done" in lines
    assert not any("figures/readings" in line for line in lines)
