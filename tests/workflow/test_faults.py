"""Nothing is lost, nothing differs, nothing damaged is used: at small scale."""

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
import yaml

from helpers import until
from inflict import (
    forget,
    held,
    killed_runs,
    last_words,
    logged,
    mounted,
    needs_mount,
    start_run,
)
from small import CONFIGS, RUN, SMALL, digests, environment, planned, small_project, snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def whole(finished):
    """The result of the run by hand without any fault."""
    process = start_run(finished, "whole.json")
    said = last_words(process)
    assert process.returncode == 0, said
    assert "images/s" in said and "s left" in said
    return (finished / "whole.json").read_bytes()


def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(finished, whole):
    killed, said = killed_runs(finished, "killed.json", kills=4, seed=1)
    assert killed == 4
    assert (finished / "killed.json").read_bytes() == whole
    assert any("resumed at iteration" in text for text in said)
    assert not (finished / "killed.json.checkpoint").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_asked_to_stop_writes_a_checkpoint_and_ends_cleanly(finished, whole, number):
    output = f"asked-{number}.json"
    process = start_run(finished, output)
    logged(process, 7)
    process.send_signal(number)
    said = last_words(process)
    assert process.returncode == 1 and "Traceback" not in said
    assert re.search(r"error: run .* interrupted at iteration \d+ of 210; run again", said)
    assert not (finished / output).exists()
    process = start_run(finished, output)
    assert "resumed at iteration" in last_words(process)
    assert (finished / output).read_bytes() == whole


def test_a_closed_terminal_loses_no_run_and_leaves_no_lock(clone):
    longer = yaml.safe_load(yaml.safe_dump(SMALL))
    endless = {"iterations": 10**7, "decay_every": 10**7}
    longer["schedules"] = {"default": endless}
    (clone / "config/small.yaml").write_text(yaml.safe_dump(longer))
    runs = clone / "results/small/runs"
    log = clone / f"results/small/logs/runs/{RUN}.log"
    command = ["snakemake", *CONFIGS, "--cores", "1", "--", f"{runs.relative_to(clone)}/{RUN}.json"]
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


def damage(path, how):
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]
    path.write_bytes({"truncated": content[:middle], "flipped": flipped, "empty": b""}[how])


@pytest.mark.parametrize("how", ["truncated", "flipped", "empty"])
def test_a_damaged_result_or_mask_is_refused_by_name(clone, how):
    result = clone / f"results/small/runs/{RUN}.json"
    mask = next(
        (clone / "results/small/masks").rglob("criterion-gradient/**/classes-each/**/*.npz")
    )
    good = {path: path.read_bytes() for path in (result, mask)}
    for path in good:
        damage(path, how)
    done = snakemake(clone, "--cores", "2", "--keep-going", check=False)
    assert done.returncode != 0
    logs = "".join(path.read_text() for path in (clone / "results/small/logs").rglob("*.log"))
    for path in good:
        assert re.search(f"error: .*{path.relative_to(clone)} cannot be (used|read)", logs)
    # Removed and asked for, they are made again.
    for path in good:
        path.unlink()
        snakemake(clone, "--cores", "1", target=str(path.relative_to(clone)))
    assert {path: path.read_bytes() for path in good} == good


@needs_mount
def test_a_data_folder_that_cannot_be_written_is_enough(finished, tmp_path):
    folder = small_project(tmp_path / "project")
    data = tmp_path / "shared"
    shutil.move(folder / "data", tmp_path / "given")
    with mounted(data, "--bind", "-o", "ro", str(tmp_path / "given")):
        with pytest.raises(OSError, match="Read-only"):
            (data / "generated" / "file").write_bytes(b"")
        target = f"results/small/runs/{RUN}.json"
        snakemake(folder, "--cores", "1", "--config", f"data_folder={data}", target=target)
    assert (folder / target).read_bytes() == (finished / target).read_bytes()


def test_an_archived_study_is_restored_and_extended_elsewhere(finished, tmp_path):
    archive = tmp_path / "small.tar"
    run = {"check": True, "env": environment()}
    make = ["python", "scripts/archive.py", "create", "--study", "small", "--output", str(archive)]
    subprocess.run(make, cwd=finished, **run)
    elsewhere = small_project(tmp_path / "elsewhere")
    subprocess.run(["python", "scripts/archive.py", "restore", archive], cwd=elsewhere, **run)
    # Figures and claims in print are not archived; all that takes long is.
    assert {rule for rule in planned(elsewhere) if not rule.startswith("figure")} == {"claims"}
    small = yaml.safe_load(yaml.safe_dump(SMALL))
    small["figures"]["fig1"][0]["seeds"] = [0, 1]
    (elsewhere / "config/small.yaml").write_text(yaml.safe_dump(small))
    assert planned(elsewhere)["train"] == 2
    snakemake(elsewhere, "--cores", "2")
    before, after = digests(finished), digests(elsewhere)
    runs = [name for name in before if "/runs/" in name]
    assert all(after[name] == before[name] for name in runs if name.endswith(".json"))


def test_an_altered_archive_is_refused_by_name(clone, tmp_path):
    archive = tmp_path / "small.tar"
    run = {"cwd": clone, "env": environment(), "capture_output": True, "text": True}
    make = ["python", "scripts/archive.py", "create", "--study", "small", "--output", str(archive)]
    subprocess.run(make, check=True, **run)
    content = bytearray(archive.read_bytes())
    content[content.index(b'"test_error": ') + 14] ^= 1
    archive.write_bytes(bytes(content))
    shutil.rmtree(clone / "results/small")
    done = subprocess.run(["python", "scripts/archive.py", "restore", str(archive)], **run)
    assert done.returncode == 1
    assert re.search(f"error: archive {archive}", done.stderr) and "Traceback" not in done.stderr
    assert not (clone / "results/small").exists()


def test_progress_tells_where_the_study_stands(clone):
    gone = [*(clone / "results/small/runs").rglob("seed-1.json")]
    assert len(gone) == 2
    logs = [clone / "results/small/logs" / p.relative_to(clone / "results/small") for p in gone]
    for path in gone:
        path.unlink()
    logs[0].with_suffix(".log").unlink()
    logs[1].with_suffix(".log").write_text("$ …\nerror: run x diverged: training loss nan\n")
    command = ["python", "scripts/progress.py", "--configfile", *CONFIGS[1:]]
    run = {"cwd": clone, "env": environment(), "check": True, "capture_output": True, "text": True}
    said = subprocess.run(command, **run).stdout
    assert "8 runs: 6 done, 0 running, 0 interrupted, 1 failed, 1 to come" in said
    assert "lenet-300-100: 3 of 3 done" in said and "s each (median)" in said
    assert re.search("failed: .*seed-1: error: run x diverged", said)
    logs[1].with_suffix(".log").write_text(
        "$ …\niteration 5/10  loss 2.3  99 images/s  30 s left\n"
    )
    # Nobody runs it: no Snakemake is at work.
    assert "0 running, 1 interrupted" in subprocess.run(command, **run).stdout
    (clone / ".snakemake/locks").mkdir()
    (clone / ".snakemake/locks/0.output.lock").write_text(f"{gone[1].relative_to(clone)}\n")
    said = subprocess.run(command, **run).stdout
    assert "1 running" in said and re.search(r"time left: \d+:\d\d:\d\d with 1 at a time", said)


def test_nothing_in_results_is_pickled(finished):
    for path in (finished / "results").rglob("*.npz"):
        with np.load(path, allow_pickle=False) as archive:
            assert all(archive[name].dtype != object for name in archive.files)
