"""Studies on a real Grid Engine, through the project's profile (needs root and its packages)."""

import contextlib
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


def processes(job: str) -> dict[int, list[str]]:
    """The processes of a job, and their words."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"JOB_ID={job}" in (process / "environ").read_text().split("\0"):
                found[int(process.name)] = (process / "cmdline").read_text().split("\0")
    return found


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
        "training": {"log_every": 20},
        "schedules": {"default": {"iterations": 2000, "decay_every": 2000, "evaluate_every": 2000}},
    }
    (folder / "config/longer.yaml").write_text(yaml.safe_dump(longer))
    snakemake(folder, "--cores", "1", configs=LONGER, target=RESULT)
    return folder, (folder / RESULT).read_bytes()


class Submitted:
    """A Snakemake that makes the result of `RUN` through Grid Engine, stopped in mid-training."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.outputs = set(folder.glob(OUTPUTS))
        (folder / LOG).unlink(missing_ok=True)
        with (folder / "console").open("w") as console:
            self.process = subprocess.Popen(
                ["snakemake", *LONGER, *GRID, "--", RESULT],
                cwd=folder,
                env=environment(),
                stdout=console,
                stderr=console,
            )
        until(lambda: "iteration 20/" in self.log() or self.ended())
        self.signal(signal.SIGSTOP)

    def log(self) -> str:
        return (self.folder / LOG).read_text() if (self.folder / LOG).exists() else ""

    def ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Send a signal to the run alone."""
        for job in jobs():
            for process, words in processes(job).items():
                if words[1:2] == ["scripts/train.py"]:
                    os.kill(process, number)

    def go_on_when_warned(self) -> None:
        """Let the run go on once its job has got the signal that comes before its end."""

        def warned() -> bool:
            new = set(self.folder.glob(OUTPUTS)) - self.outputs
            return any("Will exit after finishing" in path.read_text() for path in new)

        until(lambda: warned() or self.ended())
        self.signal(signal.SIGCONT)

    def wait(self) -> str:
        """Wait for the end; what the console says."""
        until(self.ended)
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
    text, limit = profile.read_text(), "s_rt=0:{resources.runtime}:0"
    assert text.count(limit) == 1
    for seconds in (10, 20, 40, 80, 160, 320):  # on a slow machine the first come too early
        (folder / RESULT).unlink(missing_ok=True)
        if end == "time limit":
            profile.write_text(text.replace(limit, f"s_rt={seconds}"))
        submitted = Submitted(folder)
        if end == "qdel":
            subprocess.run(["qdel", *jobs()], check=True, capture_output=True)
        submitted.go_on_when_warned()
        said = submitted.wait()
        profile.write_text(text)
        reached = re.search(r"interrupted at iteration (\d+) of 2000", submitted.log())
        if reached:
            break
    assert reached, said
    assert not (folder / RESULT).exists()
    assert f"resumed at iteration {reached[1]}\n" in made_again(folder)
    assert (folder / RESULT).read_bytes() == result


@pytest.mark.parametrize("loss", ["killed", "forgotten"])
def test_a_lost_job_is_noticed_and_made_again(cluster, whole, loss):
    folder, result = whole
    (folder / RESULT).unlink(missing_ok=True)
    submitted = Submitted(folder)
    [job] = jobs()
    if loss == "killed":
        for process in processes(job):
            with contextlib.suppress(ProcessLookupError):  # it ended with one before it
                os.kill(process, signal.SIGKILL)
    else:  # Grid Engine drops its record of the job, whatever becomes of it
        subprocess.run(["qdel", "-f", job], check=True, capture_output=True)
    said = submitted.wait()
    assert submitted.process.returncode == 1, said
    assert f"external jobid '{job}'" in said and "Error in rule train" in said
    assert "iteration 2000/2000" in made_again(folder)
    assert (folder / RESULT).read_bytes() == result
