"""Studies on a real Slurm, through the project's profile (needs root, slurm-wlm, munge)."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers import REPOSITORY, until
from inflict import forget, held
from small import CONFIGS, RUN, digests, environment, overlaid, small_project, snakemake

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or None in map(shutil.which, ("slurmctld", "slurmd", "munged", "pkill")),
    reason="a cluster needs root and: apt-get install slurm-wlm munge procps",
)
SCRIPT = REPOSITORY / "tests/slurm/cluster.sh"
# The profile with shorter waiting times.
SLURM = [
    "--workflow-profile",
    "profiles/slurm",
    "--slurm-init-seconds-before-status-checks=1",
    "--seconds-between-status-checks=2",
    "--latency-wait=5",
]


def daemons() -> dict[str, str]:
    """The names of Slurm's running daemons, by process id."""
    running = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, name, state, *_ = re.split(r" \(|\) ", path.read_text(), maxsplit=2)
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has just ended
        if name in {"munged", "slurmctld", "slurmd"} and not state.startswith("Z"):
            running[number] = name
    return running


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A running Slurm, of which nothing is left behind: returns its folder."""
    folder, before = tmp_path_factory.mktemp("slurm"), daemons()
    assert "slurmctld" not in before.values(), "a Slurm is already running on this machine"
    # To a file: the daemons keep an inherited standard output open, which would block a pipe.
    with (folder / "start.log").open("w") as log:
        subprocess.run(["bash", SCRIPT, "start", folder], check=True, stdout=log, stderr=log)
    yield folder
    subprocess.run(["bash", SCRIPT, "stop", folder], check=True)
    assert daemons() == before and not Path("/etc/slurm/slurm.conf").is_symlink()


def squeue(states: str, form: str) -> str:
    """Slurm's report on the jobs in these states, one line each."""
    command = ["squeue", f"--states={states}", "--noheader", f"--format={form}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_job_with_several_runs_requests_as_many_cores_as_given(cluster, clone):
    forget(clone, "results/small/runs")
    before = squeue("all", "%i").split()
    grouped = ["--group-components", "runs=4", "--cores", "2"]
    snakemake(clone, *SLURM, *grouped, target="results/small/tables/fig4/runs.csv")
    jobs = [line.split() for line in squeue("all", "%i %C %T").splitlines()]
    assert [job[1:] for job in jobs if job[0] not in before] == [
        ["2", "COMPLETED"],
        ["1", "COMPLETED"],
    ]


def test_the_console_shows_why_a_job_failed_in_a_partition_called_all(cluster, clone):
    target = f"results/small/runs/{RUN}.json"
    (clone / target).unlink()
    documented = (REPOSITORY / "docs/cluster.md").read_text()
    [option] = re.findall(r"""--default-resources ("slurm_partition='cpu'")""", documented)
    option = option.strip('"').replace("cpu", "all")
    options = ["--restart-times=0", "--default-resources", option]
    configs = overlaid(clone, {"networks": {"lenet-300-100": {"learning_rate": 1e30}}})
    done = snakemake(clone, *SLURM, *options, configs=configs, target=target, check=False)
    assert done.returncode != 0
    assert f"error: run {RUN} diverged" in done.stdout
    assert "all" in squeue("all", "%P").split()


def node_of(run: str) -> str | None:
    """The node that runs a run's job, or None if the job has not begun."""
    prefix = "SLURMD_NODENAME="
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text()
            if "train.py" in words and f"results/small/runs/{run}.json" in words:
                variables = (process / "environ").read_text().split("\0")
                return next(
                    (v.removeprefix(prefix) for v in variables if v.startswith(prefix)), None
                )
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has just ended
    return None


def test_a_study_whose_node_fails_has_the_same_bytes(cluster, tmp_path, finished):
    folder = small_project(tmp_path / "project")
    before = set(squeue("all", "%i").split())
    command = ["snakemake", *CONFIGS, *SLURM, "--", "figures/all"]
    with held(folder, RUN), (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=log, stderr=subprocess.STDOUT
        )
        found: list[str] = []

        def begun() -> bool:
            found.extend(filter(None, [node_of(RUN)]))
            return bool(found) or process.poll() is not None

        until(begun)
        # Slurm itself starts its jobs elsewhere; Snakemake tries none again.
        subprocess.run(["bash", SCRIPT, "kill-node", found[0], cluster], check=True)
    assert process.wait() == 0, (tmp_path / "log").read_text()
    assert digests(folder) == digests(finished)
    jobs = dict(line.split() for line in squeue("all", "%i %T").splitlines())
    states = [state for job, state in jobs.items() if job not in before]
    assert len(states) > 20 and set(states) == {"COMPLETED"}
