"""Jobs that each run in an empty folder: sources, inputs and results travel through S3."""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from conftest import Bucket
from helpers import REPOSITORY, needs, until
from small import RUN, SMALL, small_project, snakemake

pytestmark = needs("git", package="git")
NODE = f"sh {REPOSITORY / 'tests/storage/node.sh'}"
UNSHARED = [
    "--shared-fs-usage=none",
    "--job-deploy-sources",
    "--executor=cluster-generic",
    f"--cluster-generic-submit-cmd={NODE} submit",
    f"--cluster-generic-status-cmd={NODE} status",
    "--seconds-between-status-checks=1",
    "--jobs=2",
]


@pytest.fixture
def nodes(tmp_path, monkeypatch):
    """The folder in which the nodes' folders are made."""
    folder = tmp_path / "nodes"
    folder.mkdir()
    monkeypatch.setenv("NODES", str(folder))
    return folder


def cloned(folder):
    """A project that git tracks."""
    small_project(folder)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_a_figure_of_grouped_jobs_has_the_same_bytes(server, nodes, tmp_path, finished):
    bucket, project = Bucket(server, "nodes"), cloned(tmp_path / "project")
    grouped = ["--groups", "train=runs", "--group-components", "runs=2"]
    bucket.snakemake(project, *UNSHARED, *grouped, target="figures/fig1")
    drawn = bucket.content("figures/")
    assert len(drawn) == 3
    for name, content in drawn.items():
        assert content == (finished / name).read_bytes()
    # Two runs in one job, their tables, the figure.
    jobs = [path.read_text() for path in nodes.glob("*.log")]
    assert sorted(text.count("rule train:") for text in jobs) == [0, 0, 2]


def test_a_run_of_a_lost_node_goes_on_from_a_folder_that_nodes_share(server, nodes, tmp_path):
    bucket, project = Bucket(server, "lost-node"), cloned(tmp_path / "project")
    longer = yaml.safe_load(yaml.safe_dump(SMALL))
    schedule = dict.fromkeys(("iterations", "decay_every", "evaluate_every"), 10000)
    longer["schedules"]["default"] = schedule
    longer["checkpoint_seconds"] = 1
    (project / "config/small.yaml").write_text(yaml.safe_dump(longer))
    target = f"results/small/runs/{RUN}.json"
    shared = tmp_path / "shared"
    shared.mkdir()
    link = f"mkdir -p results/small && ln -s {shared} results/small/checkpoints"

    options = [*UNSHARED, "--retries=1", f"--precommand={link}"]
    with ThreadPoolExecutor() as pool:
        running = pool.submit(bucket.snakemake, project, *options, target=target)
        until(lambda: running.done() or list(shared.rglob("*.pt")))
        [pid] = nodes.glob("*.pid")
        os.killpg(int(pid.read_text()), signal.SIGKILL)
        running.result()
    log = bucket.content(f"results/small/logs/runs/{RUN}.log").popitem()[1].decode()
    assert re.search(r"resumed at iteration [1-9]", log)
    assert len(list(nodes.glob("*.log"))) == 2 and not list(shared.rglob("*.pt"))
    snakemake(project, "--cores", "1", target=target)
    assert bucket.content(target)[target] == (project / target).read_bytes()


def test_a_folder_whose_files_git_does_not_track_is_refused(server, nodes, tmp_path):
    bucket, project = Bucket(server, "no-clone"), small_project(tmp_path / "project")
    done = bucket.snakemake(project, *UNSHARED, check=False)
    assert done.returncode != 0 and "is no git clone of the workflow" in done.stdout
    assert not list(nodes.iterdir())
