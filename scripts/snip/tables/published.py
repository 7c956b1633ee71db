"""The test errors that the paper publishes as numbers, and a study's own beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from snip.study.runs import AXES, PAPER, Run
from snip.tables.intervals import ERROR_STEP, interval


@dataclass(frozen=True)
class Published:
    """One published test error on MNIST (percent), of networks trained in the way stated.

    `spread` is what the paper gives after ±, over 20 runs, in percentage points; None if nothing.
    """

    source: str
    network: str
    sparsity: float
    batch_size: int
    test_error: float
    spread: float | None = None
    optimizer: str = "sgd"
    initialisation: str = "variance-scaling"
    weight_decay: float = 0.0005


def table3(network: str, initialisation: str, test_error: float, spread: float) -> Published:
    """Return an entry of Table 3: sparsity 90 %, Adam, no weight decay, 20 runs."""
    return Published(
        "Table 3", network, 90, 100, test_error, spread, "adam", initialisation, weight_decay=0
    )


# What the published networks are pruned by.
CRITERION = "snip"

PUBLISHED = [
    Published("Figure 3", "lenet-300-100", 90, 1, 1.94),
    Published("Figure 3", "lenet-300-100", 90, 10, 1.72),
    Published("Figure 3", "lenet-300-100", 90, 100, 1.64),
    Published("Figure 3", "lenet-300-100", 90, 1000, 1.56),
    Published("Figure 3", "lenet-300-100", 90, 10000, 1.40),
    Published("Table 1", "lenet-300-100", 0, 100, 1.7),
    Published("Table 1", "lenet-300-100", 95, 100, 1.6),
    Published("Table 1", "lenet-300-100", 98, 100, 2.4),
    Published("Table 1", "lenet-5-caffe", 0, 100, 0.9),
    Published("Table 1", "lenet-5-caffe", 98, 100, 0.8),
    Published("Table 1", "lenet-5-caffe", 99, 100, 1.1),
    # Table 3 calls these initialisations VS-X and VS-H.
    table3("lenet-300-100", "glorot", 1.91, 0.10),
    table3("lenet-300-100", "he", 1.88, 0.10),
    table3("lenet-5-caffe", "glorot", 0.88, 0.07),
    table3("lenet-5-caffe", "he", 0.85, 0.05),
]

# Axes that are compared one by one; other seeds are other runs of the same kind.
COMPARED = {"dataset", "labels", "criterion", "network", "sparsity", "weight_decay", "batch_size"}
COMPARED |= {"seed"}
# Where the paper has the errors that a figure shows.
SOURCES = {"fig1": ("Table 1", "Figure 3"), "fig3": ("Figure 3",)}
COLUMNS = ["source", "network", "sparsity", "batch_size", "optimizer", "initialisation"]
COLUMNS += ["weight_decay", "published", "spread", "mean", "lower", "upper", "n", "iterations"]


def compare(runs: pd.DataFrame, settings: Mapping, error: str) -> pd.DataFrame:
    """Set a study's test errors beside the published ones.

    Args:
        runs: the study's table of runs.
        settings: by network, data set and reading, how these were trained.
        error: the column of test errors, percent.

    Returns:
        COLUMNS, one row per published error: the mean over the runs that were trained in the same
        way (optimiser, initialisation, weight decay), its 95 % interval, and their number `n`.
        Without such runs `n` is 0, and mean, interval and iterations are empty.
    """
    runs = runs[(runs["dataset"] == "mnist") & (runs["labels"] == "correct")]
    runs = runs[runs["criterion"].eq(CRITERION) | runs["sparsity"].eq(0)]
    # A table that has the batch size `all` mixes numbers and text.
    runs = runs.assign(batch_size=runs["batch_size"].astype(str))
    rows = []
    for published in PUBLISHED:
        row = asdict(published)
        row["published"] = row.pop("test_error")
        by_dataset = settings.get(published.network, {})
        trained = by_dataset.get("mnist", {}).get(PAPER, {})
        same = runs["network"].eq(published.network) & runs["sparsity"].eq(published.sparsity)
        same &= runs["weight_decay"].eq(published.weight_decay)
        same &= all(trained.get(name) == row[name] for name in ("optimizer", "initialisation"))
        for axis in AXES.keys() - COMPARED:  # what the paper does not state is as by default
            same &= runs[axis].eq(Run.model_fields[axis].default)
        if published.sparsity:  # the reference has no pruning batch
            same &= runs["batch_size"].eq(str(published.batch_size))
        ours = runs[same]
        if len(ours):
            mean = interval(ours[error], resolution=ERROR_STEP)
            row |= {"mean": round(mean.value, 4), "n": mean.n}
            row |= {"lower": round(mean.lower, 4), "upper": round(mean.upper, 4)}
            row["iterations"] = int(ours["iterations"].iloc[0])
        rows.append({"n": 0, **row})
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    return table.astype({"n": int, "iterations": "Int64"})


def published_in(figure: str, published: pd.DataFrame) -> pd.DataFrame:
    """Return the published errors that belong into Figure 1 or 3 (`fig1`, `fig3`): rows of a table.

    Figure 1 takes those of one size of the pruning batch, whichever place of the paper has them.
    """
    found = published[published["source"].isin(SOURCES[figure])]
    # A table that was read has sizes as text.
    return found[found["batch_size"].astype(str).eq("100")] if figure == "fig1" else found
