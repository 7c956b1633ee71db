"""Read the project's pages: their prose and their tables."""

import csv
import re

from helpers import REPOSITORY

NUMBER = re.compile(r"-?\d+\.\d+")
FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)


def prose(page: str) -> str:
    """A page without its code blocks, which may make files that are not there yet."""
    return FENCE.sub("", (REPOSITORY / page).read_text())


def rows(page: str, header: str) -> list[list[str]]:
    """The rows of a page's table whose header line begins so: the texts of their cells."""
    _, _, table = prose(page).partition(f"\n{header}")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def judged(study: str) -> dict[str, dict[str, str]]:
    """The statements of a study that the pages show, by name."""
    text = (REPOSITORY / f"docs/figures/claims-{study}.csv").read_text("utf-8")
    return {row["name"]: row for row in csv.DictReader(text.splitlines())}


def assert_rounded(found: str, row: dict[str, str]) -> None:
    """Check that a text begins with a row's value and limits; limits are rounded outwards."""
    for text, column in zip(NUMBER.findall(found), ("value", "lower", "upper"), strict=False):
        steps = (float(text) - float(row[column])) * 10 ** len(text.partition(".")[2])
        low, high = {
            "value": (-0.501, 0.501),
            "lower": (-1 + 1e-6, 1e-6),
            "upper": (-1e-6, 1 - 1e-6),
        }[column]
        assert low <= steps <= high, (row["name"], column)
