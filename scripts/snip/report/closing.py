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
    for table in sorted(tables.glob("**/made_by.csv")):
        if table.stat().st_mtime < since:
            continue
        of = f" of {table.parent.name}" if table.parent != tables else ""
        makers = Counter({True: 0, False: 0})
        try:
            for row in _rows(table):
                makers[row["current"] == "True"] += int(row["runs"])
        except (KeyError, TypeError, ValueError):
            lines.append(f"table {table} is damaged: delete it, and it is made again")
        if makers[False]:
            lines.append(
                f"{makers[False]} of {makers.total()} runs{of} were made by other code than that "
                "at hand; --forcerun train makes them anew"
            )
    return "\n".join(lines)


def _rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a table; none where it is missing."""
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
