"""Signals that ask a process to end: SIGTERM, Ctrl-C, and the SIGHUP of a closed terminal.

The Snakefile and every job import this module, so it imports nothing large.
"""

import contextlib
import os
import signal
import sys
import threading


def endings() -> list[signal.Signals]:
    """Return the signals that ask this process to end.

    SIGHUP is left out if the process ignores it: `nohup` asks to outlive the terminal.
    """
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers


def end_as_if_interrupted() -> None:
    """Let SIGHUP and SIGTERM end Snakemake as Ctrl-C does: jobs end, then it unlocks the folder.

    By default both kill Python on the spot, and Snakemake's lock stays behind. Snakemake handles
    SIGTERM itself, but only once its scheduler runs. An ignored signal (`nohup`) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set handlers
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _) -> None:
    # The kernel and the shell both send SIGHUP for a closed terminal. The second one must not
    # interrupt the unlocking.
    for each in (number, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    import psutil  # jobs do not need it

    # The kernel may send the signal to the terminal's first process alone, and Snakemake waits for
    # its jobs. The fork server has a process group of its own and ends by itself.
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            if os.getpgid(child.pid) == os.getpgrp():
                os.kill(child.pid, number)
    sys.exit(128 + number)
