"""Do the work of Snakemake's jobs in forks of one process that has imported torch already.

Snakemake starts this program by itself; snip/jobs/forks.py explains it.
"""

import importlib
import os
import runpy
import socket
import sys
import traceback
from functools import partial

from snip.jobs import command
from snip.jobs.code import code_of
from snip.jobs.forks import ADDRESS, Server


def prepare(modules: list[str]) -> None:
    """Import what jobs have in common."""
    with command.importing():
        for name in modules:
            importlib.import_module(name)
    code_of(*(f"scripts/{name.replace('.', '/')}.py" for name in modules))  # which remembers


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
    # Jobs have one thread; a library that starts more when it is imported could not be forked.
    os.environ["OMP_NUM_THREADS"] = "1"
    # Forks are not to ask for forks.
    os.environ.pop(ADDRESS, None)
    server = Server(socket.socket(fileno=options.socket), partial(prepare, options.modules))
    command_line = server.serve()
    if command_line is not None:
        status = run(command_line)
        sys.stdout.flush()
        sys.stderr.flush()
        # Not by way of taking down, object by object, what the server will need again.
        os._exit(status)


if __name__ == "__main__":
    main()
