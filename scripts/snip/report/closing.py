"""The lines that end a study. No large imports: Snakemake itself prints them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path


def closing(figures: Path, tables: Path, since: float) -> str:
    """Return a few lines: where the figures are, what the claims say, what other code made.

    Args:
        figures: folder of the figures. Without figures there is no line about them.
        tables: folder of the study's tables. Without a table there is no line about it.
        since: when Snakemake began, in seconds since the epoch. Of claims that were judged before
            there is no line: they may be of another configuration.
    """
    lines = []
    if drawn := list(figures.glob("*.pdf")):
        lines.append(
            f"Figures: {len(drawn)} in {figures}/, each as .pdf, .png, and its numbers as .csv"
        )
    claims = tables / "claims.csv"
    verdicts = Counter(row["verdict"] for row in _rows(claims))
    if verdicts and claims.stat().st_mtime >= since:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        lines += [f"Claims of the paper: {counts}", f"  to read: {figures / 'claims.md'}, {claims}"]
    makers = _rows(tables / "made_by.csv")
    runs = sum(int(row["runs"]) for row in makers)
    if others := sum(int(row["runs"]) for row in makers if row["current"] != "True"):
        lines.append(
            f"{others} of {runs} runs were made by other code than that at hand; "
            "--forcerun train makes them anew"
        )
    return "\n".join(lines)


def _rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a table; none where it is missing."""
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
