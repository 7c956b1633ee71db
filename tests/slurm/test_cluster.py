"""The cluster for the tests starts and stops without leaving anything behind."""

import re
import subprocess
from pathlib import Path

from inflict import needs_slurm
from test_slurm import SCRIPT

pytestmark = needs_slurm
DAEMONS = {"munged", "slurmctld", "slurmd"}


def daemons() -> dict[str, str]:
    """The names of Slurm's running daemons, by process id."""
    running = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, name, state, *_ = re.split(r" \(|\) ", path.read_text(), maxsplit=2)
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has just ended
        if name in DAEMONS and not state.startswith("Z"):
            running[number] = name
    return running


def run(action, folder):
    # To a file: the daemons keep an inherited standard output open, which would block a pipe.
    with (folder / f"{action}.log").open("w") as log:
        subprocess.run(["bash", SCRIPT, action, folder], check=True, stdout=log, stderr=log)


def test_stop_ends_the_daemons_of_start_and_no_others(tmp_path):
    before = daemons()
    assert "slurmctld" not in before.values(), "a Slurm is already running on this machine"
    for _ in range(2):  # a second start must work like the first
        run("start", tmp_path)
        assert set(daemons().values()) == DAEMONS
        run("stop", tmp_path)
        assert daemons() == before
    assert not Path("/etc/slurm/slurm.conf").is_symlink()
