"""The lines that end a finished study. No large imports: Snakemake itself prints them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path


def closing(figures: Path, claims: Path) -> str:
    """Return a few lines: where the figures are, and how many claims got which verdict.

    Args:
        figures: folder of the figures. Without figures there is no line about them.
        claims: the study's table of claims. Without it there is no line about them.
    """
    lines = []
    if drawn := list(figures.glob("*.pdf")):
        lines.append(
            f"Figures: {len(drawn)} in {figures}/, each as .pdf, .png, and its numbers as .csv"
        )
    if claims.exists():
        with claims.open(encoding="utf-8", newline="") as file:
            verdicts = Counter(row["verdict"] for row in csv.DictReader(file))
        counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        lines += [f"Claims of the paper: {counts}", f"  to read: {figures / 'claims'}, {claims}"]
    return "\n".join(lines)
