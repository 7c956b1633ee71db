"""The modules and functions that the library's docstrings and comments name exist."""

import ast
import re

import pytest

from helpers import REPOSITORY

LIBRARY = REPOSITORY / "scripts/snip"
MODULES = sorted(LIBRARY.rglob("*.py"))
DOTTED = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)`")
FILE_ENDINGS = {"csv", "json", "npz", "pdf", "png", "pt", "py", "smk", "tsv", "yaml"}


def defined(name: str, body: list[ast.stmt]) -> set[str]:
    """The dotted names of a module or class and of what its body defines."""
    names = {name}
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= defined(f"{name}.{node.name}", node.body)
        elif isinstance(node, ast.FunctionDef):
            names.add(f"{name}.{node.name}")
        elif isinstance(node, ast.Assign):
            names |= {f"{name}.{ast.unparse(target)}" for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            names.add(f"{name}.{ast.unparse(node.target)}")
    return names


def module_name(path) -> str:
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


NAMES = set().union(*(defined(module_name(p), ast.parse(p.read_bytes()).body) for p in MODULES))
# Names that begin otherwise, such as `stats.t.interval`, are those of other libraries.
OURS = {part for path in MODULES for part in module_name(path).split(".")}


def stale(code: str) -> list[str]:
    """The names in backticks that begin with a package or module of ours and lead nowhere."""
    # An argument may have the name of a module: `settings.momentum`.
    arguments = {node.arg for node in ast.walk(ast.parse(code)) if isinstance(node, ast.arg)}
    named = [
        name
        for name in DOTTED.findall(code)
        if name.split(".")[0] in OURS - arguments and name.split(".")[-1] not in FILE_ENDINGS
    ]
    # A name may leave out the packages that its module lies in.
    return [name for name in named if not any(f".{n}".endswith(f".{name}") for n in NAMES)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_names_in_backticks_lead_somewhere(path):
    assert stale(path.read_text()) == []


def test_stale_names_are_found_and_no_others():
    names = ["study.grids.slice_of", "snip.nowhere.run", "tables.intervals.Interval"]
    names += ["run_table.RunTable.select", "settings.csv", "stats.t.interval", "masks.mean"]
    code = "def f(masks): ...\n" + "".join(f"# `{name}`\n" for name in names)
    assert stale(code) == ["study.grids.slice_of", "snip.nowhere.run"]
