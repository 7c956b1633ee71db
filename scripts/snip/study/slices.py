"""Slices of the configuration: the option of the tools that read one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from snip.jobs.failures import SnipError
from snip.study.grids import digest


class SliceError(SnipError):
    """A slice of the configuration that is damaged, or another than was asked for."""


def add_option(to: argparse.ArgumentParser) -> None:
    """Add the option that says what of the configuration decides the result."""
    to.add_argument(
        "--slice",
        type=Path,
        required=True,
        help="JSON file: the part of the configuration that decides the result",
    )
    to.add_argument("--digest", help="SHA-256 that the slice must have")


def read(options: argparse.Namespace, figure: str | None = None) -> dict:
    """Return the slice that a tool was given.

    Args:
        figure: the one that it must be of.

    Raises:
        SliceError: it cannot be read, or is another.
    """
    try:
        part = json.loads(options.slice.read_text())
        grids = list(part["grids"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SliceError(f"slice {options.slice} cannot be used: {error!r}") from error
    if figure is not None and figure not in grids:
        raise SliceError(f"slice {options.slice} is of {', '.join(grids)}, expected {figure}")
    if options.digest is not None and digest(part) != options.digest:
        raise SliceError(
            f"slice {options.slice} is not of the present configuration: found SHA-256 "
            f"{digest(part)}, expected {options.digest}; delete it, and it is made again"
        )
    return part
