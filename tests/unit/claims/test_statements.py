"""Statements on runs and masks that do what the paper says, or the opposite."""

import math
from dataclasses import replace

import numpy as np
import pytest

from paper_study import (
    FIGURES,
    MASKED,
    RANDOM,
    SEEDS,
    class_masks,
    configuration,
    file_of,
    row_of,
    table_of,
    with_runs,
)
from snip.claims.readable import readable
from snip.claims.verdicts import COLUMNS
from snip.study.spelling import label
from snip.tables.published import PUBLISHED


def test_what_the_paper_says_is_supported_by_runs_that_do_it(paper):
    table = table_of(paper())
    assert list(table.columns) == COLUMNS
    wanted = {"1a", "1b", "2a", "2b", "3a", "3b", "3c", "4", "4-capacity", "4-control"}
    assert set(table["claim"]) == wanted | {"5", "6a", "6b", "6c", "7"}
    size = table["statement"].str.contains("size of the gradient")
    # This study's Figure 1 has no lenet-5-caffe.
    without = table[(table["claim"] != "1b") & ~size]
    assert (without["verdict"] == "supported").all(), without.to_string()
    other = row_of(table, "1b")
    assert (other["verdict"], other["n"]) == ("inconclusive", 0)
    assert "figures.fig1 has no runs with" in other["note"] and "lenet-5-caffe" in other["note"]
    # The masks of Figure 6's other reading are made like the sensitivity's.
    other = table[size].groupby("claim")["verdict"].agg(set).to_dict()
    assert other["6a"] == other["6c"] == {"contradicted"} and "supported" not in other["6b"]
    assert (without["n"] == len(SEEDS)).all() and set(without["seeds"]) == {"exploratory"}
    text = readable(table, "made-up", 0.05)
    assert text.count("**supported**") == len(without)
    assert all(statement in text for statement in table["statement"])


def test_notes_say_what_a_reader_asks_next(paper):
    table = table_of(paper())
    row = row_of(table, "1a")
    margin = float(row["note"].removeprefix("equivalence would hold within ±"))
    assert max(-row["lower"], row["upper"]) <= margin < 0.1
    assert "Page" in row_of(table, "3b", "over 1, 100, 200")["note"]
    control = row_of(table, "4-control", "99 %")
    assert control["note"] == "10 parameters for 540 examples: 0.019 each"
    assert control["value"] == pytest.approx(1 / 1.2, rel=0.01) and control["high"] == 1
    rows = table[(table["claim"] == "6c") & table["statement"].str.contains("signed")]
    assert len(rows) == 1 and rows["note"].str.contains("differs most").all()


def test_runs_that_do_the_opposite_contradict_it(paper):
    evidence = paper()
    runs = evidence.runs.table.copy()
    worse = runs["sparsity"].eq(90) & runs["batch_size"].eq(100)
    runs.loc[worse, "test_error"] += 1
    runs.loc[runs["labels"] == "random", "train_loss"] = 0.05 / runs["train_loss"]
    table = table_of(with_runs(evidence, table=runs))
    for claim in ("1a", "7", "4-capacity"):
        assert row_of(table, claim)["verdict"] == "contradicted"
    assert set(table[table["claim"] == "4-control"]["verdict"]) == {"contradicted"}
    assert set(table[table["statement"].str.contains("random labels")]["verdict"]) == {
        "contradicted"
    }
    assert row_of(table, "4", "reference without L2", "correct")["verdict"] == "supported"


def test_statements_name_the_error_that_they_are_about(paper):
    evidence = paper()
    for error, name in [
        ("best_test_error", "best test error of all evaluations"),
        ("best_validation_test_error", "test error at the best validation error"),
    ]:
        table = evidence.runs.table.rename(columns={"test_error": error})
        table = table_of(with_runs(evidence, table=table, error=error), "1a", "3b")
        rows = table[table["claim"].isin(["1a", "3b"])]
        assert len(rows) == 4 and rows["statement"].str.contains(name, regex=False).all()
        assert rows["statistic"].str.contains(name, regex=False).all()


def test_masks_that_are_not_of_their_class_contradict_it(paper):
    evidence = paper()
    for path, (masks, seeds, sparsities) in class_masks(evidence).items():
        with np.load(path) as archive:
            counts = np.roll(archive["images"], 1, axis=1)
        first = np.arange(50)[:, None] < counts.reshape(*counts.shape[:3], 1, 784)
        path.write_bytes(file_of(masks, seeds, sparsities, first))
    table = table_of(evidence, "2a")
    assert row_of(table, "2a", "mean images by size")["verdict"] == "contradicted"
    # All seeds made the same mistake, so their masks still tell the classes from one another.
    assert row_of(table, "2a", "other seeds")["verdict"] == "supported"


def test_constant_images_count_as_not_told_and_are_counted(paper):
    evidence = paper()
    kept = np.ones((50, 784), bool)
    kept[49, 300:] = False
    for path, (masks, seeds, sparsities) in class_masks(evidence).items():
        with np.load(path) as archive:
            counts = archive["images"]
        first = np.arange(50)[:, None] < counts.reshape(*counts.shape[:3], 1, 784)
        first[:, 3] = kept
        path.write_bytes(file_of(masks, seeds, sparsities, first))
    row = row_of(table_of(evidence, "2a"), "2a", "mean images by size")
    assert row["value"] == pytest.approx(0.9)
    assert "6 at 50 %, 6 at 90 %, of 60 images each" in row["note"]


def test_a_study_with_one_seed_is_inconclusive_throughout(paper):
    def first(grids):
        return {
            f: [{**g, "seeds": [0], "mask_seeds": [0]} for g in blocks]
            for f, blocks in grids.items()
        }

    evidence = paper()
    masks = replace(evidence.masks, grids=first(evidence.masks.grids))
    one = replace(with_runs(evidence, grids=first(evidence.runs.grids)), masks=masks)
    table = table_of(one)
    assert set(table["verdict"]) == {"inconclusive"} and set(table["n"]) == {0, 1}
    assert table["note"].str.contains("seeds, found 1|missing").all()


def test_confirming_seeds_are_used_where_a_statement_has_them(paper):
    seeds = [0, 1, 100, 101, 102, 103, 104, 105]
    table = table_of(paper(fig2=[{**MASKED, "seeds": seeds}]), "2b", "5")
    row = row_of(table, "2b")
    assert (row["n"], row["seeds"], row["verdict"]) == (6, "confirmatory", "supported")
    # Figure 5 has none of them.
    assert row_of(table, "5")["seeds"] == "exploratory"


@pytest.mark.parametrize(
    ("changed", "claim", "words", "named"),
    [
        (
            {"fig4": [{**RANDOM, "sparsities": [0], "weight_decays": [0]}]},
            "4",
            ["pruned", "random"],
            "figures.fig4 has no runs with criterion snip, sparsity above 0",
        ),
        (
            {"fig4": [{**RANDOM, "sparsities": [0, 99], "weight_decays": [0]}]},
            "4",
            ["reference with L2"],
            "labels random, sparsity 0, weight decay above 0",
        ),
        (
            {"claims": [{**RANDOM, "sparsities": [90], "weight_decays": [0]}]},
            "4-control",
            [],
            "control shuffled, labels random",
        ),
        ({"fig7": [{**RANDOM, "sparsities": [90]}]}, "7", [], "figures.fig7 has one sparsity"),
        (
            {"fig3": [{"datasets": ["generated"], "batch_sizes": [10, 100], "seeds": SEEDS}]},
            "3c",
            [],
            "figures.fig3 has no masks with batch size 1",
        ),
        (
            {"fig6": [{**MASKED, "criteria": ["gradient"]}]},
            "6a",
            ["signed"],
            "figures.fig6 has no masks with criterion gradient-signed, generated",
        ),
        (
            {"fig6": [{**MASKED, "criteria": ["gradient"]}]},
            "6c",
            ["size"],
            "figures.fig6 has no masks with criterion gradient, generated-inverted",
        ),
    ],
)
def test_settings_that_a_study_lacks_are_named(paper, changed, claim, words, named):
    row = row_of(table_of(paper(**changed), claim), claim, *words)
    assert (row["verdict"], row["n"]) == ("inconclusive", 0)
    assert named in row["note"]


def test_a_study_without_the_papers_criterion_is_inconclusive(paper):
    criteria = {"criteria": ["magnitude"]}
    changed = {
        figure: [{**grid, **criteria} for grid in grids]
        for figure, grids in FIGURES.items()
        if figure != "fig6"
    }
    table = table_of(paper(**changed))
    # References are not pruned, and some statements are about the gradient or the control alone.
    known = table["statement"].str.startswith("The reference")
    known |= table["claim"].isin(["6c", "4-capacity"])
    assert set(table[~known]["verdict"]) == {"inconclusive"}
    assert "supported" in set(table[known]["verdict"])


def test_margins_follow_their_rule():
    # Two standard errors of the published error on 10,000 test images.
    margins = configuration()["claims"]["margins"]
    for claim, network in (("1a", "lenet-300-100"), ("1b", "lenet-5-caffe")):
        [error] = [p.test_error for p in PUBLISHED if (p.network, p.sparsity) == (network, 0)]
        share = error / 100
        assert margins[claim] == round(200 * math.sqrt(share * (1 - share) / 10_000), 2)
        assert label(error) in ("1.7", "0.9")
