"""Studies on a real Grid Engine, through the project's profile (needs root and its packages)."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers import REPOSITORY, until
from inflict import may_mount
from small import CONFIGS, RUN, digests, environment, small_project, snakemake

PROGRAMS = ("sge_qmaster", "sge_execd", "qsub", "ip", "nsenter")
pytestmark = pytest.mark.skipif(
    None in map(shutil.which, PROGRAMS) or not may_mount(),
    reason="a Grid Engine needs root, a container that allows mounting, and: apt-get install"
    " gridengine-master gridengine-exec gridengine-client iproute2",
)
OWN = ["--net", "--uts", "--mount"]
# The profile with shorter waiting times.
GRID = [
    "--workflow-profile",
    "profiles/gridengine",
    "--seconds-between-status-checks=1",
    "--max-status-checks-per-second=50",
    "--latency-wait=5",
]
RESULT = f"results/small/runs/{RUN}.json"
LOG = f"results/small/logs/runs/{RUN}.log"
LONGER = [*CONFIGS, "config/longer.yaml"]
# What jobs say, but for the logs of their rules.
OUTPUTS = ".snakemake/log/*.o*"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A running Grid Engine; qsub, qstat and qdel, first on PATH, enter its network."""
    folder = tmp_path_factory.mktemp("gridengine")
    script = ["bash", REPOSITORY / "tests/gridengine/cluster.sh", folder]
    # With its standard input, also when this process is killed, all of it ends.
    with (folder / "log").open("w") as log, pytest.MonkeyPatch.context() as patch:
        unshared = ["unshare", *OWN, "--pid", "--fork", "--kill-child", "--mount-proc"]
        cluster = subprocess.Popen(
            [*unshared, *script], stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        until(lambda: (folder / "ready").exists() or cluster.poll() is not None)
        assert cluster.poll() is None, (folder / "log").read_text()
        [inside] = Path(f"/proc/{cluster.pid}/task/{cluster.pid}/children").read_text().split()
        (folder / "bin").mkdir()
        for program in ("qsub", "qstat", "qdel"):
            enter = f'exec nsenter --target {inside} {" ".join(OWN)} --wdns="$PWD"'
            path = folder / "bin" / program
            path.write_text(f'#!/bin/sh\n{enter} {shutil.which(program)} "$@"\n')
            path.chmod(0o755)
        patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        try:
            yield
        finally:
            cluster.communicate()


def jobs() -> list[str]:
    """The numbers of the jobs in the queue."""
    listed = subprocess.run(["qstat"], check=True, capture_output=True, text=True).stdout
    return re.findall(r"^ *(\d+) ", listed, re.M)


def kill(job: str) -> None:
    """Kill all processes of a job at once, so that none can say anything."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if f"JOB_ID={job}" in (process / "environ").read_text().split("\0"):
                os.kill(int(process.name), signal.SIGKILL)


def test_a_study_gives_the_same_bytes_on_grid_engine(cluster, tmp_path, finished):
    folder = small_project(tmp_path / "project")
    # In few jobs, which take long to start.
    groups = {"train": "runs", "prune": "masks", "collect_figure": "tables", "figure": "figures"}
    grouped = ["--groups", *(f"{rule}={group}" for rule, group in groups.items())]
    grouped += ["--group-components", *(f"{group}=10" for group in groups.values())]
    snakemake(folder, *GRID, *grouped)
    assert digests(folder) == digests(finished)
    assert not jobs()


@pytest.fixture(scope="module")
def whole(finished, tmp_path_factory):
    """A project with a run that takes longer, made on this machine, and the run's result."""
    folder = tmp_path_factory.mktemp("whole") / "project"
    shutil.copytree(finished, folder, copy_function=shutil.copyfile, symlinks=True)
    longer = {
        "training": {"log_every": 1},
        "schedules": {"default": {"iterations": 400, "evaluate_every": 400}},
    }
    (folder / "config/longer.yaml").write_text(yaml.safe_dump(longer))
    snakemake(folder, "--cores", "1", configs=LONGER, target=RESULT)
    return folder, (folder / RESULT).read_bytes()


class Submitted:
    """A Snakemake that makes the result of `RUN` through Grid Engine.

    The run's log is a pipe of one page, so the run waits where nobody reads on.
    """

    def __init__(self, folder: Path):
        path = folder / LOG
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        self.text = ""
        self.pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, 4096)
        self.outputs = set(folder.glob(OUTPUTS))
        self.folder = folder
        with (folder / "console").open("w") as console:
            self.process = subprocess.Popen(
                ["snakemake", *LONGER, *GRID, "--", RESULT],
                cwd=folder,
                env=environment(),
                stdout=console,
                stderr=console,
            )
        until(lambda: "iteration 20/" in self.log() or self.ended())
        path.unlink()  # Snakemake shows the log of a failed job, and would wait for the pipe

    def log(self) -> str:
        """Read on in the run's log; all of it so far."""
        with contextlib.suppress(BlockingIOError):
            self.text += os.read(self.pipe, 4096).decode()
        return self.text

    def ended(self) -> bool:
        return self.process.poll() is not None

    def wait_for_warning(self) -> None:
        """Wait until the job has got the signal that comes before its end."""

        def warned() -> bool:
            new = set(self.folder.glob(OUTPUTS)) - self.outputs
            return any("Will exit after finishing" in path.read_text() for path in new)

        until(lambda: warned() or self.ended())

    def wait(self) -> str:
        """Wait for the end; what the console says."""
        until(lambda: (self.log(), self.ended())[1])
        os.close(self.pipe)
        return (self.folder / "console").read_text()


def test_without_a_scheduler_snakemake_ends_before_its_first_job(clone):
    (clone / RESULT).unlink()
    programs = clone / "programs"
    programs.mkdir()
    for name in ("bash", "sh", "env", "which"):
        (programs / name).symlink_to(shutil.which(name))
    command = [sys.executable, "-m", "snakemake", *CONFIGS, *GRID, "--", RESULT]
    hidden = environment() | {"PATH": str(programs)}
    done = subprocess.run(command, cwd=clone, env=hidden, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("No such file or directory: 'qstat'"), done.stderr
    assert "rule train" not in done.stderr


def made_again(folder: Path) -> str:
    """Give the same command again; the log of the run."""
    snakemake(folder, *GRID, configs=LONGER, target=RESULT)
    return (folder / LOG).read_text()


@pytest.mark.parametrize("end", ["qdel", "time limit"])
def test_a_run_leaves_a_checkpoint_and_goes_on_from_it(cluster, whole, end):
    folder, result = whole
    profile = folder / "profiles/gridengine/config.yaml"
    text, limit, seconds = profile.read_text(), "s_rt=0:{resources.runtime}:0", 10
    assert text.count(limit) == 1
    reached = None
    while not reached:  # on a slow machine the limit comes before the run has begun
        (folder / RESULT).unlink()
        if end == "time limit":
            profile.write_text(text.replace(limit, f"s_rt={seconds}"))
            seconds *= 2
        submitted = Submitted(folder)
        if end == "qdel":
            subprocess.run(["qdel", *jobs()], check=True, capture_output=True)
        submitted.wait_for_warning()
        submitted.wait()
        reached = re.search(r"interrupted at iteration (\d+) of 400", submitted.text)
        profile.write_text(text)
    assert not (folder / RESULT).exists()
    assert f"resumed at iteration {reached[1]}\n" in made_again(folder)
    assert (folder / RESULT).read_bytes() == result


@pytest.mark.parametrize("loss", ["killed", "forgotten"])
def test_a_lost_job_is_noticed_and_made_again(cluster, whole, loss):
    folder, result = whole
    (folder / RESULT).unlink()
    submitted = Submitted(folder)
    [job] = jobs()
    if loss == "killed":
        kill(job)
    else:  # Grid Engine drops its record of the job, whatever becomes of it
        subprocess.run(["qdel", "-f", job], check=True, capture_output=True)
    said = submitted.wait()
    assert submitted.process.returncode == 1 and f"external_jobid: {job}" in said, said
    assert "iteration 400/400" in made_again(folder)
    assert (folder / RESULT).read_bytes() == result
