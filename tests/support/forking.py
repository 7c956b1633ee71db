"""What the tests of the fork server share: a server, jobs, and what the system says about them."""

import os
import subprocess
import sys
from pathlib import Path

from helpers import PATIENCE, REPOSITORY
from snip.jobs import forks as forkserver

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
    try:
        return _stat(number)[0] == "Z"
    except OSError:
        return True


def parent(number: int) -> int:
    """The process id of a process's parent."""
    return int(_stat(number)[1])


def _stat(number: int) -> list[str]:
    """What the system says about a process, from its state on."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()


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
