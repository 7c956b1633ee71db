import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers import PATIENCE, REPOSITORY, copy_project, until
from snip.jobs import forks as forkserver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no forks to be had")

JOB = """
import os, signal, sys, time
sys.path.append({scripts!r})
from snip.jobs import command
from snip.jobs import signals

def main():
    forked = "torch" in sys.modules
    print("forked" if forked else "itself", os.getpid(), os.getcwd(), flush=True)
    match sys.argv[1]:
        case "fail":
            sys.exit("error: it failed")
        case "crash":
            raise ValueError("it crashed")
        case "status":
            sys.exit(7)
        case "killed" if forked:
            os.kill(os.getpid(), signal.SIGKILL)
        case "wait" if forked:
            asked = []
            for number in signals.endings():
                signal.signal(number, lambda number, _: asked.append(number))
            print("waiting", flush=True)
            while not asked:
                time.sleep(0.01)
            sys.exit(f"asked by {{asked[0]}}")

command.run(main, forked=True)
"""


class Forks:
    """A server and how to run jobs with it."""

    def __init__(self, folder: Path, project: Path = REPOSITORY):
        self.folder = folder
        (folder / "job.py").write_text(JOB.format(scripts=str(project / "scripts")))
        before = forkserver.PROJECT
        forkserver.PROJECT = project
        self.server = forkserver.start(["snip.training.run"])
        forkserver.PROJECT = before
        self.address = Path(os.environ.pop(forkserver.ADDRESS))

    def job(self, what: str, python: str = sys.executable) -> subprocess.Popen:
        """Start a job."""
        return subprocess.Popen(
            [python, "job.py", what],
            cwd=self.folder,
            env=os.environ | {forkserver.ADDRESS: str(self.address)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, what: str, **options) -> tuple[int, list[str], str]:
        """Run a job: its status, the words of its output, its messages."""
        job = self.job(what, **options)
        output, messages = job.communicate(timeout=PATIENCE)
        return job.returncode, output.split(), messages

    def waiting(self) -> tuple[subprocess.Popen, int]:
        """Start a job that waits; returns it and its fork's process id."""
        job = self.job("wait")
        how, number, _ = job.stdout.readline().split()
        assert how == "forked" and job.stdout.readline() == "waiting\n"
        return job, int(number)

    def stop(self) -> None:
        self.server.stdin.close()
        self.server.wait(timeout=PATIENCE)


def ended(number: int) -> bool:
    """Whether a process has ended."""
    status = Path(f"/proc/{number}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def listening(address: Path) -> bool:
    """Whether a process listens at this socket."""
    sockets = Path("/proc/net/unix").read_text().splitlines()
    # Columns 4 and 8 are flags (__SO_ACCEPTCON: it listens) and path.
    return any(
        line.split()[3:4] + line.split()[7:] == ["00010000", str(address)] for line in sockets
    )


def connections(address: Path) -> int:
    """How many sockets there are at this path: the one that listens, and one per connection."""
    return Path("/proc/net/unix").read_text().count(str(address))


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


def test_a_job_of_another_python_does_it_itself(forks, tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", tmp_path)
    (tmp_path / "bin/python").symlink_to(Path(sys.executable).resolve())
    status, output, _ = forks.run("nothing", python=str(tmp_path / "bin/python"))
    assert status == 0 and output[0] == "itself"


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


def test_edited_code_is_not_run_as_it_was(tmp_path):
    project = copy_project(tmp_path / "project")
    (tmp_path / "jobs").mkdir()
    forks = Forks(tmp_path / "jobs", project)
    assert forks.run("nothing")[1][0] == "forked"
    path = project / "scripts/snip/training/run.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert forks.run("nothing")[1][0] == "itself"
    forks.stop()
