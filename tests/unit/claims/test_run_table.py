"""Which runs a statement finds in the table."""

import pandas as pd
import pytest

from paper_study import (
    CONTROL,
    FIGURES,
    RANDOM,
    SEEDS,
    configuration,
    row_of,
    table_of,
    with_runs,
)
from snip.study.grids import grids
from snip.tables.collect import TableError


@pytest.mark.parametrize("decays", [[0, 0.0005], [0.0005, 0]])
def test_two_decays_never_count_a_seed_twice(paper, decays):
    grid = {**RANDOM, "labels": ["correct", "random"], "sparsities": [0, 99]}
    table = table_of(paper(fig4=[{**grid, "weight_decays": decays}]), "4")
    rows = table[table["claim"] == "4"]
    assert (rows["n"] == len(SEEDS)).all() and (rows["verdict"] == "supported").all()
    assert rows["statement"].tolist() == [
        "The reference without L2 fits correct labels.",
        "The reference with L2 (0.0005) fits correct labels.",
        "The network pruned to 99 % without L2 fits correct labels.",
        "The network pruned to 99 % with L2 (0.0005) fits correct labels.",
        "The reference without L2 fits random labels.",
        "The reference with L2 (0.0005) fits random labels.",
        "The network pruned to 99 % without L2 does not fit random labels.",
        "The network pruned to 99 % with L2 (0.0005) does not fit random labels.",
    ]


def test_runs_that_the_claims_cannot_tell_apart_are_refused(paper):
    twice = [{**RANDOM, "sparsities": [0, 99], "weight_decays": [0, 0.0005]}]
    with pytest.raises(TableError, match=r"figures.fig7 has weight_decay \[0.0, 0.0005\]"):
        table_of(paper(fig7=twice))


def test_references_under_two_criteria_count_once(paper):
    fig1 = [{**FIGURES["fig1"][0], "criteria": [criterion]} for criterion in ("magnitude", "snip")]
    row = row_of(table_of(paper(fig1=fig1), "1a"), "1a")
    assert (row["n"], row["verdict"]) == (len(SEEDS), "supported")


def test_data_sets_of_figure_1_are_judged_apart(paper):
    grid = {**FIGURES["fig1"][0], "datasets": ["generated", "generated-inverted"]}
    table = table_of(paper(fig1=[grid]), "1a")
    rows = table[table["claim"] == "1a"]
    assert (rows["n"] == len(SEEDS)).all() and (rows["verdict"] == "supported").all()
    assert len(rows) == 2 and rows["statement"].str.contains("inverted").sum() == 1


def test_the_control_is_found_in_all_runs_of_the_study(paper):
    # At 90 % the runs to compare with are Figure 7's, at 95 % there are none.
    control = [{**CONTROL[0], "sparsities": [90, 95, 99], "weight_decays": [0]}]
    shown = {**RANDOM, "sparsities": [0, 90, 99], "weight_decays": [0]}
    config = configuration(claims=control, fig7=[shown])
    evidence = paper(fig7=[shown], claims=CONTROL)
    runs = evidence.runs
    extra = runs.table[runs.table["control"] == "shuffled"].assign(sparsity=95)
    extra = extra.drop_duplicates("seed")
    evidence = with_runs(
        evidence,
        table=pd.concat([runs.table, extra]),
        grids=runs.grids | {"claims": grids(config, "claims")},
    )
    table = table_of(evidence, "4-control")
    assert row_of(table, "4-control", "90 %")["verdict"] == "supported"
    missing = row_of(table, "4-control", "95 %")
    assert missing["n"] == 0 and "criterion snip" in missing["note"]


def test_all_examples_are_the_largest_batch(paper):
    grid = {"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": SEEDS}
    evidence = paper(fig3=[grid])
    runs = evidence.runs
    table = runs.table.assign(batch_size=runs.table["batch_size"].replace(200, "all"))
    fig3 = [{**runs.grids["fig3"][0], "batch_sizes": [1, 100, "all"]}]
    evidence = with_runs(evidence, table=table, grids=runs.grids | {"fig3": fig3})
    row = row_of(table_of(evidence, "3b"), "3b", "over 1, 100, 540")
    assert (row["verdict"], row["n"]) == ("supported", len(SEEDS))


def test_a_missing_run_is_an_error_by_name(paper):
    evidence = paper()
    runs = evidence.runs.table
    with pytest.raises(TableError, match="lacks .*'seed': 0.*figures.fig. needs"):
        table_of(with_runs(evidence, table=runs[runs["seed"] > 0]))
