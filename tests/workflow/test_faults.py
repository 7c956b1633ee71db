"""Nothing is lost, nothing differs, nothing damaged is used: at small scale."""

import contextlib
import os
import re
import select
import signal
import subprocess
import time

import pytest

from helpers import run_in, until
from inflict import (
    forget,
    held,
    last_words,
    logged,
    mounted,
    needs_mount,
    start_run,
)
from small import (
    CONFIGS,
    RUN,
    digests,
    environment,
    grid,
    overlaid,
    planned,
    small_project,
    snakemake,
)


@pytest.fixture(scope="module")
def whole(finished):
    """The result of the run by hand without any fault."""
    process = start_run(finished, "whole.json")
    said = last_words(process)
    assert process.returncode == 0, said
    assert "images/s" in said and "s left" in said
    return (finished / "whole.json").read_bytes()


def test_a_run_that_is_killed_and_asked_to_stop_ends_with_the_same_bytes(finished, whole):
    output, resumed = "stopped.json", 0
    signals = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    for index, number in enumerate(signals):
        process = start_run(finished, output)
        said = logged(process, 20 * index + 17)
        process.send_signal(number)
        said += last_words(process)
        resumed += "resumed at iteration" in said
        assert "Traceback" not in said and not (finished / output).exists()
        if number == signal.SIGKILL:
            assert process.returncode == -number
        else:
            assert process.returncode == 1
            assert re.search(r"error: run .* interrupted at iteration \d+ of 210; run again", said)
    process = start_run(finished, output)
    resumed += "resumed at iteration" in last_words(process)
    assert resumed == len(signals) and (finished / output).read_bytes() == whole
    assert not (finished / f"{output}.checkpoint").exists()


def test_a_closed_terminal_loses_no_run_and_leaves_no_lock(clone):
    endless = {"schedules": {"default": {"iterations": 10**7, "decay_every": 10**7}}}
    configs = overlaid(clone, endless)
    log = clone / f"results/small/logs/runs/{RUN}.log"
    command = ["snakemake", *configs, "--cores", "1", "--", f"results/small/runs/{RUN}.json"]
    for begun in ("iteration ", "resumed at iteration "):
        log.unlink(missing_ok=True)
        keyboard, terminal = os.openpty()
        process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=clone,
            env=environment(),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        try:
            # The second time the same command goes on: nothing is locked.
            while not (log.exists() and re.search(f"^{begun}", log.read_text(), re.M)):
                if select.select([keyboard], [], [], 0.05)[0]:
                    os.read(keyboard, 1 << 16)
                assert process.poll() is None
            os.close(keyboard)
            process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert not list((clone / ".snakemake").glob("locks/*"))
        # The shell between Snakemake and the run may end before the run has written its checkpoint.
        while not re.search(r"^error: run .* interrupted at iteration", log.read_text(), re.M):
            time.sleep(0.05)


def test_two_snakemakes_in_one_folder_do_not_disturb_each_other(clone):
    forget(clone, "results/small/runs")
    command = ["snakemake", *CONFIGS, "--cores", "1", "--", "figures/all"]
    where = {"cwd": clone, "env": environment(), "start_new_session": True}
    with held(clone, RUN):
        with (clone / "first.log").open("w") as log:
            process = subprocess.Popen(command, **where, stdout=log, stderr=log)
        try:
            until(lambda: list((clone / ".snakemake/locks").glob("*")) or process.poll())
            done = snakemake(clone, "--cores", "1", check=False)
            assert done.returncode != 0
            assert "Directory cannot be locked" in done.stdout
            assert process.poll() is None, (clone / "first.log").read_text()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@needs_mount
def test_a_full_disk_costs_a_checkpoint_and_not_the_run(finished, whole, tmp_path):
    with mounted(tmp_path / "tiny", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as tiny:
        process = start_run(finished, str(tiny / "full.json"))
        said = last_words(process)
        assert re.search("checkpoint .* not written: .*No space left on device", said)
        assert process.returncode == 0
        assert (tiny / "full.json").read_bytes() == whole


def test_an_archived_study_is_restored_and_extended_elsewhere(finished, tmp_path):
    archive, elsewhere = tmp_path / "small.tar", small_project(tmp_path / "elsewhere")
    run = {"check": True, "env": environment()}
    make = ["python", "scripts/archive.py", "create", "--study", "small", "--output", str(archive)]
    subprocess.run(make, cwd=finished, **run)
    subprocess.run(["python", "scripts/archive.py", "restore", archive], cwd=elsewhere, **run)
    # Figures and claims in print are not archived; all that takes long is.
    made = {rule for rule in planned(elsewhere) if not rule.startswith("figure")}
    assert made == {"claims", "page"}
    configs = overlaid(elsewhere, grid("fig1", seeds=[0, 1]))
    before = digests(elsewhere)
    snakemake(elsewhere, "--cores", "2", configs=configs, target="figures/fig1")
    runs = {name for name in digests(elsewhere) if "/runs/" in name}
    old = {name for name in before if "/runs/" in name}
    assert len(runs) == len(old) + 2
    assert all(digests(elsewhere)[name] == digests(finished)[name] for name in old)


def test_progress_tells_where_the_study_stands(clone):
    results = clone / "results/small"
    gone = sorted((results / "runs").rglob("seed-1.json")) + [results / f"runs/{RUN}.json"]
    failed, running, unstarted = [
        results / "logs" / path.relative_to(results).with_suffix(".log") for path in gone
    ]
    for path in gone:
        path.unlink()
    failed.write_text("$ …\nerror: run x diverged: training loss nan\n")
    running.write_text("$ …\niteration 5/10  loss 2.3  99 images/s  30 s left\n")
    unstarted.unlink()
    (clone / ".snakemake/locks").mkdir(exist_ok=True)
    (clone / ".snakemake/locks/0.output.lock").write_text(f"{gone[1].relative_to(clone)}\n")
    command = ["python", "scripts/progress.py", "--configfile", *CONFIGS[1:]]
    said = run_in(clone, *command, env=environment()).stdout
    assert "8 runs: 5 done, 1 running, 0 interrupted, 1 failed, 1 to come" in said
    assert "lenet-300-100: 2 of 3 done" in said and "s each (median)" in said
    assert re.search("failed: .*seed-1: error: run x diverged", said)
    assert re.search(r"time left: \d+:\d\d:\d\d with 1 at a time", said)
