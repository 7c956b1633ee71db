"""One page of a study, `figures/index.html`: answers, figures, statements, and masks to play with.

The page is one file that asks for nothing. Equal inputs give equal bytes, so it tells no times.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment
from PIL import Image

from snip.claims.evidence import abs_z, bright_means, variant_name
from snip.claims.likeness import correlation
from snip.claims.readable import note_text, region_text, short_text
from snip.claims.verdicts import CONFIRMATORY, VERDICTS
from snip.datasets.variants import parse_dataset
from snip.figures.forest import EDGE, row_scale
from snip.report.answers import answers, is_ours
from snip.report.charts import charts
from snip.study.figures import DRAWN, FIGURES
from snip.study.names import criterion_name, dataset_name, network_name
from snip.study.spec import Spec
from snip.tables.collect import read_figure_masks

WIDTH = 1400  # of a picture, pixels: that of the page on a sharp screen
INCH = 130  # pixels of the page: letters of 7 pt are as large as its own small ones
ALTERNATIVES = {
    "fig1": "Test error against sparsity, and its difference from the unpruned network's",
    "fig2": "Masks of each class at each sparsity, as grey images",
    "fig3": "Masks by the size of the pruning batch, and the test error",
    "fig4": "Training loss over iterations, with true and with random labels",
    "fig5": "Masks of inverted images, of each class at each sparsity",
    "fig6": "Masks by the gradient, of each class at each sparsity",
    "fig7": "Training loss over iterations on random labels, by sparsity",
    "gradient": "Masks by the size of the gradient, of each class at each sparsity",
    "anatomy": "Share of connections that each criterion keeps in each layer",
}


@dataclass(frozen=True)
class Study:
    """What the page is made from.

    Attributes:
        spec: the specification of the report.
        claims, published, runs, made_by: the study's tables.
        shipped: the errors of the studies that came with the clone, see `charts`.
        pictures: folder of the figures.
        masks, data: folders of mask files and fetched data.
        docs: how the page reaches the documentation.
    """

    spec: Spec
    claims: pd.DataFrame
    published: pd.DataFrame
    runs: pd.DataFrame
    made_by: pd.DataFrame
    shipped: pd.DataFrame
    pictures: Path
    masks: Path
    data: Path
    docs: str


def page(template: str, study: Study) -> str:
    """Return the page, HTML.

    Args:
        template: the text of a Jinja template.
    """
    spec = study.spec
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    stated = [statement(row) for row in study.claims.itertuples()]
    found = answers(study.claims)
    said = dict(zip(found["figure"], found["answer"], strict=True))
    figures = [
        {
            "name": name,
            "title": FIGURES[name].title,
            "caption": FIGURES[name].caption,
            "alternative": ALTERNATIVES.get(name, FIGURES[name].title),
            "picture": picture(study.pictures / f"{name}.png"),
            "statements": [s for s in stated if s["figure"] == name and not s["ours"]],
            "own": [s for s in stated if s["figure"] == name and s["ours"]],
            "made": _made(study, name),
            "answer": said.get(name, ""),
            "charts": charts(spec, name, study.runs, study.shipped, study.published),
        }
        for name in DRAWN
        if study.spec.grids.get(name)
    ]
    return environment.from_string(template).render(
        study=study.spec.study,
        docs=study.docs,
        verdicts={v: sum(s["verdict"] == v for s in stated) for v in reversed(VERDICTS)},
        answers=found.to_dict("records"),
        figures=figures,
        masks=json.dumps(mask_sets(study), separators=(",", ":")),
        published=published_table(study.published),
        made_by=study.made_by.to_dict("records"),
    )


def published_table(published: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison with the published test errors."""

    def ours(row: Any) -> str:
        if not row.n:
            return "not in this study"
        return f"{row.mean:.2f}" + (f" [{row.lower:.2f}, {row.upper:.2f}]" if row.n > 1 else "")

    rows: Iterable[Any] = published.itertuples()
    return pd.DataFrame(
        {
            "paper": row.source,
            "network": network_name(row.network),
            "sparsity (%)": row.sparsity,
            "pruning batch": row.batch_size,
            "published (%)": row.published,
            "ours (%), [95 %]": ours(row),
            "n": row.n,
            "our iterations": int(row.iterations) if row.n else "",
        }
        for row in rows
    )


def picture(path: Path) -> dict[str, Any]:
    """Return a picture as an address that holds it, with its size on the page."""
    with Image.open(path) as image:
        content, width = image.convert("RGB"), min(image.width, WIDTH)
        inches = image.width / image.info.get("dpi", (300, 300))[0]
        height = round(image.height * width / image.width)
        buffer = io.BytesIO()
        content.resize((width, height), Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=82)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    shown = round(INCH * inches)
    source = f"data:image/webp;base64,{encoded}"
    return {"source": source, "width": width, "height": height, "shown": shown}


def statement(row: Any) -> dict[str, Any]:
    """Return a row of the table of claims as the page shows it, with a drawing of 0 to 100."""
    (value, lower, upper), (left, right) = row_scale(row)

    def place(number: float) -> float:
        return round(float(np.clip(number, -EDGE, EDGE) + EDGE) / (2 * EDGE) * 100, 2)

    drawn = row.n and not np.isnan(row.lower)
    return {
        "name": row.name,
        "claim": row.claim,
        "figure": row.figure,
        "text": row.statement,
        "statistic": row.statistic,
        "verdict": row.verdict,
        "found": short_text(row) if row.n else "no runs",
        "region": region_text(row),
        "n": row.n,
        "level": f"{100 * row.level:.4g} %",
        "fresh": row.seeds == CONFIRMATORY,
        "note": note_text(row.note),
        "ours": is_ours(row.name),
        "forest": {"left": place(left), "right": place(right)}
        | ({"value": place(value), "lower": place(lower), "upper": place(upper)} if drawn else {})
        | {"left_out": bool(lower < -EDGE), "right_out": bool(upper > EDGE)},
    }


def _made(study: Study, figure: str) -> str:
    """Return what made a figure, in a few words."""
    spec, entry = study.spec.only(figure), FIGURES[figure]
    parts = [f"study {spec.study}"]
    if entry.trained:
        lengths = sorted({spec.settings_of(run)["iterations"] for run in spec.runs()})
        parts.append(
            f"{len(spec.runs())} runs of {' and '.join(f'{length:,}' for length in lengths)} "
            "iterations"
        )
    if entry.masks:
        parts.append(f"{sum(map(len, spec.masks(figure).values()))} networks scored")
    return ", ".join(parts)


def mask_sets(study: Study) -> dict[str, Any]:
    """Return the masks of single classes, by data set and criterion, for the page to show.

    Images are bytes in base64, 255 for a share of 1. `r` are correlations with the size of the
    class's standardised mean image, of the seed that is shown.
    """
    sets, patterns = [], {}
    for figure in (name for name in DRAWN if FIGURES[name].masks == "each"):
        files = read_figure_masks(study.masks, study.spec, figure)
        for _, of_kind in itertools.groupby(files, key=lambda file: file.path):
            images = {file.key["seed"]: (file, file.images) for file in of_kind}
            first, shown = next(iter(images.values()))
            mean = np.mean([pictures for _, pictures in images.values()], axis=0)
            name = first.key["dataset"]
            variant = parse_dataset(name)
            original = variant_name(name, inverted=False)
            patterns[original] = {
                "bright": _bytes(bright_means(original, study.data)),
                "size": _bytes(_to_one(abs_z(original, study.data))),
            }
            z = abs_z(name, study.data)[:, None]
            pixels = shown.reshape(*shown.shape[:2], -1)
            sets.append(
                {
                    "dataset": original,
                    "name": dataset_name(original),
                    "inverted": variant.inverted,
                    "criterion": criterion_name(first.key["criterion"]),
                    "seed": first.key["seed"],
                    "seeds": len(images),
                    "classes": first.classes,
                    "sparsities": first.sparsities,
                    "highest": float(max(shown.max(), mean.max())),
                    "shown": _bytes(shown),
                    "mean": _bytes(mean),
                    "r": correlation(pixels, z).round(3).tolist(),
                }
            )
    return {"sets": sets, "patterns": patterns}


def _to_one(images: np.ndarray) -> np.ndarray:
    return images / images.max(-1, keepdims=True)


def _bytes(images: np.ndarray) -> str:
    """Return images of shares, 0 to 1, as bytes in base64."""
    return base64.b64encode((255 * images).round().astype(np.uint8).tobytes()).decode()
