import pandas as pd
import pytest
from pydantic import create_model

from snip.study.runs import AXES, Run
from snip.tables import published
from snip.tables.published import PUBLISHED, compare, published_in

PLAIN = {"optimizer": "sgd", "initialisation": "variance-scaling"}
ADAM = {"optimizer": "adam", "initialisation": "he"}


def runs_of(decay=0.0005, sparsities=(90,), **axes):
    """Two seeds of lenet-300-100 that have errors of 2 and 3 %."""
    runs = [
        Run(sparsity=sparsity, weight_decay=decay, seed=seed)
        for sparsity in sparsities
        for seed in (0, 1)
    ]
    rows = [run.key | {"iterations": 7, "test_error": 2.0 + run.seed} | axes for run in runs]
    return pd.DataFrame(rows)


def compared(runs, trained):
    settings = {"lenet-300-100": {"mnist": {"paper": trained}}}
    table = compare(runs, settings, "test_error")
    assert len(table) == len(PUBLISHED)
    return table[table["n"] > 0]


def test_runs_are_set_beside_numbers_of_their_own_way_of_training():
    table = compared(runs_of(sparsities=[0, 90]), PLAIN)
    assert table["source"].tolist() == ["Figure 3", "Table 1"]
    assert table["sparsity"].tolist() == [90, 0]
    assert table["published"].tolist() == [1.64, 1.7] and table["spread"].isna().all()
    assert (table["mean"] == 2.5).all() and (table["n"] == 2).all()
    # Student's t with one degree of freedom: 12.7062 · (0.5 / √2) · √2 = 6.3531.
    assert table["lower"].tolist() == [pytest.approx(2.5 - 6.3531, abs=1e-4)] * 2
    [row] = compared(runs_of(0), ADAM).itertuples()
    assert (row.source, row.initialisation, row.published, row.spread) == (
        *("Table 3", "he"),
        *(1.88, 0.1),
    )


@pytest.mark.parametrize(
    ("runs", "trained"),
    [
        (runs_of(), ADAM),
        (runs_of(0), PLAIN | {"initialisation": "he"}),
        (runs_of(0), ADAM | {"initialisation": "variance-scaling"}),
        (runs_of(0), PLAIN),
        (runs_of(), {}),
        (runs_of(criterion="magnitude"), PLAIN),
        (runs_of(dataset="fashion-mnist"), PLAIN),
        (runs_of(labels="random"), PLAIN),
        (runs_of(batch_size=20), PLAIN),
        (runs_of(reading="he"), PLAIN),
        (runs_of(control="shuffled"), PLAIN),
    ],
)
def test_other_runs_are_beside_no_published_number(runs, trained):
    assert compared(runs, trained).empty


def test_runs_that_differ_in_another_axis_are_not_pooled(monkeypatch):
    """The paper states one momentum: that of the default."""
    wider = create_model("Wider", __base__=Run, momentum=(float, 0.9))
    monkeypatch.setattr(published, "AXES", AXES | {"momentum": "momentums"})
    monkeypatch.setattr(published, "Run", wider)
    [row] = compared(runs_of().assign(momentum=[0, 0.9]), PLAIN).itertuples()
    assert row.n == 1 and row.mean == 3


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("fig1", [1.64, 1.7, 1.6, 2.4, 0.9, 0.8, 1.1]),
        ("fig3", [1.94, 1.72, 1.64, 1.56, 1.4]),
    ],
)
def test_each_figure_takes_the_published_errors_of_its_axis(figure, expected):
    table = compare(runs_of(), {}, "test_error")
    for each in (table, table.astype({"batch_size": str})):
        assert published_in(figure, each)["published"].tolist() == expected
