"""The lines that end a study. No large imports: Snakemake itself prints them."""

import csv
from collections import Counter
from pathlib import Path


def closing(figures: Path, tables: Path, since: float) -> str:
    """Return a few lines: where the figures are, what the claims say, what other code made.

    Args:
        figures: folder of the figures.
        tables: folder of the study's tables. Those that were made before `since` are left out:
            they may be of another configuration.
        since: when Snakemake began, in seconds since the epoch.
    """
    lines = []
    if drawn := list(figures.glob("*.pdf")):
        lines.append(
            f"Figures: {len(drawn)} in {figures}/, each as .pdf, .png, and its numbers as .csv"
        )
    new = [table for table in sorted(tables.glob("**/*.csv")) if table.stat().st_mtime >= since]
    whole = tables / "made_by.csv" in new  # then the figures' tables say nothing more
    for table in new:
        if table.name not in ("claims.csv", "made_by.csv") or (whole and table.parent != tables):
            continue
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if table.name == "claims.csv":
            verdicts = Counter(row["verdict"] for row in rows).most_common()
            counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts)
            lines.append(f"Claims of the paper: {counts}")
            lines.append(f"  to read: {figures / 'claims.md'}, {table}")
        elif others := sum(int(row["runs"]) for row in rows if row["current"] != "True"):
            of = f" of {table.parent.name}" if table.parent != tables else ""
            lines.append(
                f"{others} of {sum(int(row['runs']) for row in rows)} runs{of} were made by other "
                "code than that at hand; --forcerun train makes them anew, at their full length"
            )
    return "\n".join(lines)
