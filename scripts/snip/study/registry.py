"""Criteria and networks by name: each is one file, and its name is the file's.

Names are read from the folder and code is looked at without running it, so nothing is imported
until `load`, and a rule's code digest covers the one file that a run depends on: adding a
criterion reruns none of the others.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from snip.jobs.failures import SnipError
from snip.study.model import check_known

# The package of each kind, below snip/, and the function that its files define.
PACKAGES = {"criteria": "masks/criteria", "networks": "networks"}
FUNCTIONS = {"criteria": "score", "networks": "build"}
# The constants that a file may have at its top, with what holds without them. ROUNDS and REVIVES:
# see `snip.masks.scoring`; 0 rounds are one ranking for all sparsities. MASK_IMAGE: whether units
# of the first layer see the whole image.
CONSTANTS: dict[str, dict[str, bool | int]] = {
    "criteria": {"ROUNDS": 0, "REVIVES": False},
    "networks": {"MASK_IMAGE": True},
}
HERE = Path(__file__).resolve().parents[1]


class RegistryError(SnipError):
    """A file that defines no criterion or network, or an unknown name."""


def names(kind: str) -> list[str]:
    """Return the registered names of a kind: `criteria` or `networks`.

    Raises:
        RegistryError: a file should have another name.
    """
    return list(_names(HERE / PACKAGES[kind]))


@cache
def _names(folder: Path) -> tuple[str, ...]:
    found = []
    for path in sorted(folder.glob("[!_]*.py")):
        # What editors and file systems leave (`.#snip.py`, `snip copy.py`) is ignored.
        if not re.fullmatch(r"[\w-]+", path.stem):
            continue
        if not re.fullmatch("[a-z0-9]+(_[a-z0-9]+)*", path.stem):
            better = re.sub("[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "a_name"
            raise RegistryError(
                f"{_shown(path)} should be named {better}.py: "
                "lower case letters and digits, words separated by one _"
            )
        found.append(path.stem.replace("_", "-"))
    return tuple(found)


def file(kind: str, name: str) -> str:
    """Return the path, in the project, of the file that defines `name`."""
    return f"scripts/snip/{PACKAGES[kind]}/{name.replace('-', '_')}.py"


def chosen_files(criterion: str, network: str) -> list[str]:
    """Return the files that a run or a mask file chooses by name, as paths in the project."""
    return [file("criteria", criterion), file("networks", network)]


def check(kind: str, name: str) -> None:
    """Look, without importing it, whether the file of a name defines what it should.

    Raises:
        RegistryError: no such file; or it is not Python, lacks its function, or has a constant of
            another type.
    """
    try:
        check_known(name, names(kind), f"among the {kind}")
    except ValueError as error:
        raise RegistryError(str(error)) from error
    path, function = _path(kind, name), FUNCTIONS[kind]
    if function not in _bindings(path):
        raise RegistryError(f"{_shown(path)} does not define it, expected a function `{function}`")
    for identifier in CONSTANTS[kind]:
        constant(kind, name, identifier)


def load(kind: str, name: str) -> Callable:
    """Return the function that the file of `name` defines: `score` or `build`.

    Raises:
        RegistryError: see `check`.
    """
    check(kind, name)
    package = PACKAGES[kind].replace("/", ".")
    module = importlib.import_module(f"snip.{package}.{name.replace('-', '_')}")
    return getattr(module, FUNCTIONS[kind])


def constant(kind: str, name: str, identifier: str) -> bool | int:
    """Return the value of a constant at the top of the file of `name`; see `CONSTANTS`.

    The file is read, not imported: it may import torch.

    Raises:
        RegistryError: the constant is no literal of its type, or a number below 1.
    """
    path, default = _path(kind, name), CONSTANTS[kind][identifier]
    found = _bindings(path).get(identifier, [])
    if not found:
        return default
    value = getattr(found[0], "value", None)
    # A bool is an int, too, so types are compared.
    if len(found) > 1 or type(value) is not type(default) or (type(value) is int and value < 1):
        expected = "True or False" if type(default) is bool else "a whole number, 1 or more"
        raise RegistryError(
            f"{_shown(path)} does not set {identifier} by one plain line at its top, expected "
            f"`{identifier} = ` and {expected}: it is read, not run"
        )
    return value


@cache
def printed(kind: str, name: str) -> str:
    """Return what a criterion or network is called in print; the name itself if no file says.

    The name stands before the colon of the file's first line, which is no code: another name
    reruns nothing.
    """
    try:
        said = ast.get_docstring(ast.parse(_path(kind, name).read_bytes())) or ""
    except (OSError, SyntaxError, ValueError):
        return name
    before, colon, _ = said.partition("\n")[0].partition(": ")
    return before if colon and len(before) <= 40 else name


def _bindings(path: Path) -> dict[str, list[ast.AST | None]]:
    """Return what a file's top level binds: by name, the values, in order; None: not by `=`.

    Raises:
        RegistryError: the file cannot be read, or is not Python.
    """
    try:
        tree = ast.parse(path.read_bytes(), path.name)
    except SyntaxError as error:
        raise RegistryError(f"{_shown(path)}, line {error.lineno}: {error.msg}") from error
    except (OSError, ValueError) as error:  # a link to nothing, a zero byte
        raise RegistryError(f"{_shown(path)} cannot be read: {error}") from error
    found: dict[str, list[ast.AST | None]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(None)
            continue
        assigned = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for part in ast.walk(node):
            match part:
                case ast.Name(id=name, ctx=ast.Store()):
                    found.setdefault(name, []).append(assigned)
                case ast.alias(name=name, asname=other):
                    found.setdefault(other or name, []).append(None)
    return found


def _path(kind: str, name: str) -> Path:
    return HERE / PACKAGES[kind] / f"{name.replace('-', '_')}.py"


def _shown(path: Path) -> str:
    return f"scripts/snip/{path.relative_to(HERE).as_posix()}"
