"""Studies that fail or are interrupted lose nothing, and say why."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from helpers import until
from inflict import held
from small import CONFIGS, RUN, digests, environment, planned, small_project, snakemake, with_rate

pytestmark = pytest.mark.workflow


def test_a_wrong_configuration_stops_before_any_job(tmp_path):
    folder = small_project(tmp_path / "project")
    done = snakemake(folder, "--cores", "1", "--config", "criteria=[snap]", check=False)
    assert done.returncode != 0
    assert re.search(
        r"criteria\[0\]: 'snap' .* \(did you mean snip\?\), allowed: force, ", done.stdout
    )
    assert not (folder / "results/datasets").exists()


def test_a_diverging_run_fails_by_name_and_leaves_no_result(clone):
    shutil.rmtree(clone / "results/small/runs")
    configs = [*CONFIGS, with_rate(clone, 1e30)]
    target = f"results/small/runs/{RUN}.json"
    done = snakemake(clone, "--cores", "1", configs=configs, target=target, check=False)
    assert done.returncode != 0
    # The cause is on the console, not in a file alone.
    assert re.search(rf"error: run {RUN} diverged: .* iteration \d+ .* rate 1e\+30", done.stdout)
    assert "Traceback" not in done.stdout
    assert not (clone / target).exists()


def test_an_altered_data_file_is_refused_by_name(clone):
    shutil.rmtree(clone / "results/small/runs")
    path = clone / "results/datasets/generated/train-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[2000] ^= 4
    path.write_bytes(bytes(content))
    target = f"results/small/runs/{RUN}.json"
    done = snakemake(clone, "--cores", "1", target=target, check=False)
    assert done.returncode != 0
    log = (clone / f"results/small/logs/runs/{RUN}.log").read_text()
    assert re.search(r"error: data file .*train-images.* altered: found .*, expected ", log)
    assert not (clone / target).exists()


def test_an_interrupted_study_loses_only_the_runs_in_flight(finished, tmp_path):
    folder = small_project(tmp_path / "project")
    command = ["snakemake", *CONFIGS, "--cores", "2", "--", "figures/all"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runs = folder / "results/small/runs"
    with held(folder, RUN):
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), start_new_session=True, **quiet
        )
        until(lambda: len(list(runs.rglob("*.json"))) >= 2 or process.poll())
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    assert process.wait() != 0
    done = list(runs.rglob("*.json"))
    assert 2 <= len(done) < 8
    assert planned(folder)["train"] <= 8 - len(done) + 2
    snakemake(folder, "--cores", "2")
    assert digests(folder) == digests(finished)
