"""The recipes for images agree; nothing here can build them."""

import re

import pytest

from helpers import REPOSITORY

DOCKERFILE = (REPOSITORY / "container/Dockerfile").read_text()
APPTAINER = (REPOSITORY / "container/apptainer.def").read_text()
WORKFLOW = (REPOSITORY / ".github/workflows/gate.yml").read_text()


def base(recipe: str) -> str:
    """The image that a recipe starts from."""
    [image] = re.findall(r"^(?:FROM|From:) (\S+)$", recipe, re.M)
    return image


def installation(recipe: str) -> str:
    """The call of pip in a recipe, on one line."""
    [command] = re.findall(r"pip install (.*)$", recipe.replace("\\\n", " "), re.M)
    return " ".join(command.split())


def test_both_recipes_install_the_same_on_the_same_base():
    assert base(DOCKERFILE) == base(APPTAINER)
    folder = "/opt/snip"
    files = ["requirements.txt", "constraints.txt"]
    options = f"--requirement {folder}/{files[0]} --constraint {folder}/{files[1]}"
    assert installation(DOCKERFILE) == installation(APPTAINER) == f"--no-cache-dir {options}"
    assert f"COPY {' '.join(files)} {folder}/\n" in DOCKERFILE
    for name in files:
        assert (REPOSITORY / name).exists() and f"    {name} {folder}/{name}\n" in APPTAINER


def test_docker_sees_the_files_that_it_copies_and_no_others():
    ignored, *seen = (REPOSITORY / ".dockerignore").read_text().splitlines()
    [copied] = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M)
    assert ignored == "*" and seen == [f"!{name}" for name in copied.split()]


@pytest.mark.parametrize("image", [base(DOCKERFILE), re.search(r"image: (\S+)", WORKFLOW)[1]])
def test_the_makefile_accepts_the_python_of_each_image(image):
    version = tuple(map(int, re.match(r"python:(\d+)\.(\d+)-", image).groups()))
    accepted = re.search(
        r"\((\d+), (\d+)\) <= sys\.version_info\[:2\] <= \((\d+), (\d+)\)",
        (REPOSITORY / "Makefile").read_text(),
    )
    low, high = tuple(map(int, accepted.groups()[:2])), tuple(map(int, accepted.groups()[2:]))
    assert low <= version <= high
