import io
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snip.jobs.files import sealed
from snip.study.axes import Run, SettingsError
from snip.tables.collect import KEY, OUTCOME, TableError, read_checked, read_table, tabulate_runs

RUN = Run("mnist", "lenet-300-100", "snip", "99.5", 100, "true", "0.0005", 0)


SETTINGS = {"iterations": 10, "momentum": 0.9}


def part(*runs):
    """A slice that asks for these runs."""
    grids = [
        {
            "datasets": [run.dataset],
            "networks": [run.network],
            "criteria": [run.criterion],
            "sparsities": [run.sparsity],
            "batch_sizes": [run.batch_size],
            "labels": [run.labels],
            "weight_decays": [run.weight_decay],
            "seeds": [run.seed],
            "reference": [run.criterion, run.batch_size],
        }
        for run in runs
    ]
    return {"grids": {"fig1": grids}, "settings": {"lenet-300-100": {"mnist": SETTINGS}}}


def result(run):
    return {
        **run.key,
        "settings": SETTINGS,
        **{name: index for index, name in enumerate(OUTCOME)},
        "layers": {
            "fc1.weight": {"parameters": 10, "kept": 1, "effective": 1, "units": 2, "dead_units": 1}
        },
        "evaluations": [],
        "curve": [[5, 0.25], [10, 0.125]],
    }


def place(folder, run, content):
    path = folder / f"{run.path}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_tables_are_tidy_and_read_back(tmp_path):
    runs = [RUN, replace(RUN, sparsity="0", seed=1)]
    for run in runs:
        place(tmp_path, run, sealed(result(run)))
    tables = tabulate_runs(tmp_path, part(*runs))
    assert list(tables["runs"].columns) == KEY + OUTCOME
    assert len(tables["runs"]) == 2 and len(tables["layers"]) == 2 and len(tables["curves"]) == 4
    text = tables["runs"].to_csv(index=False)
    assert text.splitlines()[1].startswith("mnist,lenet-300-100,snip,99.5,100,true,0.0005,0,")
    assert text.splitlines()[2].startswith("mnist,lenet-300-100,snip,0,100,true,0.0005,1,")
    path = tmp_path / "runs.csv"
    path.write_text(text)
    back = read_table(path)
    assert back["labels"].tolist() == ["true", "true"]
    assert back["sparsity"].tolist() == [99.5, 0]


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_a_truncated_result_is_named(tmp_path, cut):
    path = place(tmp_path, RUN, sealed(result(RUN))[:cut])
    with pytest.raises(TableError, match=str(path)):
        tabulate_runs(tmp_path, part(RUN))


def test_the_result_of_another_run_is_refused(tmp_path):
    path = place(tmp_path, RUN, sealed(result(replace(RUN, seed=1))))
    with pytest.raises(TableError, match=f"{path} holds the run .*'seed': 1.*expected"):
        tabulate_runs(tmp_path, part(RUN))


def test_a_result_without_an_outcome_is_refused(tmp_path):
    content = result(RUN)
    del content["test_error"]
    place(tmp_path, RUN, sealed(content))
    with pytest.raises(TableError, match="without.*test_error"):
        tabulate_runs(tmp_path, part(RUN))


def test_a_result_of_other_settings_is_refused(tmp_path):
    content = result(RUN)
    content["settings"] = SETTINGS | {"momentum": 0.5}
    path = place(tmp_path, RUN, sealed(content))
    with pytest.raises(SettingsError, match=f"{path} was made with momentum = 0.5, expected 0.9"):
        tabulate_runs(tmp_path, part(RUN))


def test_a_table_of_other_settings_or_runs_is_refused(tmp_path):
    runs = [replace(RUN, seed=seed) for seed in (0, 1)]
    for run in runs:
        place(tmp_path, run, sealed(result(run)))
    for name, table in tabulate_runs(tmp_path, part(*runs)).items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    assert len(read_checked(tmp_path, "runs", part(*runs))) == 2
    assert len(read_checked(tmp_path, "curves", part(*runs))) == 4
    more = [*runs, replace(RUN, seed=2)]
    with pytest.raises(TableError, match=r"runs.csv lacks the run .*0.0005 2, which its conf"):
        read_checked(tmp_path, "runs", part(*more))
    with pytest.raises(TableError, match=r"curves.csv has the run .*0.0005 1, expected no such"):
        read_checked(tmp_path, "curves", part(runs[0]))
    other = part(*runs)
    other["settings"]["lenet-300-100"]["mnist"] = SETTINGS | {"iterations": 20}
    with pytest.raises(SettingsError, match="on mnist, was made with iterations = 10, expected 20"):
        read_checked(tmp_path, "runs", other)


def test_an_empty_table_is_named(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("")
    with pytest.raises(TableError, match=str(path)):
        read_table(path)


def test_numbers_survive_the_table_exactly(tmp_path):
    content = result(RUN) | {"train_loss": 0.1 + 0.2}
    place(tmp_path, RUN, sealed(content))
    text = tabulate_runs(tmp_path, part(RUN))["runs"].to_csv(index=False)
    assert pd.read_csv(io.StringIO(text))["train_loss"][0] == 0.1 + 0.2


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_reaches_a_table(tmp_path_factory, position, bit):
    folder = tmp_path_factory.mktemp("flipped")
    good = sealed(result(RUN))
    bad = bytearray(good)
    bad[position % len(bad)] ^= 1 << bit
    place(folder, RUN, bytes(bad))
    try:
        tables = tabulate_runs(folder, part(RUN))
    except TableError as error:
        assert RUN.path in str(error)
    else:
        # The flip changed white space alone.
        place(folder, RUN, good)
        expected = tabulate_runs(folder, part(RUN))
        assert all(tables[name].equals(expected[name]) for name in tables)


def test_batch_sizes_are_numbers_also_beside_all(tmp_path):
    path = tmp_path / "table.csv"
    for texts, expected in [
        (["100", "all"], [100, "all"]),
        (["100", "10"], [100, 10]),
        (["all"], ["all"]),
    ]:
        path.write_text("batch_size,seed\n" + "".join(f"{text},0\n" for text in texts))
        assert read_table(path)["batch_size"].tolist() == expected
    path.write_text("batch_size,seed\nmany,0\n")
    with pytest.raises(TableError, match="batch size is many, allowed: 1 or more, or all"):
        read_table(path)
