"""What a tool prints, whatever the environment."""

import os
import subprocess
import sys

import pytest

from helpers import REPOSITORY

PRINT = r"""
from snip.jobs import command
from snip.jobs.failures import SnipError
def main():
    print("√ 0.5")
    raise SnipError("∂L/∂w \udcff")
command.run(main)
"""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run code in the folder of the scripts."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=REPOSITORY / "scripts",
        env=os.environ | environment,
        capture_output=True,
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_printing_is_utf_8_whatever_the_locale(encoding):
    done = python(PRINT, "a square root: √", PYTHONIOENCODING=encoding)
    assert done.stdout.decode() == "√ 0.5\n"
    assert done.stderr.decode() == "$ python -c 'a square root: √'\nerror: ∂L/∂w \\udcff\n"
    assert done.returncode == 1
