"""The captions of the report's figures and its front page, as reStructuredText."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from snip.claims.verdicts import VERDICTS
from snip.study.figures import DRAWN, FIGURES
from snip.study.names import not_the_papers
from snip.study.spec import Spec


def captions(study: Spec, claims: pd.DataFrame) -> dict[str, str]:
    """Return by file name each figure's caption: what it shows, of how many runs, its verdicts.

    Args:
        study: the specification of the report.
        claims: the table of claims.
    """
    texts = {}
    for name in filter(study.grids.get, DRAWN):
        figure, spec = FIGURES[name], study.only(name)
        runs = len(spec.runs()) if figure.trained else 0
        scored = sum(map(len, spec.masks(name).values())) if figure.masks else 0
        of_figure = claims[claims["figure"] == name]
        texts[f"{name}.rst"] = caption(figure.caption, spec, runs, scored, of_figure)
    return texts


def caption(sentence: str, spec: Spec, runs: int, scored: int, claims: pd.DataFrame) -> str:
    """Return a figure's caption: what it shows, of how many runs, what is not the paper's.

    Args:
        sentence: what the figure shows, from the table of figures.
        spec: of the figure.
        claims: the rows of the figure.
    """
    counts = [f"{runs} runs"] if runs else []
    counts += [f"{scored} networks scored"] if scored else []
    said = "; ".join([" and ".join(counts), *not_the_papers(spec)])
    lines = [sentence, "", f"Study *{spec.study}*: {said}.", ""]
    rows: Iterable[Any] = claims.itertuples()
    lines += [f"* {r.claim}: {r.statement} **{r.verdict.capitalize()}** (n = {r.n})." for r in rows]
    # To docutils |a| is a reference.
    return "\n".join(lines).replace("|", r"\|") + "\n"


def front_page(claims: pd.DataFrame) -> str:
    """Return what the report's first page says of the claims: how many of each verdict.

    Args:
        claims: the table of claims.
    """
    counts = [f"{(claims['verdict'] == verdict).sum()} {verdict}" for verdict in reversed(VERDICTS)]
    return f"**Of {len(claims)} statements: {', '.join(counts)}.**\n"
