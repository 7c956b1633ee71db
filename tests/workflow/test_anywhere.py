"""A study has the same bytes wherever, and however often interrupted, it is computed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from helpers import run_in, until
from inflict import held
from small import CONFIGS, RUN, digests, environment, kernels, small_project


@pytest.fixture
def hostile(tmp_path):
    """What a shell may set for other programs; none of ours is on its path."""
    other = tmp_path / "bin"
    other.mkdir()
    (other / "python").write_text("#!/bin/sh\necho another python >&2\nexit 1\n")
    (other / "python").chmod(0o755)
    (tmp_path / "start").write_text(f'export PATH="{other}:$PATH"\n')
    # The authors' own code has a package called snip, too.
    (tmp_path / "theirs/snip").mkdir(parents=True)
    (tmp_path / "theirs/snip/__init__.py").write_text("raise RuntimeError('another snip')\n")
    assert shutil.which("python", path="/usr/bin:/bin") != sys.executable
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path / "theirs"),
        "BASH_ENV": str(tmp_path / "start"),
        "PYTHONSAFEPATH": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_PROC_BIND": "true",
        "GOMP_CPU_AFFINITY": "0",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "CDPATH": str(tmp_path),
    } | kernels()


def configured(project):
    """The options that name a project's configuration from any folder."""
    files = [str(project / name) for name in CONFIGS[1:]]
    return ["--configfile", *files, "--config", f"data_folder={project / 'data'}"]


def test_the_same_bytes_elsewhere_on_other_cores_in_another_shell_after_an_interruption(
    finished, tmp_path, hostile
):
    clone, work = small_project(tmp_path / "a clone"), tmp_path / "scratch space"
    work.mkdir()

    def code():
        return sorted(path for path in clone.rglob("*") if "__pycache__" not in path.parts)

    def command(project, folder, *options):
        where = ["--snakefile", str(project / "Snakefile"), "--directory", str(folder)]
        program = str(Path(sys.executable).parent / "snakemake")
        return [program, *where, *configured(project), *options, "--", "figures/all"]

    before, runs = code(), work / "results/small/runs"
    with held(work, RUN):
        process = subprocess.Popen(
            command(clone, work, "--cores", "2"),
            cwd=work,
            env=hostile,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: len(list(runs.rglob("*.json"))) >= 4 or process.poll())
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    assert process.wait() != 0
    done = {path: path.stat().st_mtime_ns for path in runs.rglob("*.json")}
    assert 4 <= len(done) < 8
    after = subprocess.run(
        command(clone, work, "--cores", "1"), cwd=work, env=hostile, stdout=-1, stderr=-3
    )
    # What scripts have to say is in their logs.
    assert after.returncode == 0 and after.stdout == b""
    # Only runs in flight were lost, and nothing was written beside the code.
    assert sum(path.stat().st_mtime_ns == time for path, time in done.items()) >= len(done) - 2
    assert digests(work) == digests(finished) and len(digests(work)) > 40
    assert code() == before
    # A clone or a working directory that is moved reruns nothing.
    moved, away = clone.rename(tmp_path / "mon dépôt — 我的"), work.rename(tmp_path / "away")
    said = run_in(away, *command(moved, away, "--dry-run"), env=environment()).stdout
    assert "Nothing to be done" in said


HOST = """
configfile: "host.yaml"

module snip:
    snakefile: "{project}/Snakefile"
    config: config["figures of snip"]

use rule * from snip as snip_*

rule mine:
    default_target: True
    input: {targets}
    output: "mine.txt"
    shell: "cat {{input}} > {{output}}"
"""


def test_the_workflow_is_a_module_of_another_one(finished, tmp_path):
    project, host = small_project(tmp_path / "a clone"), tmp_path / "host"
    shutil.copytree(finished / "results", host / "results")
    shutil.rmtree(host / "results/small/tables")
    (host / f"results/small/runs/{RUN}.json").unlink()
    targets = ["results/small/tables/fig1/runs.csv", "figures/small/fig2.csv"]
    (host / "Snakefile").write_text(HOST.format(project=project, targets=targets))
    study: dict = {}
    for name in CONFIGS[1:]:  # what is left out is the default study's
        update_config(study, yaml.safe_load((project / name).read_text()))
    study["data_folder"] = str(project / "data")
    (host / "host.yaml").write_text(yaml.safe_dump({"figures of snip": study}))
    run_in(host, "snakemake", "--cores", "2", env=environment())
    made = {name: (host / name).read_bytes() for name in targets}
    assert made == {name: (finished / name).read_bytes() for name in targets}
    assert (host / "mine.txt").read_bytes() == b"".join(made.values())
