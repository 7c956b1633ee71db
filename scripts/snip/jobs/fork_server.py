"""Do the work of Snakemake's jobs in forks of one process that has imported torch already.

Snakemake starts this program by itself; snip/jobs/forks.py explains it.

Two processes serve a job, each forked from the one before: a supervisor waits for the worker and
tells the job how it ended; the worker runs the job's script. If the server dies, so does the
supervisor, and then the worker.
"""

import contextlib
import ctypes
import fcntl
import importlib
import json
import math
import os
import runpy
import select
import shutil
import signal
import socket
import socketserver
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from snip.jobs import command, threads
from snip.jobs.code import PROJECT, code_of
from snip.jobs.forks import ADDRESS

# Bytes, more than any request has: Linux limits one argument to 128 KiB, and the whole command line
# of a job is one argument of the shell that starts it.
MESSAGE = 1 << 20


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks a supervisor for every job that connects.

    Args:
        listener: a socket that listens.
        modules: what the jobs have in common; imported before the first fork.
    """

    max_children = math.inf  # Snakemake limits the number of jobs

    def __init__(self, listener: socket.socket, modules: list[str]):
        super().__init__(listener.getsockname(), Supervisor, bind_and_activate=False)
        self.socket.close()  # the class's own socket, which is not bound
        self.socket, self.modules = listener, modules
        self.process = os.getpid()
        self.imported: dict[str, int] = {}

    def verify_request(self, request: socket.socket, client_address: str) -> bool:
        """Return whether a fork would do the same as the job itself."""
        if not self.imported:
            import_shared(self.modules)
            self.imported = modification_times()
        # Refuse if the code changed since it was imported, or if there are more threads than one: a
        # fork copies only the thread that forks.
        threads = list(Path("/proc/self/task").iterdir())
        return modification_times() == self.imported and len(threads) == 1

    def server_close(self) -> None:
        """Take no more jobs, wait for those at work, and remove the socket."""
        super().server_close()
        shutil.rmtree(Path(self.server_address).parent, ignore_errors=True)


class Supervisor(socketserver.BaseRequestHandler):
    """Has a worker run one job's script, and sends the job the worker's exit status.

    To refuse, it ends without an answer, which closes the connection.
    """

    def handle(self) -> None:
        """Read a request, fork, and wait for the worker."""
        end_with_parent(self.server.process)
        self.server.socket.close()
        message, files, _, _ = socket.recv_fds(self.request, MESSAGE, 3)
        job = json.loads(message or "{}")
        if len(files) < 3 or job["python"] != sys.executable:
            return
        supervisor = os.getpid()
        worker = os.fork()
        if not worker:
            end_with_parent(supervisor)
            end_with_job(self.request)
            work(job, files)
        # With this file descriptor the job sends signals to the worker. A process id might name
        # another process by then.
        self.tell(b"started", [os.pidfd_open(worker)])
        _, status = os.waitpid(worker, 0)
        self.tell(str(os.waitstatus_to_exitcode(status)).encode())

    def tell(self, message: bytes, files: Sequence[int] = ()) -> None:
        """Send the job a message with file descriptors, unless it has ended."""
        with contextlib.suppress(ConnectionError):
            socket.send_fds(self.request, [message], files)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


def end_with_job(connection: socket.socket) -> None:
    """Have the kernel kill this process when a job ends or closes its end of the connection.

    The kernel does so before the job's parent learns of the end, so a killed job's worker never
    meets another that does the same work. A job sends nothing after its request: that would kill
    its worker, too.
    """
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(connection, fcntl.F_SETFL, os.O_ASYNC)
    if select.select([connection], [], [], 0)[0]:  # the job has ended already
        os._exit(1)


def import_shared(modules: list[str]) -> None:
    """Import what jobs have in common, and let `code_of` remember the files of these modules."""
    with command.importing():
        for name in modules:
            importlib.import_module(name)
    code_of(*(f"scripts/{name.replace('.', '/')}.py" for name in modules))


def modification_times() -> dict[str, int]:
    """Return when each imported file of the project was last modified, in ns; 0: it is gone."""
    scripts = f"{PROJECT / 'scripts'}/"
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    ours = [Path(file) for file in files if file.startswith(scripts)]
    return {str(file): file.stat().st_mtime_ns if file.exists() else 0 for file in ours}


def work(job: dict, files: list[int]) -> NoReturn:
    """Run a job's script in the job's folder, with its open files, and end this process."""
    status = 1
    try:
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        os.chdir(job["folder"])
        exit_status = run(job["command"])
        sys.stdout.flush()
        sys.stderr.flush()
        status = exit_status
    except BaseException:
        traceback.print_exc()
    finally:
        # A usual exit would visit, and so copy, all memory that is shared with the server.
        os._exit(status)


def run(command_line: list[str]) -> int:
    """Run a script as Python does; return its exit status."""
    sys.argv = command_line
    try:
        runpy.run_path(command_line[0], run_name="__main__")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--socket", type=int, required=True, help="file descriptor of a socket")
    parser.add_argument("modules", nargs="*", help="imported before the first fork")
    options = parser.parse_args()
    # A process with threads that a library started cannot be forked.
    threads.limit_libraries()
    # Forks must not ask for forks.
    os.environ.pop(ADDRESS, None)
    with Server(socket.socket(fileno=options.socket), options.modules) as server:
        # Snakemake's end closes the standard input.
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            server.handle_request()
            server.service_actions()  # reaps supervisors that have ended


if __name__ == "__main__":
    main()
