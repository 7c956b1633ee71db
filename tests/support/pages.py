"""Read the project's pages: their prose and their tables."""

import re

from helpers import REPOSITORY

FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)


def prose(page: str) -> str:
    """A page without its code blocks, which may make files that are not there yet."""
    return FENCE.sub("", (REPOSITORY / page).read_text())


def rows(page: str, header: str) -> list[list[str]]:
    """The rows of a page's table whose header line begins so: the texts of their cells."""
    _, _, table = prose(page).partition(f"\n{header}")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
