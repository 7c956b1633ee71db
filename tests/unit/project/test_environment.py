import re
from importlib.metadata import requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

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
    for name in ("requirements.txt", "requirements-dev.txt"):
        for pin in pins((REPOSITORY / name).read_text().splitlines()):
            package, _, wanted = pin.partition("==")
            # Without the local part: 2.14.1+cpu is 2.14.1, built for machines without a GPU.
            assert Version(version(package)).public == wanted


@pytest.mark.parametrize("file", ["requirements.txt", "constraints.txt"])
def test_a_torch_for_processors_alone_is_the_pinned_one(file):
    wanted = [pin for pin in pins((REPOSITORY / file).read_text().splitlines()) if "torch" in pin]
    assert len(wanted) == 2  # and torchvision
    for requirement in map(Requirement, wanted):
        [exact] = requirement.specifier
        assert requirement.specifier.contains(f"{exact.version}+cpu")


def test_constraints_agree_with_the_requirements():
    constraints = pins((REPOSITORY / "constraints.txt").read_text().splitlines())
    constrained = {line.lower().replace("_", "-") for line in constraints}
    for name in ("requirements.txt", "requirements-dev.txt"):
        for pin in pins((REPOSITORY / name).read_text().splitlines()):
            assert pin.lower() in constrained


def test_the_report_needs_no_package_that_only_the_tests_bring():
    found, to_see = set(), pins((REPOSITORY / "requirements.txt").read_text().splitlines())
    while to_see:
        needed = Requirement(to_see.pop())
        applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if applies and needed.name.lower() not in found:
            found.add(needed.name.lower())
            to_see |= set(requires(needed.name) or [])
    asked = [Requirement(line) for line in requires("snakemake")]
    extra = {
        need.name.lower()
        for need in asked
        if need.marker and need.marker.evaluate({"extra": "reports"})
    }
    assert extra and extra <= found


def test_every_python_file_is_where_the_docs_say():
    listed = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    readme = Path(REPOSITORY / "README.md").read_text()
    assert listed >= {"fetch_dataset", "prune", "train", "collect"}
    for name in ("fetch_dataset", "prune", "train", "collect"):
        assert f"scripts/{name}.py" in readme
