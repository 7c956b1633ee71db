"""How the fork server starts and ends, and which work it refuses."""

import os
import shutil
import signal
import sys
import tempfile

import pytest

from forking import Forks, connections, ended, listening
from helpers import PATIENCE, copy_project, until
from snip.jobs import forks as forkserver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fork server needs Linux")


def test_jobs_of_a_killed_server_do_it_themselves(tmp_path):
    forks = Forks(tmp_path)
    job, fork = forks.waiting()
    forks.server.kill()
    output, _ = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0 and output.split()[0] == "itself"
    # The kernel closes a killed server's connections a moment before it kills the forks.
    until(lambda: ended(fork))
    forks.stop()
    shutil.rmtree(forks.address.parent)


def test_a_server_ends_after_its_last_fork(tmp_path):
    forks = Forks(tmp_path)
    job, _ = forks.waiting()
    forks.server.stdin.close()
    until(lambda: not listening(forks.address))
    assert forks.server.poll() is None
    assert forks.run("nothing")[1][0] == "itself"
    job.terminate()
    job.communicate(timeout=PATIENCE)
    assert forks.server.wait(timeout=PATIENCE) == 0
    assert not forks.address.parent.exists()


def test_without_room_for_a_socket_jobs_do_it_themselves(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert forkserver.start() is None and forkserver.ADDRESS not in os.environ
    long = tmp_path / ("long" * 40)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert forkserver.start() is None and forkserver.ADDRESS not in os.environ
    assert "jobs start by themselves" in capsys.readouterr().err
    assert not list(long.iterdir())
    assert forkserver.run_in_fork(["job.py"]) is None


def test_a_job_that_comes_before_the_server_is_ready_waits_for_it(tmp_path):
    """Whether the server or a job starts faster decides nothing."""
    project = copy_project(tmp_path / "project")
    program = project / "scripts/snip/jobs/fork_server.py"
    program.write_text(program.read_text().replace("import os\n", "import os\nos.read(0, 1)\n", 1))
    (tmp_path / "jobs").mkdir()
    forks = Forks(tmp_path / "jobs", project)
    job = forks.job("nothing")
    until(lambda: connections(forks.address) == 2)
    assert job.poll() is None
    forks.server.stdin.write(b"!")  # now it may start
    forks.server.stdin.flush()
    output, _ = job.communicate(timeout=PATIENCE)
    assert output.split()[0] == "forked"
    forks.stop()


def test_a_job_whose_server_ends_before_it_answers_does_its_work_itself(tmp_path):
    forks = Forks(tmp_path)
    forks.server.send_signal(signal.SIGSTOP)
    job = forks.job("nothing")
    until(lambda: connections(forks.address) == 2)
    forks.server.kill()
    output, _ = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0 and output.split()[0] == "itself"
    forks.stop()
    shutil.rmtree(forks.address.parent)


def test_a_job_that_is_killed_before_it_has_a_fork_gets_none(tmp_path):
    forks = Forks(tmp_path)
    forks.server.send_signal(signal.SIGSTOP)
    job = forks.job("nothing")
    until(lambda: connections(forks.address) == 2)
    job.kill()
    job.wait()
    forks.server.send_signal(signal.SIGCONT)
    assert forks.run("nothing")[1][0] == "forked"
    assert job.communicate(timeout=PATIENCE)[0] == ""
    forks.stop()


def test_edited_code_is_not_run_as_it_was(tmp_path):
    project = copy_project(tmp_path / "project")
    (tmp_path / "jobs").mkdir()
    forks = Forks(tmp_path / "jobs", project)
    assert forks.run("nothing")[1][0] == "forked"
    path = project / "scripts/snip/training/run.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert forks.run("nothing")[1][0] == "itself"
    forks.stop()


def test_a_process_with_threads_is_not_forked(tmp_path):
    project = copy_project(tmp_path / "project")
    with (project / "scripts/snip/training/run.py").open("a") as code:
        code.write("\nimport threading\n")
        code.write("threading.Thread(target=threading.Event().wait, daemon=True).start()\n")
    (tmp_path / "jobs").mkdir()
    forks = Forks(tmp_path / "jobs", project)
    assert forks.run("nothing")[1][0] == "itself"
    forks.stop()
