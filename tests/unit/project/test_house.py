"""The house: its floors, its names, and the size of its rooms."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from helpers import REPOSITORY, own_files
from snip.study.figures import FIGURES

LIBRARY = REPOSITORY / "scripts/snip"
# From the ground up; packages on one floor do not import each other.
FLOORS = [
    {"jobs"},
    {"datasets"},
    {"study"},
    {"layers"},
    {"networks"},
    {"masks"},
    {"training"},
    {"tables"},
    {"claims"},
    {"figures"},
    {"report", "archives", "benchmark"},
]
# They open no text.
OTHERS = ("tarfile.open", "Image.open")
HEIGHT = {package: height for height, floor in enumerate(FLOORS) for package in floor}
MODULES = sorted(LIBRARY.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The packages of the library that a file imports, wherever in it."""
    packages = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            assert node.level == 0, f"{path} has a relative import"
            if node.module == "snip":
                names = [f"snip.{alias.name}" for alias in node.names]
        packages |= {name.split(".")[1] for name in names if name.startswith("snip.")}
    return packages


def test_every_package_has_a_floor():
    assert {path.name for path in LIBRARY.iterdir() if path.is_dir()} - {"__pycache__"} == set(
        HEIGHT
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_nothing_imports_from_a_floor_above(path):
    package = path.relative_to(LIBRARY).parts[0]
    if path.parent == LIBRARY:
        assert not imported(path)
        return
    for other in imported(path) - {package}:
        assert HEIGHT[other] < HEIGHT[package], f"{package} imports {other}"


def test_what_the_workflow_reads_imports_neither_torch_nor_training():
    rules = "\n".join(path.read_text() for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    lines = [line for line in rules.splitlines() if line.startswith(("from snip", "import snip"))]
    assert len(lines) > 5
    code = "import sys\n" + "\n".join(lines)
    code += (
        "\nprint(*(m for m in ('torch', 'scipy', 'pandas', 'snip.training') if m in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(
        command, cwd=REPOSITORY / "scripts", check=True, capture_output=True, text=True
    )
    assert loaded.stdout.split() == []


def test_no_folder_is_crowded_and_no_file_long():
    code = [Path(name) for name in own_files() if name.endswith((".py", ".smk"))]
    per_folder = Counter(path.parent for path in code)
    # One script a rule, and those for people.
    most = {Path("scripts"): 15}
    crowded = {f: count for f, count in per_folder.items() if count > most.get(f, 13)}
    assert crowded == {}
    lengths = {path: len((REPOSITORY / path).read_text().splitlines()) for path in code}
    assert {path: length for path, length in lengths.items() if length > 260} == {}


def test_no_two_modules_share_a_name():
    """But for a figure's drawer, which has the name of what it draws, and the claims about it."""
    subjects = {figure.module for figure in FIGURES.values()}
    names = Counter(
        path.stem
        for path in MODULES
        if path.stem != "__init__"
        and not (path.parent.name in ("figures", "claims") and path.stem in subjects)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_text_is_read_and_written_as_utf_8():
    """Whatever the locale: an encoding stands wherever Python would take the locale's."""
    found = []
    for path in (REPOSITORY / "scripts").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_bytes())):
            name = getattr(getattr(call, "func", None), "attr", "")
            if not isinstance(call, ast.Call):
                continue
            words = {word.arg for word in call.keywords} - {None}
            place = f"{path.relative_to(REPOSITORY)}:{call.lineno}"
            if name == "read_text" and not (call.args or "encoding" in words):
                found.append(place)
            if name == "write_text" and not (len(call.args) > 1 or "encoding" in words):
                found.append(place)
            if words & {"text", "universal_newlines"} and "encoding" not in words:
                found.append(place)  # a subprocess
            if name == "open" or getattr(call.func, "id", "") == "open":
                modes = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
                binary = any("b" in mode or ":" in mode for mode in modes)
                if not (binary or "encoding" in words or ast.unparse(call.func) in OTHERS):
                    found.append(place)
    assert found == []


def test_no_script_hides_a_package():
    scripts = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    assert not scripts & set(sys.stdlib_module_names)
    from importlib.metadata import packages_distributions

    assert not scripts & set(packages_distributions())
