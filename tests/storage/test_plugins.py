"""The plugins that the page on clusters names can be installed beside what is pinned."""

import re
import subprocess
import sys
from importlib.util import find_spec

from helpers import REPOSITORY


def test_every_named_plugin_can_be_installed_beside_the_pins():
    page = (REPOSITORY / "docs/cluster.md").read_text()
    plugins = set(re.findall(r"snakemake-(?:executor|storage)-plugin-[a-z0-9-]+", page))
    assert len(plugins) > 5
    if find_spec("pip"):
        tool = [sys.executable, "-m", "pip", "install"]
    else:
        tool = ["uv", "pip", "install", "--python", sys.executable]
    command = [*tool, "--dry-run", "--constraint", "constraints.txt", *sorted(plugins)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
