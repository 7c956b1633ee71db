"""What the command line tools share."""

from __future__ import annotations

import argparse
import contextlib
import gc
import shlex
import sys
from collections.abc import Callable, Iterator

from snip.jobs import forks as forkserver
from snip.jobs.failures import SnipError


def parser(module_doc: str) -> argparse.ArgumentParser:
    """Return a parser described by a script's docstring."""
    return argparse.ArgumentParser(
        description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Import large libraries without looking for garbage meanwhile, nor in them at the end.

    Together a fifth of the time from the start of a job that uses torch to its end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run(main: Callable[[], None], forked: bool = False) -> None:
    """Run a tool: log its command line, and end an expected failure in one sentence.

    Args:
        forked: let the fork server do it where there is one: for what imports torch.
    """
    if forked and (status := forkserver.run_in_fork(sys.argv)) is not None:
        sys.exit(status)
    print("$ python " + shlex.join(sys.argv), file=sys.stderr, flush=True)
    try:
        main()
    except (SnipError, OSError) as error:
        sys.exit(f"error: {error}")
