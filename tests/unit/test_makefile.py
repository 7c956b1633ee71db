"""What make says and does before anything is installed."""

import os
import pty
import shutil
import subprocess

import pytest

from helpers import REPOSITORY, needs

pytestmark = needs("make", package="make")


@pytest.mark.parametrize(("version", "fits"), [("3, 10", False), ("3, 13", True), ("3, 14", False)])
def test_a_python_that_was_not_tested_is_named(tmp_path, version, fits):
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -c ] || exit 0\n'
        f'exec python3 -c "import sys; sys.version_info = ({version}, 0); exec(sys.argv[1])" "$2"\n'
    )
    python.chmod(0o755)
    command = ["make", ".venv/bin/python", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode == 0) == fits, done.stderr
    sentence = f"Python {version.replace(', ', '.')} found, 3.11 to 3.13 expected"
    assert (sentence in done.stderr) != fits


def test_bars_on_a_terminal_and_lines_in_a_pipe():
    command = ["make", "--dry-run", "--always-make", "figures"]
    ours, theirs = pty.openpty()
    where = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "text": True, "check": True}
    assert "--logger rich" in subprocess.run(command, stderr=theirs, **where).stdout
    assert "--logger" not in subprocess.run(command, stderr=subprocess.PIPE, **where).stdout
    os.close(ours)
    os.close(theirs)
