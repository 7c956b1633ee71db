"""A study's table of runs, read by figure and setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from snip.claims.verdicts import Missing
from snip.datasets.variants import training_size
from snip.study.axes import AXES, KEY
from snip.study.grids import expand_runs
from snip.tables.collect import TableError

STUDY = "study"  # stands for the runs of all figures


@dataclass(frozen=True)
class RunTable:
    """A study's runs.

    Attributes:
        table: the study's table of runs.
        grids: completed grids per figure; `claims` are the runs that only the claims need.
        error: the column of test errors to judge.
        validation_share: the share of the training images held out.
    """

    table: pd.DataFrame
    grids: Mapping[str, list[dict]]
    error: str
    validation_share: float

    def values_of(self, figure: str, axis: str) -> list:
        """Return the values of an axis (`networks`, `datasets`) in a figure's grids, in order."""
        return list(dict.fromkeys(v for grid in self.grids[figure] for v in grid[axis]))

    def select(self, figure: str, criterion: str = "snip", **fixed) -> pd.DataFrame:
        """Return the rows of a figure's runs with a criterion, and of its references.

        Args:
            figure: a figure, `claims`, or STUDY for the runs of all.
            fixed: columns, and the value that each must have.

        Raises:
            Missing: the figure has no such run.
            TableError: the table lacks one of the figure's runs.
        """
        figures = self.grids if figure == STUDY else [figure]
        asked = expand_runs(grid for name in figures for grid in self.grids[name])
        keys = pd.DataFrame([run.key for run in asked], columns=KEY)
        runs = _comparable(keys).merge(_comparable(self.table), on=KEY, how="left")
        if runs["parameters"].isna().any():
            missing = runs[runs["parameters"].isna()][KEY].iloc[0].to_dict()
            raise TableError(f"the table of runs lacks {missing}, which {place(figure)} needs")
        runs = runs[(runs["criterion"] == criterion) | (runs["sparsity"] == 0)]
        for column, value in fixed.items():
            runs = runs[runs[column] == value]
        if not len(runs):
            settings = {"criterion": criterion, **fixed}
            spelled = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in settings.items())
            raise Missing(f"{place(figure)} has no runs with {spelled}")
        return runs

    def by_seed(self, figure: str, column: str, value: str, **selected) -> pd.DataFrame:
        """Return one row per seed and one column per setting of an axis, in rising order.

        Args:
            column: the axis; batch sizes are numbers of examples.
            value: the column of numbers.
            selected: arguments for `select`.

        Raises:
            Missing: the figure has no such run.
            TableError: the runs also differ in another axis, so a seed would count twice.
        """
        runs = self.select(figure, **selected)
        # A reference is not pruned, so ignore the criterion and pruning batch in its key.
        pruned, pruning = runs["sparsity"] > 0, {"criterion", "batch_size"}
        for axis in KEY:
            rows = runs[pruned] if axis in pruning else runs
            if axis not in (column, "seed", "sparsity") and rows[axis].nunique() > 1:
                raise TableError(
                    f"{place(figure)} has {axis} {rows[axis].unique().tolist()}, which the "
                    "claims cannot tell apart, expected one"
                )
        if column != "sparsity" and runs["sparsity"].nunique() > 1:
            raise TableError(
                f"{place(figure)} has sparsities {sorted(runs['sparsity'].unique().tolist())}, "
                "expected one"
            )
        runs = runs.drop_duplicates([column, "seed"])
        if column == "batch_size":
            sizes = [
                batch_examples(batch, name, self.validation_share)
                for batch, name in zip(runs["batch_size"], runs["dataset"], strict=True)
            ]
            runs = runs.assign(batch_size=sizes)
        return runs.pivot(index="seed", columns=column, values=value)


def batch_examples(batch_size: str | int, dataset: str, validation_share: float) -> int:
    """Return the number of examples in a pruning batch; `all` are those that a run trains on."""
    if batch_size == "all":
        return training_size(dataset, validation_share)
    return int(batch_size)


def place(figure: str) -> str:
    """Return where the configuration names a figure's runs and masks."""
    return {STUDY: "the study", "claims": "claims.runs"}.get(figure, f"figures.{figure}")


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose key columns have the same types in all tables: batch sizes are text."""
    numbers = [name for name in KEY if AXES[name].schema.get("type") == "number"]
    return table.astype(dict.fromkeys(numbers, float) | {"batch_size": str})
