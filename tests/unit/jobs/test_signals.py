import subprocess
import sys

from helpers import REPOSITORY

CODE = """
import os, signal, subprocess, sys
from snip.jobs import signals
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
print(*map(int, signals.endings()))
signals.hang_up_as_interrupted()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
try:
    os.kill(os.getpid(), signal.SIGHUP)
    print("went on")
    child.kill()
except KeyboardInterrupt:
    # As Ctrl-C, it reaches the children.
    print("interrupted", child.wait() != 0)
"""


def said(*arguments: str) -> list[str]:
    """What a process says that gets SIGHUP."""
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(
        command,
        cwd=REPOSITORY / "scripts",
        check=True,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    return done.stdout.splitlines()


def test_a_closed_terminal_interrupts():
    assert said() == ["15 2 1", "interrupted True"]


def test_nohup_outlives_the_terminal():
    assert said("nohup") == ["15 2", "went on"]
