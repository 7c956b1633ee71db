"""The numbers at full length on the page of results are those of the run files in the clone."""

import math
import re

import numpy as np
import pandas as pd
from scipy import stats

from helpers import REPOSITORY
from pages import prose, rows
from snip.claims.statements import family_level
from snip.jobs.files import unsealed
from snip.study.grids import figure_runs
from snip.study.runs import Run
from snip.study.spec import spec_of
from snip.tables.intervals import dunnett_intervals
from studies import load

PAGE = "docs/results.md"
SEEDS = range(200, 220)
SHIPPED = load("paper", "shipped")


def contents(study="paper", **setting):
    """The result files of a setting, by seed."""
    paths = [Run(seed=seed, **setting).path for seed in SEEDS]
    files = [REPOSITORY / f"results/{study}/runs/{path}.json" for path in paths]
    return [unsealed(file.read_bytes()) for file in files]


def errors(**setting):
    return np.array([each["test_error"] for each in contents(**setting)])


def outwards(value, lower, upper, decimals=2):
    """Number and interval in print: the limits are rounded outwards."""
    scale = 10**decimals
    low, high = math.floor(scale * lower) / scale, math.ceil(scale * upper) / scale
    value = round(value + 1e-9, decimals) + 0.0  # halves are rounded up, and no zero has a sign
    return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"


def students(values, level=0.95, decimals=2):
    factor = stats.t.ppf((1 + level) / 2, len(values) - 1)
    half = factor * values.std(ddof=1) / math.sqrt(len(values))
    return outwards(values.mean(), values.mean() - half, values.mean() + half, decimals)


def test_figure_1_has_errors_differences_and_the_intervals_of_its_statement():
    sparsities = sorted({run.sparsity for run in figure_runs(SHIPPED, "fig1")})
    table = pd.DataFrame({each: errors(sparsity=each) for each in sparsities})
    judged = table.loc[:, :90]
    level = family_level(spec_of(SHIPPED, "fig1"))
    joint = dict(zip(judged.columns[1:], dunnett_intervals(judged, level), strict=True))
    expected = [["not pruned", students(table[0]), "", "", ""]]
    for sparsity in sparsities[1:]:
        less = table[sparsity] - table[0]
        row = [f"{sparsity:g} %", students(table[sparsity]), students(less)]
        if sparsity in joint:
            each = joint[sparsity]
            separate = students(less, 1 - (1 - level) / len(joint), 3).partition(" ")[2]
            row += [outwards(each.value, each.lower, each.upper, 3), separate]
        else:
            row += ["", ""]
        expected.append(row)
    assert [row[:5] for row in rows(PAGE, "| Figure 1 | test error |")] == expected


def test_figure_3_has_the_errors_of_each_pruning_batch():
    sizes = {1: "1", 10: "10", 100: "100", 1000: "1,000", 10000: "10,000", "all": "all 54,000"}
    pruned = {size: errors(batch_size=size) for size in sizes}
    expected = [[text, students(pruned[size])] for size, text in sizes.items()]
    expected.append(["1 less 100, paired", students(pruned[1] - pruned[100])])
    expected.append(["100 less 10,000, paired", students(pruned[100] - pruned[10000])])
    assert [row[:2] for row in rows(PAGE, "| Figure 3, pruning batch |")] == expected


def test_table_3_has_means_spreads_and_differences_from_the_published():
    expected = []
    for study, text, published in (
        ("table3", "VS-X (Glorot)", 1.91),
        ("table3-he", "VS-H (He)", 1.88),
    ):
        values = errors(study=study, weight_decay=0)
        spread, freedom = values.std(ddof=1), len(values) - 1
        # (n − 1) s² / σ² has the χ² distribution.
        limits = spread * np.sqrt(freedom / stats.chi2.ppf([0.975, 0.025], freedom))
        # Welch's t: the published spread is 0.10, of as many runs.
        ours, theirs = spread**2 / len(values), 0.10**2 / len(values)
        welch = freedom * (ours + theirs) ** 2 / (ours**2 + theirs**2)
        half = stats.t.ppf(0.975, welch) * math.sqrt(ours + theirs)
        less = values.mean() - published
        row = [text, students(values), outwards(spread, *limits), f"{published} ± 0.10"]
        expected.append([*row, outwards(less, less - half, less + half)])
    assert rows(PAGE, "| Table 3 | test error |") == expected


def test_the_lowest_of_all_evaluations_are_those_of_the_runs():
    text = " ".join(prose(PAGE).split())
    for sparsity in (95, 98):
        found = [each["evaluations"] for each in contents(sparsity=sparsity)]
        lowest = min(evaluation["test_error"] for run in found for evaluation in run)
        assert re.search(rf"\b{lowest:.2f} % at {sparsity} %", text), (sparsity, lowest)
