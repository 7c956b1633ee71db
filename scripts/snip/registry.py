"""Criteria and networks by name: each is one file, and its name is the file's.

Names are read from the folder, so listing them imports nothing, and a rule can name as its input
the one file that a run depends on: adding a criterion reruns none of the others.
"""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path

from snip.errors import SnipError

HERE = Path(__file__).parent


def names(kind: str) -> list[str]:
    """Return the registered names of a kind: `criteria` or `networks`."""
    return sorted(path.stem.replace("_", "-") for path in (HERE / kind).glob("[!_]*.py"))


def file(kind: str, name: str) -> str:
    """Return the path, in the project, of the file that defines `name`."""
    return f"scripts/snip/{kind}/{name.replace('-', '_')}.py"


def load(kind: str, name: str, function: str) -> Callable:
    """Return the function that the file of `name` defines.

    Raises:
        SnipError: no such file.
    """
    if name not in names(kind):
        raise SnipError(f"{name!r} is not among the {kind}; allowed: {', '.join(names(kind))}")
    return getattr(importlib.import_module(f"snip.{kind}.{name.replace('-', '_')}"), function)


def constant(kind: str, name: str, constant: str, default: object) -> object:
    """Return the value of a constant at the top of the file of `name`, or `default`.

    The file is read, not imported: it may import torch.
    """
    tree = ast.parse((HERE / kind / f"{name.replace('-', '_')}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [constant]:
            return ast.literal_eval(node.value)
    return default
