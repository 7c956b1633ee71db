"""Statements on runs and masks that do what the paper says, and on studies that lack some."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from helpers import REPOSITORY
from paper_study import FIGURES, RANDOM, SCORED, SEEDS, table_of, with_images
from snip.claims.readable import is_logarithmic, readable
from snip.claims.statements import statements
from snip.claims.verdicts import COLUMNS, power_of_ten
from snip.tables.published import PUBLISHED
from studies import load

NAMES = [
    *("1a-generated-equal", "1b-generated-equal"),
    *("2a-generated-told", "2a-generated-told-by-masks"),
    *("2a-generated-like-size", "2a-generated-like-bright", "2b-generated-strokes"),
    *("3a-approach", "3b-trend", "3b-fall-1-200", "3b-fall-100-200", "3c-own-example"),
    *("4-reference-correct", "4-pruned-correct"),
    *("4-reference-random", "4-reference-random-l2", "4-pruned-random"),
    *("4-capacity", "4-control-90", "4-control-99", "5-generated-same"),
    *("6a-generated-signed-differ", "6a-generated-size-differ"),
    *("6b-generated-signed-by-sparsity", "6b-generated-signed-by-class"),
    *("6b-generated-size-by-sparsity", "6b-generated-size-by-class"),
    *("6c-generated-signed-inverted", "6c-generated-size-inverted", "7-rise"),
]


def test_what_the_paper_says_is_supported_by_runs_that_do_it(paper):
    table = table_of(paper())
    assert list(table.columns) == COLUMNS and table["name"].tolist() == NAMES
    assert all(name.startswith(claim) for name, claim in table["claim"].items())
    # This study's Figure 1 has no lenet-5-caffe.
    row = table.loc["1b-generated-equal"]
    assert (row["verdict"], row["n"]) == ("inconclusive", 0)
    assert row["note"] == (
        "missing: figures.fig1 has no runs with criterion snip, network lenet-5-caffe, dataset "
        "generated"
    )
    # The masks by the size of the gradient are made like the sensitivity's.
    by_size = table["name"].str.contains("-size-")
    assert "supported" not in set(table.loc[by_size, "verdict"])
    rest = table[~by_size].drop("1b-generated-equal")
    assert (rest["verdict"] == "supported").all(), rest.to_string()
    assert (rest["n"] == len(SEEDS)).all() and set(rest["seeds"]) == {"exploratory"}
    text = readable(table, "made-up", 0.05)
    assert text.count("**supported**") == len(rest)
    assert all(statement in text for statement in table["statement"])
    margin = float(table.loc["1a-generated-equal", "note"].partition("±")[2])
    assert table.loc["1a-generated-equal", ["lower", "upper"]].abs().max() <= margin < 0.1
    assert table.loc["3b-trend", "note"].startswith("Page's trend test of a fall: p = ")
    assert "differs most" in table.loc["6c-generated-signed-inverted", "note"]
    statistic = "training loss after 800 iterations, geometric mean"
    assert table.loc["4-capacity", "statistic"] == statistic


def test_the_docs_list_the_names():
    """There NETWORK, DATASET and so on stand for what the configuration names."""
    page = (REPOSITORY / "docs/claims.md").read_text()
    column = "".join(re.findall(r"^\| (`[^|]*`) \|", page, re.M))
    patterns = [re.sub("[A-Z]+", "[a-z0-9-]+", name) for name in re.findall("`([^`]+)`", column)]
    assert len(patterns) > 20
    for name in NAMES:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


def test_statements_name_the_error_that_they_are_about(paper):
    evidence = paper()
    runs = evidence.runs.assign(best_test_error=evidence.runs["test_error"], test_error=math.nan)
    names = ["1a-generated-equal", "3b-trend", "3b-fall-1-200"]
    rows = table_of(replace(evidence, runs=runs, error="best_test_error"), *names)
    assert rows["verdict"].tolist() == ["supported"] * 3
    for text in [*rows["statement"], *rows["statistic"]]:
        assert "best test error of all evaluations" in text


def test_constant_images_count_as_not_told_and_are_counted(paper):
    def one_step(images):
        images = images.copy()
        images[3] = np.repeat([1, 0.98], [300, 484])
        return images

    [row] = table_of(with_images(paper(), one_step), "2a-generated-told").itertuples()
    assert row.value == pytest.approx(0.9)
    assert "6 at 50 %, 6 at 90 %, of 60 images each" in row.note


def test_a_study_with_one_seed_is_inconclusive_throughout(paper):
    evidence = paper()
    runs, masks = (each[each["seed"] == 0] for each in (evidence.runs, evidence.masks))
    table = table_of(replace(evidence, runs=runs, masks=masks))
    assert set(table["verdict"]) == {"inconclusive"} and set(table["n"]) == {0, 1}
    assert table["note"].str.contains("seeds, found 1|missing").all()


@pytest.mark.parametrize("decays", [[0, 0.0005], [0.0005, 0]])
def test_of_two_weight_decays_the_least_counts_where_the_paper_names_none(paper, decays):
    grid = {**RANDOM, "labels": ["correct", "random"], "sparsities": [0, 99]}
    table = table_of(paper(fig4=[{**grid, "weight_decays": decays}]))
    rows = table[table["claim"] == "4"]
    assert (rows["n"] == len(SEEDS)).all() and (rows["verdict"] == "supported").all()
    assert rows["statement"].tolist() == [
        "The reference without L2 fits correct labels.",
        "The network pruned to 99 % without L2 fits correct labels.",
        "The reference without L2 fits random labels.",
        "The reference with L2 (0.0005) fits random labels.",
        "The network pruned to 99 % without L2 does not fit random labels.",
    ]


def test_names_stay_what_they_are_where_the_weight_decay_changes(paper):
    table = table_of(paper(fig4=[{**grid, "weight_decays": [0.0005]} for grid in FIGURES["fig4"]]))
    assert table["name"].tolist() == NAMES
    assert "with L2 (0.0005)" in table.loc["4-reference-correct", "statement"]
    assert table.loc["4-reference-random", "n"] == 0


def fig3(*batch_sizes):
    return {"fig3": [{"datasets": ["generated"], "batch_sizes": list(batch_sizes), "seeds": SEEDS}]}


GENERATED = "generated"
OTHER = {"fig6": [{**SCORED, "criteria": ["gradient"]}]}
ORIGINALS = {"gradient": [{**SCORED, "criteria": ["gradient"]}]}


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        (
            {"fig1": [{"datasets": [GENERATED], "sparsities": [50, 90], "seeds": SEEDS}]},
            "1a-generated-equal",
            "figures.fig1 has no reference (sparsity 0) or no sparsity up to 90 %",
        ),
        ({"fig2": [{**SCORED, "sparsities": [9]}]}, "2b-generated-strokes", "has one sparsity"),
        (fig3(10, 100), "3c-own-example", "figures.fig3 has no masks with batch size 1"),
        (fig3(1, 100), "3b-trend", "fewer than three batch sizes, which a trend takes"),
        (fig3(100), "3b-fall-100-100", "figures.fig3 has one batch size, expected two or more"),
        (
            {"fig4": [{**RANDOM, "sparsities": [0], "weight_decays": [0]}]},
            "4-pruned-random",
            "figures.fig4 has no runs with criterion snip, labels random, sparsity 99",
        ),
        (
            {"fig4": [{**RANDOM, "sparsities": [0, 99], "weight_decays": [0]}]},
            "4-reference-random-l2",
            "labels random, sparsity 0, weight decay 0.0005",
        ),
        (
            {"claims": [{**RANDOM, "sparsities": [99]}]},
            "4-control-99",
            "claims.runs has no runs with criterion snip, control",
        ),
        (
            {"claims": [{**RANDOM, "controls": ["shuffled"], "sparsities": [99.5]}]},
            "4-control-99-5",
            "the study has no runs with criterion snip, sparsity 99.5, control none",
        ),
        ({"fig7": [{**RANDOM, "sparsities": [90]}]}, "7-rise", "the figure has one sparsity"),
        (OTHER, "6a-generated-signed-differ", "no masks with criterion gradient-signed, gener"),
        (ORIGINALS, "6c-generated-size-inverted", "with criterion gradient, generated-inverted"),
    ],
)
def test_settings_that_a_study_lacks_are_named(paper, changed, name, said):
    [row] = table_of(paper(**changed), name).itertuples()
    assert (row.verdict, row.n) == ("inconclusive", 0)
    assert row.note.startswith("missing: ") and said in row.note


def test_what_is_judged_by_its_logarithm_is_printed_and_drawn_on_that_scale(paper):
    found = {each.name: is_logarithmic(each) for each in statements(paper())}
    assert found == {each.name: each.scale is power_of_ten for each in statements(paper())}
    assert 0 < sum(found.values()) < len(found)


def test_margins_follow_their_rule():
    # Two standard errors of the published error on 10,000 test images.
    margins = load().claims.margins
    for claim, network in (("1a", "lenet-300-100"), ("1b", "lenet-5-caffe")):
        [error] = [p.test_error for p in PUBLISHED if (p.network, p.sparsity) == (network, 0)]
        share = error / 100
        assert margins[claim] == round(200 * math.sqrt(share * (1 - share) / 10_000), 2)
