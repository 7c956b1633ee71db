import pytest

import progress
from snip.study.axes import Run
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
    return progress.state(folder / "results", RUN, now, progress.locked_outputs(folder))


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
