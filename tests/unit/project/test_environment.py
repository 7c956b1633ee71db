"""What is installed, where, agrees: pins, images, hooks, profiles."""

import re
import tomllib
from importlib.metadata import requires, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from helpers import REPOSITORY


def text(name):
    return (REPOSITORY / name).read_text()


def pins(name):
    return re.findall(r"^[A-Za-z0-9_.-]+==\S+", text(name), re.M)


REQUIRED = pins("requirements.txt")


def test_conda_environment_has_the_pip_pins():
    environment = yaml.safe_load(text("environment.yml"))
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert sorted(pip) == sorted(REQUIRED)


@pytest.mark.parametrize("pin", [*REQUIRED, *pins("requirements-dev.txt")])
def test_pinned_versions_are_the_installed_ones_and_constraints_have_them(pin):
    package, _, wanted = pin.partition("==")
    # Without the local part: 2.14.1+cpu is 2.14.1, built for machines without a GPU.
    assert Version(version(package)).public == wanted
    assert pin.lower() in [each.lower().replace("_", "-") for each in pins("constraints.txt")]


def test_the_report_needs_no_package_that_only_the_tests_bring():
    found, to_see = set(), list(REQUIRED)
    while to_see:
        needed = Requirement(to_see.pop())
        applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if applies and needed.name.lower() not in found:
            found.add(needed.name.lower())
            to_see += requires(needed.name) or []
    asked = [Requirement(line) for line in requires("snakemake")]
    extra = [need for need in asked if need.marker and need.marker.evaluate({"extra": "reports"})]
    assert extra and {need.name.lower() for need in extra} <= found


DOCKERFILE, APPTAINER = text("container/Dockerfile"), text("container/apptainer.def")


def test_both_images_install_the_same_on_the_same_base():
    [[base], [other_base]] = [
        re.findall(r"^(?:FROM|From:) (\S+)$", recipe, re.M) for recipe in (DOCKERFILE, APPTAINER)
    ]
    [[pip], [other_pip]] = [
        re.findall(r"pip install (.*)$", re.sub(r"\\\n\s*", "", recipe), re.M)
        for recipe in (DOCKERFILE, APPTAINER)
    ]
    assert base == other_base and pip.split() == other_pip.split()
    [copied] = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M)
    for name in copied.split():
        assert f"    {name} /opt/snip/{name}\n" in APPTAINER
    # Docker sees what it copies, and nothing else.
    assert text(".dockerignore").splitlines() == ["*", *(f"!{name}" for name in copied.split())]


@pytest.mark.parametrize("recipe", ["container/Dockerfile", ".github/workflows/gate.yml"])
def test_the_makefile_accepts_the_python_of_each_image(recipe):
    numbers = r"\((\d+), (\d+)\) <= sys\.version_info\[:2\] <= \((\d+), (\d+)\)"
    *low, major, minor = map(int, re.search(numbers, text("Makefile")).groups())
    found = [int(number) for number in re.search(r"python:(\d+)\.(\d+)-", text(recipe)).groups()]
    assert low <= found <= [major, minor]


def test_hooks_run_the_style_commands_of_make_check():
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", text("Makefile"), re.M)[1]
    commands = [line.removeprefix("\t$(ACTIVE) ") for line in recipe.splitlines()]
    [local] = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    hooks = [hook["entry"] for hook in local["hooks"]]
    assert len(hooks) >= 4 and hooks == commands[: len(hooks)]


@pytest.mark.parametrize("profile", ["default", "gridengine", "slurm", "workstation"])
def test_each_profile_shows_why_jobs_fail_and_lets_environments_be(profile):
    found = yaml.safe_load(text(f"profiles/{profile}/config.yaml"))
    assert found["show-failed-logs"] is True
    assert set(found["rerun-triggers"]) == {"mtime", "params", "code"}
    # What another attempt cannot mend is not tried again.
    assert not {"restart-times", "retries", "default-resources"} & set(found)


def test_a_test_ends_later_than_any_helper_waits():
    from helpers import PATIENCE

    assert tomllib.loads(text("pyproject.toml"))["tool"]["pytest"]["ini_options"]["timeout"] > (
        PATIENCE
    )
