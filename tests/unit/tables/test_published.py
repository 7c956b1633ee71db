import json
import runpy
import sys

import pandas as pd
import pytest

from helpers import REPOSITORY
from snip.study.axes import AXES, KEY, Axis, Run
from snip.study.slices import file_name, named_slice
from snip.tables import published
from snip.tables.collect import SETTINGS
from snip.tables.published import PUBLISHED
from snip.tables.reading import read_table
from studies import load


def compared(folder, decay, sparsities, **trained):
    """What compare.py makes of two seeds of lenet-300-100 that have errors of 2 and 3 %."""
    rows = []
    for sparsity in sparsities:
        for seed in (0, 1):
            run = Run("mnist", "lenet-300-100", "snip", sparsity, 100, "correct", decay, seed)
            rows.append({**run.key, "iterations": 7, "test_error": 2.0 + seed})
    pd.DataFrame(rows, columns=[*KEY, "iterations", "test_error"]).to_csv(folder / "runs.csv")
    lines = [
        ["lenet-300-100", "mnist", "paper", name, f'"{value}"'] for name, value in trained.items()
    ]
    pd.DataFrame(lines, columns=SETTINGS).to_csv(folder / "settings.csv", index=False)
    part = named_slice(load("default"), "runs")
    decisive = folder / file_name(part, "runs")
    decisive.write_text(json.dumps(part))
    output = folder / "published.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys,
            "argv",
            ["x", f"--slice={decisive}", f"--runs={folder}/runs.csv", f"--output={output}"],
        )
        runpy.run_path(str(REPOSITORY / "scripts/compare.py"), run_name="__main__")
    table = read_table(output)
    assert len(table) == len(PUBLISHED)
    return table[table["n"] > 0]


def test_only_runs_trained_in_the_published_way_are_compared(tmp_path):
    plain = {"optimizer": "sgd", "initialisation": "variance-scaling"}
    table = compared(tmp_path, "0.0005", ["0", "90"], **plain)
    assert list(zip(table["source"], table["sparsity"], strict=True)) == [
        ("Figure 3", 90),
        ("Table 1", 0),
    ]
    assert (table["mean"] == 2.5).all() and (table["n"] == 2).all()
    assert table["published"].tolist() == [1.64, 1.7] and table["spread"].isna().all()
    adam = {"optimizer": "adam", "initialisation": "he"}
    table = compared(tmp_path, "0", ["90"], **adam)
    assert table["source"].tolist() == ["Table 3"] and table["published"].tolist() == [1.88]
    assert table["spread"].tolist() == [0.1] and table["initialisation"].tolist() == ["he"]


@pytest.mark.parametrize(
    ("decay", "trained"),
    [
        ("0.0005", {"optimizer": "adam", "initialisation": "he"}),
        ("0", {"optimizer": "sgd", "initialisation": "he"}),
        ("0", {"optimizer": "adam", "initialisation": "variance-scaling"}),
        ("0", {"optimizer": "sgd", "initialisation": "variance-scaling"}),
        ("0.0005", {}),
    ],
)
def test_runs_trained_in_another_way_are_beside_no_published_number(tmp_path, decay, trained):
    assert compared(tmp_path, decay, ["0", "90"], **trained).empty


def runs_of(column, values):
    """Runs of Figure 3's network at 90 %, one per value of another axis, with errors 2, 3, …"""
    key = Run("mnist", "lenet-300-100", "snip", "90", 100, "correct", "0.0005", 0).key
    rows = [
        {**key, column: v, "iterations": 7, "test_error": 2.0 + i} for i, v in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("name", "default", "values", "found"),
    [
        ("momentum", "0.9", [0, 0.9], 3.0),  # the paper states one: that of the default
        ("initialisation", "he", ["he", "variance-scaling"], 3.0),  # stated by each entry
    ],
)
def test_runs_that_differ_in_another_axis_are_not_pooled(monkeypatch, name, default, values, found):
    schema = {"type": "number"} if name == "momentum" else {"type": "string"}
    axis = Axis(name, f"{name}s", default, ".*", schema, "")
    monkeypatch.setattr(published, "AXES", AXES | {name: axis})
    trained = {"optimizer": "sgd", "initialisation": "variance-scaling"}
    trained.pop(name, None)  # settings that are axes are in the runs' key
    table = published.compare(
        runs_of(name, values), {("lenet-300-100", "mnist", "paper"): trained}, "test_error"
    )
    [row] = table[table["n"] > 0].itertuples()
    assert row.n == 1 and row.mean == found
