"""Criteria and networks by name: each is one file, and its name is the file's.

Names are read from the folder and code is looked at without running it, so nothing is imported
until `load`, and a rule's code digest covers the one file that a run depends on: adding a
criterion reruns none of the others.
"""

import ast
import difflib
import importlib
import re
import symtable
from collections.abc import Callable
from functools import cache
from pathlib import Path

from snip.jobs.failures import SnipError

# The package of each kind, below snip/, and the function that its files define.
PACKAGES = {"criteria": "masks/criteria", "networks": "networks"}
FUNCTIONS = {"criteria": "score", "networks": "build"}
# The constants that a file may have at its top, with what holds without them. ROUNDS and REVIVES:
# see `snip.masks.scoring`; 0 rounds are one ranking for all sparsities. MASK_IMAGE: whether units
# of the first layer see the whole image.
CONSTANTS = {"criteria": {"ROUNDS": 0, "REVIVES": False}, "networks": {"MASK_IMAGE": True}}
EXPECTED = {bool: "True or False", int: "a whole number, 1 or more"}
HERE = Path(__file__).resolve().parents[1]


class RegistryError(SnipError):
    """A file that defines no criterion or network, or an unknown name."""


def names(kind: str) -> list[str]:
    """Return the registered names of a kind: `criteria` or `networks`.

    Raises:
        RegistryError: a file should have another name.
    """
    return list(_names(_folder(kind)))


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


def suggestion(kind: str, name: object) -> str:
    """Return ` (did you mean NAME?)` for a name that is not registered, or nothing."""
    spelled = re.sub("[^a-z0-9]+", "-", str(name).lower()).strip("-")
    close = difflib.get_close_matches(spelled, names(kind), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def file(kind: str, name: str) -> str:
    """Return the path, in the project, of the file that defines `name`."""
    return f"scripts/snip/{PACKAGES[kind]}/{name.replace('-', '_')}.py"


def chosen_files(criterion: str, network: str) -> list[str]:
    """Return the files that a run or a mask file chooses by name, as paths in the project."""
    return [file("criteria", criterion), file("networks", network)]


def check(kind: str, name: str) -> None:
    """Look, without importing it, whether the file of a name defines what it should.

    Raises:
        RegistryError: no such file; or it is empty, not Python, lacks its function, or has a
            constant of another type.
    """
    if name not in names(kind):
        raise RegistryError(
            f"{name!r} is not among the {kind}{suggestion(kind, name)}; "
            f"allowed: {', '.join(names(kind))}"
        )
    path = _folder(kind) / f"{name.replace('-', '_')}.py"
    function = FUNCTIONS[kind]
    try:
        code = path.read_bytes()
        compile(code, path.name, "exec", dont_inherit=True)
        table = symtable.symtable(code, path.name, "exec")
    except SyntaxError as error:
        raise RegistryError(f"{_shown(path)}, line {error.lineno}: {error.msg}") from error
    except (OSError, ValueError) as error:  # a link to nothing, a zero byte
        raise RegistryError(f"{_shown(path)} cannot be read: {error}") from error
    defined = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }
    if function not in defined:
        what = "is empty" if not code.strip() else "does not define it"
        raise RegistryError(f"{_shown(path)} {what}, expected a function `{function}`")
    for identifier in CONSTANTS[kind]:
        constant(kind, name, identifier)


def load(kind: str, name: str, function: str) -> Callable:
    """Return the function that the file of `name` defines.

    Raises:
        RegistryError: see `check`.
    """
    check(kind, name)
    package = PACKAGES[kind].replace("/", ".")
    module = importlib.import_module(f"snip.{package}.{name.replace('-', '_')}")
    return getattr(module, function)


def constant(kind: str, name: str, identifier: str) -> bool | int:
    """Return the value of a constant at the top of the file of `name`; see `CONSTANTS`.

    The file is read, not imported: it may import torch.

    Raises:
        RegistryError: the constant is no literal of its type, or a number below 1.
    """
    path = _folder(kind) / f"{name.replace('-', '_')}.py"
    default = CONSTANTS[kind][identifier]
    tree = ast.parse(path.read_bytes())
    bound = sum(
        (isinstance(node, ast.Name) and node.id == identifier and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.alias) and (node.asname or node.name) == identifier)
        for part in tree.body
        if not isinstance(part, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(part)
    )
    for node in tree.body if bound == 1 else ():
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if identifier in [getattr(target, "id", None) for target in targets]:
            value = getattr(node.value, "value", None)
            # A bool is an int, too, so types are compared.
            if type(value) is not type(default) or (type(value) is int and value < 1):
                found = ast.unparse(node.value) if node.value else "nothing"
                expected = EXPECTED[type(default)]
                raise RegistryError(f"{_shown(path)}: {identifier} is {found}, expected {expected}")
            return value
    if bound:
        raise RegistryError(
            f"{_shown(path)} does not set {identifier} by one plain line, expected "
            f"`{identifier} = ...` at its top: it is read, not run"
        )
    return default


def _folder(kind: str) -> Path:
    return HERE / PACKAGES[kind]


def _shown(path: Path) -> str:
    return f"scripts/snip/{path.relative_to(HERE).as_posix()}"
