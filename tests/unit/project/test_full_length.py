"""The numbers at full length on the page of results are those of the run files in the clone."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import REPOSITORY
from pages import prose, rows
from snip.claims.statements import family_level
from snip.study.grids import figure_runs
from snip.study.spec import spec_of
from snip.tables.intervals import dunnett_intervals
from snip.tables.published import PUBLISHED
from studies import load, shipped_errors, shipped_runs

PAGE = "docs/results.md"
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
SHIPPED = load("paper", "shipped")


def published(
    source, network="lenet-300-100", batch_size=100, sparsity=90, initialisation="variance-scaling"
):
    """What the paper has; None if nothing."""
    key = (source, network, sparsity, batch_size, initialisation)
    names = ("source", "network", "sparsity", "batch_size", "initialisation")
    found = [each for each in PUBLISHED if tuple(getattr(each, name) for name in names) == key]
    return found[0] if found else None


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


# Published errors that stand beside Figure 1, by network and sparsity.
BESIDE = {
    "lenet-300-100": {
        0: "1.7 (Table 1)",
        90: "1.64 (Figure 3)",
        95: "1.6 (Table 1)",
        98: "2.4 (Table 1)",
    },
    "lenet-5-caffe": {0: "0.9 (Table 1)", 98: "0.8 (Table 1)", 99: "1.1 (Table 1)"},
}


def errors_and_differences(network):
    """The rows of a table of Figure 1: errors, differences, intervals of the statement."""
    runs = [run for run in figure_runs(SHIPPED, "fig1") if run.network == network]
    sparsities = sorted({run.sparsity for run in runs})
    seeds = sorted({run.seed for run in runs})
    table = pd.DataFrame(
        {each: shipped_errors(seeds=seeds, network=network, sparsity=each) for each in sparsities}
    )
    judged = table.loc[:, :90]
    level = family_level(spec_of(SHIPPED, "fig1"))
    joint = dict(zip(judged.columns[1:], dunnett_intervals(judged, level), strict=True))
    expected = [["unpruned", students(table[0]), "", "", ""]]
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
    for row, sparsity in zip(expected, sparsities, strict=True):
        row.append(BESIDE[network].get(sparsity, DASH))
        if row[-1] != DASH:
            error, source = row[-1].strip(")").split(" (")
            assert published(source, network, sparsity=sparsity).test_error == float(error)
    return expected


@pytest.mark.parametrize(("panel", "network"), [("a", "lenet-300-100"), ("b", "lenet-5-caffe")])
def test_figure_1_has_errors_differences_and_the_intervals_of_its_statement(panel, network):
    assert rows(PAGE, f"| Figure 1 ({panel}) |") == errors_and_differences(network)


def test_figure_3_has_the_errors_of_each_pruning_batch():
    sizes = {1: "1", 10: "10", 100: "100", 1000: "1,000", 10000: "10,000", "all": "all 54,000"}
    pruned = {size: shipped_errors(batch_size=size) for size in sizes}
    theirs = {size: published("Figure 3", batch_size=size) for size in sizes}
    expected = [
        [text, students(pruned[size]), f"{theirs[size].test_error:.2f}" if theirs[size] else DASH]
        for size, text in sizes.items()
    ]
    for one, other in ((1, 100), (100, 10000)):
        fall = theirs[one].test_error - theirs[other].test_error
        less = students(pruned[one] - pruned[other])
        expected.append([f"{one} less {other:,}, paired", less, f"{fall:.2f}"])
    assert rows(PAGE, "| Figure 3, pruning batch |") == expected


def test_table_3_has_means_spreads_and_differences_from_the_published():
    expected = []
    for study, text, initialisation in (
        ("table3", "VS-X (Glorot)", "glorot"),
        ("table3-he", "VS-H (He)", "he"),
    ):
        theirs = published("Table 3", initialisation=initialisation)
        values = shipped_errors(study=study, weight_decay=0)
        spread, freedom = values.std(ddof=1), len(values) - 1
        # (n − 1) s² / σ² has the χ² distribution.
        limits = spread * np.sqrt(freedom / stats.chi2.ppf([0.975, 0.025], freedom))
        # Welch's t: the published spread is of as many runs.
        one, other = spread**2 / len(values), theirs.spread**2 / len(values)
        welch = freedom * (one + other) ** 2 / (one**2 + other**2)
        half = stats.t.ppf(0.975, welch) * math.sqrt(one + other)
        less = values.mean() - theirs.test_error
        given = f"{theirs.test_error:.2f} ± {theirs.spread:.2f}"
        row = [text, students(values), outwards(spread, *limits), given]
        expected.append([*row, outwards(less, less - half, less + half)])
    assert rows(PAGE, "| Table 3 | test error |") == expected


def test_the_lowest_of_all_evaluations_are_those_of_the_runs():
    text = " ".join(prose(PAGE).split())
    tables = {"lenet-300-100": (20, (95, 98)), "lenet-5-caffe": (5, (98, 99))}
    for network, (seeds, sparsities) in tables.items():
        lowest = []
        for sparsity in sparsities:
            runs = shipped_runs(seeds=range(200, 200 + seeds), network=network, sparsity=sparsity)
            errors = [each["test_error"] for run in runs for each in run["evaluations"]]
            lowest.append(f"{min(errors):.2f} % at {sparsity} %")
        count = f"Of our {20 * seeds} evaluations at each, twenty of each run, the lowest is "
        assert len(errors) == 20 * seeds and count + " and ".join(lowest) in text


def longer_training():
    """What LeNet-5-Caffe's difference at 90 % loses from two epochs to full length, by seed."""
    table = pd.read_csv(REPOSITORY / "workflow/report/shipped.csv")
    table = table.query("figure == 'fig1' and network == 'lenet-5-caffe' and seed < 205")
    by_seed = table.pivot_table("test_error", "seed", ["study", "sparsity"])
    default, paper = (by_seed[study][90] - by_seed[study][0] for study in ("default", "paper"))
    return students((default - paper).to_numpy())


def test_the_intervals_in_prose_are_of_the_tables_or_of_runs_that_do_not_ship():
    text = prose(PAGE).replace(MINUS, "-")
    lines = text.splitlines()
    shown = {longer_training(), *(line for line in lines if line.startswith("|"))}
    said = "\n".join(line for line in lines if not line.startswith("|"))
    number = r"(-?\d+\.\d+)(?: %| points)? (\[-?[\d.]+, -?[\d.]+\])"
    found = 0
    for paragraph in said.split("\n\n"):
        if "not shipped" in paragraph or "not in this repository" in paragraph:
            continue
        for value, interval in re.findall(number, paragraph.replace("\n", " ")):
            assert any(f"{value} {interval}" in each for each in shown), paragraph
            found += 1
    assert found > 10
    assert longer_training() in text


def test_numbers_of_parts_of_the_runs_are_those_of_the_files():
    text = " ".join(prose(PAGE).split())
    tenth = list(range(200, 210))  # the seeds that were trained by other kernels, too
    unpruned, pruned = (shipped_errors(seeds=tenth, sparsity=each) for each in (0, 90))
    one, other = (students(each).replace(" ", " % ", 1) for each in (unpruned, pruned - unpruned))
    assert f"{one} and {other.replace(' %', '')} higher" in text
    kept = students(shipped_errors(seeds=range(200, 206), sparsity=95)).replace(" ", " % ", 1)
    assert f"with new ones at {kept}" in text


def test_what_the_verdict_of_lenet_5_caffe_rests_on_has_the_numbers_of_the_files():
    text = " ".join(prose(PAGE).split())
    differences = {row[0]: row[3] for row in errors_and_differences("lenet-5-caffe")}
    upper = {each: differences[each].rpartition(" ")[2].strip("]") for each in ("70 %", "80 %")}
    assert f"The upper limits are {upper['70 %']} at 70 % and {upper['80 %']} at 80 %" in text
    runs = shipped_runs(seeds=range(200, 205), network="lenet-5-caffe", sparsity=70)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for run in runs:
        errors["Haswell" in run["made_by"]["library"]].append(run["test_error"])
    haswell, others = (f"{np.mean(errors[each]):.2f}" for each in (True, False))
    assert (len(errors[True]), haswell) == (2, others)
    said = f"by Haswell's kernels ended at {haswell} % on average, and so did the three others"
    assert said in text
    ratio = math.sqrt(stats.f.ppf(0.975, 19, 19))
    assert f"the ratio of two standard deviations to a factor of {ratio:.1f}" in text
