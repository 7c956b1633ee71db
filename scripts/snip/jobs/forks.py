"""A fork server: the jobs of one Snakemake on one machine share the start of Python and torch.

Importing torch takes as long as a thousand training steps of a small network. The server has
imported it once: a fork of it begins at once, and the libraries lie in memory once for all jobs.

Snakemake starts the server and leaves its address in the environment. A job that finds one there
has its work done by a fork, waits, and ends as the fork ends. A job that finds none, on a cluster
or from the command line, does its work itself, to the same bytes.

A fork and its job live and die together: the job hands on SIGTERM, SIGINT and SIGHUP; a job that is
killed takes its fork along; a server that is killed takes all forks along, whose jobs then do their
work themselves. The server ends once Snakemake has ended and no fork is left.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snip.jobs import signals
from snip.jobs.code import PROJECT

# The environment variable that holds the path of the server's socket.
ADDRESS = "SNIP_FORK_SERVER"
# Bytes, longer than any request: Linux takes no argument of more than 128 KiB, and a job's command
# line is one to the shell that starts it.
MESSAGE = 1 << 20
REFUSED = b"refused"
# Kept, since a server ends when its standard input is closed.
_started: list[subprocess.Popen] = []


def start(modules: Sequence[str] = ()) -> subprocess.Popen | None:
    """Start a server for the jobs of this process and put its address into the environment.

    It imports nothing large before the first job comes. Nothing is done where there is no room for
    temporary files, and on other systems than Linux.

    Args:
        modules: what jobs have in common, imported once.
    """
    if sys.platform != "linux":
        return None
    try:
        folder = tempfile.mkdtemp(prefix="snip-")  # which nobody else may enter
    except OSError:
        return None
    # Listens before the first job begins, which then waits for the server instead of finding none.
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with listener:
        try:
            listener.bind(f"{folder}/fork-server")
        except OSError as error:  # a path too long for a socket, for example
            print(f"jobs start by themselves: no fork server in {folder}: {error}", file=sys.stderr)
            shutil.rmtree(folder)
            return None
        listener.listen(128)
        os.environ[ADDRESS] = listener.getsockname()
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "snip.jobs.fork_server",
                "--socket",
                str(listener.fileno()),
                *modules,
            ],
            cwd=PROJECT / "scripts",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C is for the jobs, which hand it on
        )
    _started.append(server)
    return server


def run_in_fork(command_line: Sequence[str]) -> int | None:
    """Run a Python script in a fork of the server, with the folder and open files of this process.

    If a signal ends the fork, it ends this process, too.

    Returns:
        The exit status; None where there is no server that could do it, or no longer.
    """
    if ADDRESS not in os.environ:
        return None
    request = {"command": list(command_line), "folder": str(Path.cwd()), "python": sys.executable}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:

        def hand_on(number: int, _) -> None:
            with contextlib.suppress(OSError):
                connection.send(bytes([number]))

        try:
            connection.connect(os.environ[ADDRESS])
            socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
        except OSError:
            return None
        numbers = signals.endings()
        before = [signal.signal(number, hand_on) for number in numbers]
        try:
            answer = connection.recv(MESSAGE)
        except OSError:  # the server ended before it took the request
            answer = b""
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if answer in (b"", REFUSED):
        return None
    status = int(answer)
    if status < 0:
        with contextlib.suppress(OSError):  # that of SIGKILL cannot be set
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


@dataclass
class _Fork:
    """A fork at work.

    Attributes:
        number: its process id.
        ended: file descriptor that can be read once it has ended.
        connection: to the job that waits for it.
    """

    number: int
    ended: int
    connection: socket.socket


class Server:
    """Forks itself for every request that comes in at a socket.

    Args:
        listener: a socket that listens.
        prepare: what to do before the first fork: import what jobs have in common.
    """

    def __init__(self, listener: socket.socket, prepare: Callable[[], None]):
        self.listener, self.prepare = listener, prepare
        self.folder = Path(listener.getsockname()).parent
        self.number = os.getpid()
        self.forks: list[_Fork] = []
        self.imported: dict[str, int] = {}
        self.selector = selectors.DefaultSelector()
        self._on(self.listener, self._accept)
        self._on(sys.stdin, self._close)

    def serve(self) -> list[str] | None:
        """Serve until the standard input is closed and the last fork has ended.

        Returns:
            In a fork, which is to run it: the command line of a script. In the server, at the end:
            None.
        """
        while self.selector.get_map():
            ready = [key for key, _ in self.selector.select()]
            # A killed job's fork ends before another job does the same work.
            for key in sorted(ready, key=lambda key: key.fileobj is self.listener):
                command_line = key.data()
                if command_line is not None:
                    return command_line
        shutil.rmtree(self.folder, ignore_errors=True)
        return None

    def _on(self, file, action: Callable[[], list[str] | None]) -> None:
        """Do something whenever a file can be read."""
        self.selector.register(file, selectors.EVENT_READ, action)

    def _close(self) -> None:
        """Take no more requests."""
        self.selector.unregister(sys.stdin)
        self.selector.unregister(self.listener)
        self.listener.close()

    def _accept(self) -> list[str] | None:
        """Take a request and fork; in the fork return its command line."""
        connection, _ = self.listener.accept()
        message, files, _, _ = socket.recv_fds(connection, MESSAGE, 3)
        request = json.loads(message or "{}")
        if len(files) < 3 or not self._can_do(request):
            with contextlib.suppress(OSError):
                connection.send(REFUSED)
            connection.close()
        elif number := os.fork():
            fork = _Fork(number, os.pidfd_open(number), connection)
            self.forks.append(fork)
            self._on(connection, lambda: self._listen(fork))
            self._on(fork.ended, lambda: self._reap(fork))
        else:
            self._become(files, connection)
            os.chdir(request["folder"])
            return request["command"]
        for file in files:
            os.close(file)
        return None

    def _can_do(self, request: dict) -> bool:
        """Return whether a fork would do what the job itself would do."""
        if request.get("python") != sys.executable:
            return False
        if not self.imported:
            self.prepare()
            self.imported = _modified()
        # Code that was edited would be run as it was; other threads are not forked.
        threads = list(Path("/proc/self/task").iterdir())
        return _modified() == self.imported and len(threads) == 1

    def _become(self, files: list[int], connection: socket.socket) -> None:
        """In a fork: end with the server, close what is the server's, open what is the job's."""
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != self.number:  # it ended before that
            os._exit(1)
        self.selector.close()
        self.listener.close()
        connection.close()
        for fork in self.forks:
            fork.connection.close()
            os.close(fork.ended)
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)

    def _listen(self, fork: _Fork) -> None:
        """Hand a signal on to a fork, or end it, as its job has ended."""
        if fork not in self.forks:
            return
        try:
            message = fork.connection.recv(1)
        except OSError:
            message = b""
        if not message:
            self.selector.unregister(fork.connection)
        os.kill(fork.number, message[0] if message else signal.SIGKILL)

    def _reap(self, fork: _Fork) -> None:
        """Tell a job how its fork has ended."""
        _, status = os.waitpid(fork.number, 0)
        with contextlib.suppress(OSError):
            fork.connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        self.selector.unregister(fork.ended)
        os.close(fork.ended)
        with contextlib.suppress(KeyError):
            self.selector.unregister(fork.connection)
        fork.connection.close()
        self.forks.remove(fork)


def _modified() -> dict[str, int]:
    """Return when each imported file of the project was last modified; 0: it is gone."""
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    ours = [Path(file) for file in files if PROJECT / "scripts" in Path(file).parents]
    return {str(file): file.stat().st_mtime_ns if file.exists() else 0 for file in ours}
