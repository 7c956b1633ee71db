"""The tiny study through the real profile on a real Slurm (root, slurm-wlm, munge)."""

import re
import subprocess
import threading
import time

import pytest

from helpers import REPOSITORY, copy_project
from small import digests, small_project, snakemake

SCRIPT = REPOSITORY / "tests/slurm/cluster.sh"
# As the profile says, but for a cluster of three nodes with two cores, and a hurried user.
SLURM = [
    "--workflow-profile",
    "workflow/profiles/slurm",
    "--slurm-init-seconds-before-status-checks=1",
    "--seconds-between-status-checks=2",
    "--latency-wait=5",
    "--group-components",
    "runs=2",
    "masks=2",
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A running Slurm: its folder."""
    folder = tmp_path_factory.mktemp("slurm")
    # Daemons keep an inherited standard output open, which would block pytest's capture.
    with (folder / "start.log").open("w") as log:
        subprocess.run(["bash", SCRIPT, "start", folder], check=True, stdout=log, stderr=log)
    yield folder
    subprocess.run(["bash", SCRIPT, "stop", folder], check=False)


def squeue(states: str, form: str) -> str:
    """What Slurm says of the jobs in these states, a line each."""
    command = ["squeue", f"--states={states}", "--noheader", f"--format={form}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_tiny_study_through_slurm_gives_the_same_bytes(cluster, tmp_path, real_data, tiny):
    data = ["--config", f"data_folder={real_data}"]
    remote = copy_project(tmp_path / "remote")
    started = time.monotonic()
    snakemake(remote, *SLURM, *data, configs=["--configfile", "config/tiny.yaml"])
    hours = (time.monotonic() - started) / 3600
    assert digests(remote, "tiny") == digests(tiny, "tiny")
    assert len(digests(remote, "tiny")) > 130
    runs = len(list((remote / "results/tiny/runs").rglob("*.json")))
    states = squeue("all", "%T").split()
    assert states and set(states) == {"COMPLETED"}
    print(f"{runs} runs, {len(states)} Slurm jobs, {len(states) / hours:.0f} jobs an hour")


def test_a_lost_node_loses_nothing(cluster, tmp_path, finished):
    folder = small_project(tmp_path / "project")
    lost = []

    def lose_a_node():
        while not lost:
            time.sleep(0.2)
            nodes = re.findall(r"^(n\d) .*(?:train|runs)", squeue("running", "%N %k"), re.M)
            if nodes and list((folder / "results/small/logs/runs").rglob("*.log")):
                time.sleep(2)  # in the middle of it
                subprocess.run(["bash", SCRIPT, "kill-node", nodes[0], cluster], check=True)
                lost.append(nodes[0])

    killer = threading.Thread(target=lose_a_node, daemon=True)
    killer.start()
    snakemake(folder, *SLURM)
    killer.join()
    assert digests(folder) == digests(finished)
    states = squeue("all", "%T")
    assert "NODE_FAIL" in states, states
