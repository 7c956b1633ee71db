"""A killed Snakemake and full disks; after each, the whole study runs to its end."""

import os
import signal
import subprocess

import pytest

from helpers import until
from inflict import forget, held, mounted, needs_mount
from small import CONFIGS, RUN, digests, environment, small_project, snakemake


def test_a_study_continues_after_snakemake_was_killed_and_unlocked(finished, tmp_path):
    folder = small_project(tmp_path / "project")
    command = ["snakemake", *CONFIGS, "--cores", "2", "--", "figures/all"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with held(folder, RUN):
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), start_new_session=True, **quiet
        )
        until(lambda: list(folder.glob("results/small/runs/**/*.json")) or process.poll())
    process.kill()
    process.wait()
    # Its jobs still run. The folder is locked, and Snakemake says how to unlock it.
    done = snakemake(folder, "--cores", "2", check=False)
    assert done.returncode != 0 and "--unlock" in done.stdout
    os.killpg(process.pid, signal.SIGKILL)
    snakemake(folder, "--unlock")
    snakemake(folder, "--cores", "2")
    assert digests(folder) == digests(finished)


@needs_mount
@pytest.mark.parametrize(("where", "size"), [("results/small/runs", "16k"), ("figures", "64k")])
def test_a_full_disk_is_reported_and_leaves_no_partial_file(clone, finished, where, size):
    forget(clone, where)
    with mounted(clone / where, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        done = snakemake(clone, "--cores", "1", "--keep-going", check=False)
        assert done.returncode != 0
        logs = "".join(path.read_text() for path in (clone / "results/small/logs").rglob("*.log"))
        assert "No space left on device" in logs
        written = [path for path in (clone / where).rglob("*") if path.is_file()]
        for path in written:
            if path.stat().st_size:
                assert path.read_bytes() == (finished / path.relative_to(clone)).read_bytes()
    snakemake(clone, "--cores", "2")
    assert digests(clone) == digests(finished)
