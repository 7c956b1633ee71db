import io
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_results import RUN, SETTINGS, result_of, slice_of_runs, write_result
from snip.jobs.files import sealed
from snip.study.axes import KEY
from snip.study.settings import SettingsError
from snip.tables.collect import OUTCOME, TableError, tabulate_runs
from snip.tables.reading import read_table


def test_tables_are_tidy_and_read_back(tmp_path):
    runs = [RUN, replace(RUN, sparsity="0", seed=1)]
    for run in runs:
        write_result(tmp_path, run, sealed(result_of(run)))
    tables = tabulate_runs(tmp_path, slice_of_runs(*runs))
    assert list(tables["runs"].columns) == KEY + OUTCOME
    assert len(tables["runs"]) == 2 and len(tables["layers"]) == 2 and len(tables["curves"]) == 4
    text = tables["runs"].to_csv(index=False)
    assert text.splitlines()[1].startswith("mnist,lenet-300-100,snip,99.5,100,correct,0.0005,0,")
    assert text.splitlines()[2].startswith("mnist,lenet-300-100,snip,0,100,correct,0.0005,1,")
    path = tmp_path / "runs.csv"
    path.write_text(text)
    assert pd.read_csv(path)["labels"].tolist() == ["correct", "correct"]
    back = read_table(path)
    assert back["sparsity"].tolist() == [99.5, 0]


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_truncated_result_is_named(tmp_path, cut):
    path = write_result(tmp_path, RUN, sealed(result_of(RUN))[:cut])
    with pytest.raises(TableError, match=str(path)):
        tabulate_runs(tmp_path, slice_of_runs(RUN))


def test_the_result_of_another_run_is_refused(tmp_path):
    path = write_result(tmp_path, RUN, sealed(result_of(replace(RUN, seed=1))))
    with pytest.raises(TableError, match=f"{path} holds the run .*'seed': 1.*expected"):
        tabulate_runs(tmp_path, slice_of_runs(RUN))


def test_a_result_without_an_outcome_is_refused(tmp_path):
    content = result_of(RUN)
    del content["test_error"]
    path = write_result(tmp_path, RUN, sealed(content))
    with pytest.raises(TableError, match=f"{path} lacks test_error, expected"):
        tabulate_runs(tmp_path, slice_of_runs(RUN))


def test_a_result_of_other_settings_is_refused(tmp_path):
    content = result_of(RUN) | {"settings": SETTINGS | {"momentum": 0.5}}
    path = write_result(tmp_path, RUN, sealed(content))
    with pytest.raises(SettingsError, match=f"{path} was made with momentum = 0.5, expected 0.9"):
        tabulate_runs(tmp_path, slice_of_runs(RUN))


def test_what_made_the_runs_is_counted(tmp_path):
    """Two runs of the code at hand on two processors, and one of other code."""
    runs = [replace(RUN, seed=seed) for seed in range(4)]
    makers = [("c0de", "one"), ("c0de", "other"), ("0ld", "one"), ("c0de", "one")]
    for run, (code, processor) in zip(runs, makers, strict=True):
        made_by = {"code": code, "torch": "2", "library": "x", "device": "cpu"}
        result = result_of(run) | {"made_by": made_by | {"processor": processor}}
        write_result(tmp_path, run, sealed(result))
    table = tabulate_runs(tmp_path, slice_of_runs(*runs))["made_by"]
    found = table.set_index(["code", "processor"])[["current", "runs"]].T.to_dict("list")
    assert found == {
        ("0ld", "one"): [False, 1],
        ("c0de", "one"): [True, 2],
        ("c0de", "other"): [True, 1],
    }


def test_numbers_survive_the_table_exactly(tmp_path):
    content = result_of(RUN) | {"train_loss": 0.1 + 0.2}
    write_result(tmp_path, RUN, sealed(content))
    text = tabulate_runs(tmp_path, slice_of_runs(RUN))["runs"].to_csv(index=False)
    assert pd.read_csv(io.StringIO(text))["train_loss"][0] == 0.1 + 0.2


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_reaches_a_table(tmp_path_factory, position, bit):
    folder = tmp_path_factory.mktemp("flipped")
    good = sealed(result_of(RUN))
    bad = bytearray(good)
    bad[position % len(bad)] ^= 1 << bit
    write_result(folder, RUN, bytes(bad))
    try:
        tables = tabulate_runs(folder, slice_of_runs(RUN))
    except TableError as error:
        assert RUN.path in str(error)
    else:
        # The flip changed white space alone.
        write_result(folder, RUN, good)
        expected = tabulate_runs(folder, slice_of_runs(RUN))
        assert all(tables[name].equals(expected[name]) for name in tables)
