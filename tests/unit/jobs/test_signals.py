import signal
import subprocess
import sys

import pytest

from helpers import REPOSITORY

CODE = """
import os, signal, sys
from snip.jobs import signals
for number in map(int, sys.argv[2:]):
    signal.signal(number, signal.SIG_IGN)
signals.end_as_if_interrupted()
print(*map(int, signals.endings()))
try:
    os.kill(os.getpid(), int(sys.argv[1]))
    print("went on")
finally:
    os.kill(os.getpid(), signal.SIGHUP)  # as the shell does after the kernel
    print("unlocked", flush=True)
"""


def asked(number: int, *ignored: int) -> tuple[int, list[str]]:
    """Ask a process to end, as Snakemake is asked: its exit status and what it said."""
    command = [sys.executable, "-c", CODE, *(str(int(each)) for each in (number, *ignored))]
    done = subprocess.run(command, cwd=REPOSITORY / "scripts", capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_process_that_is_asked_to_end_unlocks_first(number):
    status, said = asked(number)
    assert status == 128 + number
    assert said == ["15 2 1", "unlocked"]


def test_nohup_outlives_the_terminal():
    status, said = asked(signal.SIGHUP, signal.SIGHUP)
    assert status == 0
    assert said == ["15 2", "went on", "unlocked"]
