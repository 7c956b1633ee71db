import subprocess
import sys

from helpers import REPOSITORY

CODE = """
import os, signal, sys
from snip.jobs import signals
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
print(*map(int, signals.endings()))
signals.hang_up_as_interrupted()
try:
    os.kill(os.getpid(), signal.SIGHUP)
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


def said(*arguments: str) -> list[str]:
    """What a process says that gets SIGHUP."""
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY / "scripts", check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def test_a_closed_terminal_interrupts():
    assert said() == ["15 2 1", "interrupted"]


def test_nohup_outlives_the_terminal():
    assert said("nohup") == ["15 2", "went on"]
