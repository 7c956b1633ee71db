"""What the command line tools share."""

from __future__ import annotations

import argparse
import contextlib
import gc
import shlex
import sys
from collections.abc import Callable, Iterator

from snip.jobs import forks
from snip.jobs.failures import ERROR, SnipError


def parser(module_doc: str) -> argparse.ArgumentParser:
    """Return a parser described by a script's docstring."""
    return argparse.ArgumentParser(
        description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_code(to: argparse.ArgumentParser) -> None:
    """Add the option that says which code a rule expects (see `code.check_unedited`)."""
    to.add_argument("--code", help="SHA-256 that the tool's code must have")


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Switch the garbage collector off for imports, and keep it out of what they leave in memory.

    Together these save a fifth of a minimal torch job's time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run(main: Callable[[], None], forked: bool = False) -> None:
    """Run a tool: log its command line, and report an expected failure in one sentence.

    What it prints is UTF-8 whatever the locale, as the files that it reads and writes.

    Args:
        main: does the work.
        forked: have the fork server run the tool if there is one. For tools that import torch.
    """
    if forked and (status := forks.run_in_fork(sys.argv)) is not None:
        sys.exit(status)
    for stream in (sys.stdout, sys.stderr):
        if stream.encoding.lower() != "utf-8":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    print("$ python " + shlex.join(sys.argv), file=sys.stderr, flush=True)
    try:
        main()
    except (SnipError, OSError) as error:
        sys.exit(f"{ERROR}{error}")
