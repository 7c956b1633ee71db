"""How a job and its fork live and die together."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from forking import Forks, ended, parent
from helpers import PATIENCE, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fork server needs Linux")


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    forks = Forks(tmp_path_factory.mktemp("jobs"))
    yield forks
    forks.stop()
    assert forks.server.returncode == 0
    assert not forks.address.parent.exists()


def test_a_job_is_done_by_a_fork_that_has_torch(forks):
    status, output, messages = forks.run("nothing")
    assert status == 0
    assert output[0] == "forked" and output[2] == str(forks.folder)
    assert messages == "$ python job.py nothing\n"


def test_without_a_server_a_job_does_it_itself(forks, tmp_path, monkeypatch):
    for address in (tmp_path / "nowhere", None):
        monkeypatch.setattr(forks, "address", address or "")
        status, output, messages = forks.run("nothing")
        assert status == 0 and output[0] == "itself"
        assert messages == "$ python job.py nothing\n"


@pytest.mark.parametrize(
    ("what", "status", "message"),
    [
        ("fail", 1, "error: it failed\n"),
        ("crash", 1, "ValueError: it crashed\n"),
        ("status", 7, "status\n"),
        ("killed", -signal.SIGKILL, "killed\n"),
    ],
)
def test_a_job_ends_as_its_fork_does(forks, what, status, message):
    found, output, messages = forks.run(what)
    assert output[0] == "forked"
    assert found == status and messages.endswith(message)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_handed_on(forks, number):
    job, _ = forks.waiting()
    other, _ = forks.waiting()
    job.send_signal(number)
    _, messages = job.communicate(timeout=PATIENCE)
    assert job.returncode == 1 and messages.endswith(f"asked by {int(number)}\n")
    assert other.poll() is None
    other.terminate()
    other.communicate(timeout=PATIENCE)


def test_a_killed_job_takes_its_fork_along(forks):
    job, fork = forks.waiting()
    job.kill()
    until(lambda: ended(fork))
    job.communicate(timeout=PATIENCE)
    assert forks.run("nothing")[0] == 0


def test_a_job_whose_supervisor_is_killed_does_its_work_itself(forks):
    job, fork = forks.waiting()
    os.kill(parent(fork), signal.SIGKILL)
    output, _ = job.communicate(timeout=PATIENCE)
    assert job.returncode == 0 and output.split()[0] == "itself"
    until(lambda: ended(fork))


def test_a_job_of_another_python_does_it_itself(forks, tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", tmp_path)
    (tmp_path / "bin/python").symlink_to(Path(sys.executable).resolve())
    status, output, _ = forks.run("nothing", python=str(tmp_path / "bin/python"))
    assert status == 0 and output[0] == "itself"
