"""The house: its floors, and the size of its rooms."""

import ast
import subprocess
import sys
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from helpers import REPOSITORY, own_files

LIBRARY = REPOSITORY / "scripts/snip"
# From the ground up; packages on one floor do not import each other.
FLOORS = [
    ["jobs"],
    ["datasets"],
    ["study"],
    ["layers"],
    ["networks"],
    ["masks"],
    ["training"],
    ["tables"],
    ["claims"],
    ["figures"],
    ["report", "archives", "benchmark"],
]
HEIGHT = {package: height for height, floor in enumerate(FLOORS) for package in floor}


def imported(path: Path) -> set[str]:
    """The packages of the library that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("snip.")}


@pytest.mark.parametrize("package", HEIGHT)
def test_nothing_imports_from_a_floor_above(package):
    for path in (LIBRARY / package).rglob("*.py"):
        for other in imported(path) - {package}:
            assert HEIGHT[other] < HEIGHT[package], f"{path} imports {other}"


def test_every_package_has_a_floor():
    packages = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    assert packages == set(HEIGHT)


def test_what_the_workflow_reads_imports_neither_torch_nor_training():
    rules = "\n".join(path.read_text() for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    lines = [line for line in rules.splitlines() if line.startswith(("from snip", "import snip"))]
    assert len(lines) > 5
    large = "('torch', 'scipy', 'snip.training')"
    code = "\n".join(["import sys", *lines, f"print(*(m for m in {large} if m in sys.modules))"])
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY / "scripts", check=True, capture_output=True
    )
    assert loaded.stdout.split() == []


def test_no_folder_is_crowded_and_no_file_long():
    code = [Path(name) for name in own_files() if name.endswith((".py", ".smk"))]
    per_folder = Counter(path.parent for path in code)
    # One script a rule, and those for people.
    most = {Path("scripts"): 16}
    crowded = {f: count for f, count in per_folder.items() if count > most.get(f, 13)}
    assert crowded == {}
    lengths = {path: len((REPOSITORY / path).read_text().splitlines()) for path in code}
    assert {path: length for path, length in lengths.items() if length > 260} == {}


def test_no_script_hides_a_package():
    scripts = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    assert not scripts & {*sys.stdlib_module_names, *packages_distributions()}
