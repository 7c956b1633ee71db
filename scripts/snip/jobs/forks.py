"""A fork server: the jobs of one Snakemake on one machine share one import of torch.

Importing torch takes as long as a thousand training steps of a small network. The server imports
torch once; its forks begin at once and share the libraries' memory.

Snakemake starts the server and puts its address into the environment. A job that finds an address
there asks the server for a fork that does the work, waits, and ends as the fork ends. A job that
finds none (on a cluster, from the command line) does its work itself. Both give the same bytes.

A fork and its job live and die together. The job hands SIGTERM, SIGINT and SIGHUP on to its fork. A
killed job takes its fork along. A killed server takes all forks along, and their jobs then do their
work themselves. The server ends once Snakemake has ended and no fork is left.

`snip.jobs.fork_server` is the server's side.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from snip.jobs import signals
from snip.jobs.code import PROJECT

# The environment variable that holds the path of the server's socket.
ADDRESS = "SNIP_FORK_SERVER"
# Keeps the servers' standard inputs open: a server ends when its own is closed.
_servers: list[subprocess.Popen] = []


def start(modules: Sequence[str] = ()) -> subprocess.Popen | None:
    """Start a server for the jobs of this process and put its address into the environment.

    The server imports nothing large before the first job comes.

    Args:
        modules: what the jobs have in common; the server imports it once.

    Returns:
        The server; None where the system is not Linux or has no room for temporary files.
    """
    if sys.platform != "linux":
        return None
    try:
        folder = tempfile.mkdtemp(prefix="snip-")  # only this user may enter it
    except OSError:
        return None
    # This process binds the socket, so a job that comes before the server is ready waits for it.
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with listener:
        try:
            listener.bind(f"{folder}/fork-server")
        except OSError as error:  # for example, the path is too long for a socket
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
            start_new_session=True,  # Ctrl-C reaches the jobs, which hand it on
        )
    _servers.append(server)
    return server


def run_in_fork(command_line: Sequence[str]) -> int | None:
    """Run a Python script in a fork of the server, with this process's folder and open files.

    If a signal ends the fork, the same signal ends this process.

    Returns:
        The exit status; None if there is no server, it refuses, or it ends before the fork does.
    """
    if ADDRESS not in os.environ:
        return None
    request = {"command": list(command_line), "folder": str(Path.cwd()), "python": sys.executable}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(os.environ[ADDRESS])
            socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
            # Unpacking and `int` raise ValueError if the server closed the connection instead.
            _, (fork,), _, _ = socket.recv_fds(connection, 16, 1)
            with _handing_signals_on(fork):
                status = int(connection.recv(16))
        except (OSError, ValueError):
            return None
    if status < 0:
        with contextlib.suppress(OSError):  # SIGKILL has no handler to reset
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


@contextlib.contextmanager
def _handing_signals_on(fork: int) -> Iterator[None]:
    """Hand signals that ask this process to end on to a fork, and close its file descriptor."""

    def hand_on(number: int, _) -> None:
        with contextlib.suppress(ProcessLookupError):  # the fork has just ended
            signal.pidfd_send_signal(fork, number)

    handlers = {number: signal.signal(number, hand_on) for number in signals.endings()}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(fork)
