"""What the command line tools share."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gc
import importlib
import inspect
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterator

from snip.jobs import forks
from snip.jobs.failures import SnipError
from snip.study import axes as runs
from snip.study.axes import CHOICES, LONGEST_LABEL, Settings, label


def parser(module_doc: str) -> argparse.ArgumentParser:
    """Return a parser described by a script's docstring."""
    return argparse.ArgumentParser(
        description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def sparsity(text: str) -> str:
    """Parse a percentage in [0, 100)."""
    value = float(text)
    if not 0 <= value < 100:
        raise argparse.ArgumentTypeError(f"sparsity is {text}, allowed: 0 or more, less than 100")
    return label(value)


def batch_size(text: str) -> int | str:
    """Parse the size of a pruning batch: 1 or more, or `all`."""
    try:
        return runs.batch_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def weight_decay(text: str) -> str:
    """Parse a weight decay: 0 or more."""
    value = float(text)
    try:
        if not 0 <= value < math.inf:
            raise ValueError
        return label(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"weight decay is {text}, allowed: 0 or more, with at most {LONGEST_LABEL} digits"
        ) from None


def seed(text: str) -> int:
    """Parse a seed, a whole number in [0, 2^63)."""
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise argparse.ArgumentTypeError(
            f"seed is {text}, allowed: whole numbers from 0 to 2^63 - 1"
        )
    return int(text)


def add_settings(to: argparse.ArgumentParser, names: list[str] | None = None) -> None:
    """Add one option per field of `Settings` (or those in `names`), with its documentation.

    They have no default here: see `settings_of`.
    """
    documentation = inspect.getdoc(Settings)
    group = to.add_argument_group("settings (defaults: those in config/default.yaml)")
    for field in dataclasses.fields(Settings):
        if names is not None and field.name not in names:
            continue
        option = "--" + field.name.replace("_", "-")
        text = re.search(rf"^    {field.name}: (.*?)(?=^    \w+:|\Z)", documentation, re.M | re.S)
        help_text = " ".join(text.group(1).replace("%", "%%").split())
        if isinstance(field.default, bool):
            action = argparse.BooleanOptionalAction
            group.add_argument(option, action=action, help=help_text)
        else:
            choices = CHOICES.get(field.name)
            group.add_argument(option, type=type(field.default), choices=choices, help=help_text)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings among parsed options; what is not given is the default study's.

    Raises:
        SnipError: that study cannot be read, or has no learning rate for the network.
    """
    names = {field.name for field in dataclasses.fields(Settings)} & set(vars(options))
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if names - set(given):
        # By its name: jobs are given every setting, so their results do not depend on this module,
        # and Snakemake must not take it for their code.
        by_hand = importlib.import_module("snip.study.by_hand")
        given = by_hand.settings(options.network, options.dataset, names, given)
    return Settings(**given)


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Switch the garbage collector off for imports, and keep it out of what they leave in memory.

    Both together save a fifth of the time that a minimal job with torch takes from start to end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run(main: Callable[[], None], forked: bool = False) -> None:
    """Run a tool: log its command line, and report an expected failure in one sentence.

    Args:
        main: does the work.
        forked: have the fork server run the tool if there is one. For tools that import torch.
    """
    if forked and (status := forks.run_in_fork(sys.argv)) is not None:
        sys.exit(status)
    print("$ python " + shlex.join(sys.argv), file=sys.stderr, flush=True)
    try:
        main()
    except (SnipError, OSError) as error:
        sys.exit(f"error: {error}")
