"""The charts of the page: test errors of a study, of shipped ones and published, run by run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from snip.figures.style import decades
from snip.study.names import network_name
from snip.study.spec import Spec
from snip.tables.intervals import ERROR_STEP, interval
from snip.tables.published import SOURCES, published_in

PUBLISHED = "published"


def charts(
    spec: Spec, figure: str, runs: pd.DataFrame, shipped: pd.DataFrame, published: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the charts of a figure of test errors: by network, error against the figure's axis.

    Args:
        spec: of the report.
        runs, published: the study's tables.
        shipped: errors of the studies that came with the clone: study, figure, network, sparsity,
            batch_size, seed, test_error.
    """
    axis = {"fig1": "sparsity", "fig3": "batch_size"}.get(figure)
    if axis is None:
        return []
    own = pd.DataFrame([run.key for run in spec.runs(figure)]).merge(
        runs.astype({"batch_size": object}), on=list(spec.runs(figure)[0].key)
    )
    own = own[own["criterion"].eq("snip") | own["sparsity"].eq(0)]
    own = own.rename(columns={spec.reported_error: "error"})
    others = shipped[shipped["figure"].eq(figure)].rename(columns={"test_error": "error"})
    published = published_in(figure, published)
    found = []
    for network in own["network"].unique():
        series = {f"this study ({spec.study})": own[own["network"].eq(network)]}
        for name, rows in others[others["network"].eq(network)].groupby("study"):
            if name != spec.study:
                series[f"study {name}, as shipped"] = rows
        numbers = published[published["network"].eq(network)].rename(columns={PUBLISHED: "error"})
        series[f"published ({', '.join(SOURCES[figure])})"] = numbers[
            ["sparsity", "batch_size", "error"]
        ]
        found.append(chart(network_name(network), axis, series))
    return found


def chart(title: str, axis: str, series: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return a chart in coordinates of 640 by 316: series of points, each with its runs."""
    if axis == "batch_size":  # numbers, or text where one of a table is `all`
        series = {label: rows.astype({axis: str}) for label, rows in series.items()}
    values = {v for rows in series.values() for v in rows[axis]}
    ordered = sorted(values, key=lambda v: float("inf") if v == "all" else float(v))
    errors = np.concatenate([rows["error"].to_numpy(float) for rows in series.values()])
    ticks = MaxNLocator(5).tick_values(errors.min(), errors.max())
    low, high = float(ticks[0]), float(ticks[-1])

    places = decades(ordered) if axis == "batch_size" else {}
    first, last = (places.get(ordered[end], 0.0) for end in (0, -1))

    def x(value: Any) -> float:
        if axis == "sparsity":
            return 80 + 520 * float(value) / 100
        return 90 + 500 * (places[value] - first) / ((last - first) or 1)

    def y(error: float) -> float:
        return round(260 - 240 * (error - low) / (high - low), 2)

    drawn: list[dict[str, Any]] = []
    for index, (label, rows) in enumerate(series.items()):
        points: list[dict[str, Any]] = []
        shift = 5 * (index - 1) if axis == "batch_size" else 0  # side by side
        for value, of_point in rows.groupby(axis, sort=False):
            mean = interval(of_point["error"], resolution=ERROR_STEP)
            known = len(of_point) > 1
            limits = f" [{mean.lower:.2f}, {mean.upper:.2f}]" if known else ""
            what = f"{value:g} %" if axis == "sparsity" else f"pruning batch of {value}"
            runs = [] if "seed" not in of_point else of_point[["seed", "error"]].to_numpy().tolist()
            each = ", ".join(f"seed {int(seed)}: {error:.2f}" for seed, error in runs)
            points.append(
                {
                    "x": round(x(value) + shift, 2),
                    "y": y(mean.value),
                    "bar": [y(mean.lower), y(mean.upper)] if known else None,
                    "runs": [y(error) for _, error in runs],
                    "label": f"{label}, {what}: {mean.value:.2f} %{limits}"
                    + (f", {len(runs)} runs: {each}" if runs else ""),
                }
            )
        look = 0 if index == 0 else 2 if label.startswith(PUBLISHED) else 1
        drawn.append(
            {"label": label, "look": look, "points": sorted(points, key=lambda point: point["x"])}
        )

    shown = range(0, 101, 10) if axis == "sparsity" else ordered
    return {
        "title": title,
        "axis": "Sparsity (%)" if axis == "sparsity" else "Examples in the pruning batch",
        "x": [(round(x(v), 2), str(v)) for v in shown],
        "y": [(y(float(tick)), f"{tick:.4g}") for tick in ticks],
        "series": drawn,
    }
