"""Signals that ask a process to end: SIGTERM, Ctrl-C, and the SIGHUP of a closed terminal.

The Snakefile and every job import this module, so it imports nothing large.
"""

import os
import signal


def endings() -> list[signal.Signals]:
    """Return the signals that ask this process to end.

    SIGHUP is left out if the process ignores it: `nohup` asks to outlive the terminal.
    """
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers


def hang_up_as_interrupted() -> None:
    """Let a closed terminal end this process as Ctrl-C does: Snakemake then unlocks its folder.

    The kernel tells the terminal's first process alone, and Snakemake waits for its jobs. Ctrl-C
    reaches all of its group. An ignored signal (`nohup`) stays ignored.
    """
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _interrupt_group)


def _interrupt_group(*_) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the shell sends it, too
    os.killpg(os.getpgrp(), signal.SIGINT)
    raise KeyboardInterrupt  # where SIGINT is ignored, as in the background of a script
