import re
from pathlib import Path

import yaml

from helpers import REPOSITORY


def pins(lines):
    return {line.strip() for line in lines if re.match(r"[A-Za-z0-9_.-]+==", line.strip())}


def test_conda_environment_has_the_pip_pins():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    requirements = pins((REPOSITORY / "requirements.txt").read_text().splitlines())
    assert pins(pip) == set(pip) == requirements
    assert {"torch==2.14.1", "torchvision==0.29.1"} <= requirements


def test_pinned_versions_are_the_installed_ones():
    from importlib.metadata import version

    for name in ("requirements.txt", "requirements-dev.txt"):
        for pin in pins((REPOSITORY / name).read_text().splitlines()):
            package, _, wanted = pin.partition("==")
            assert version(package) == wanted


def test_constraints_agree_with_the_requirements():
    constraints = pins((REPOSITORY / "constraints.txt").read_text().splitlines())
    constrained = {line.lower().replace("_", "-") for line in constraints}
    for name in ("requirements.txt", "requirements-dev.txt"):
        for pin in pins((REPOSITORY / name).read_text().splitlines()):
            assert pin.lower() in constrained


def test_every_python_file_is_where_the_docs_say():
    listed = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    readme = Path(REPOSITORY / "README.md").read_text()
    assert listed >= {"fetch_dataset", "prune", "train", "tabulate"}
    for name in ("fetch_dataset", "prune", "train", "tabulate"):
        assert f"scripts/{name}.py" in readme
