from dataclasses import replace

import pytest

from made_up_results import RUN, SETTINGS, result_of, slice_of_runs, write_result
from snip.jobs.files import sealed
from snip.study.settings import SettingsError
from snip.tables.collect import TableError, csv_bytes, tabulate_runs
from snip.tables.reading import read_checked, read_table


def test_a_table_of_other_settings_or_runs_is_refused(tmp_path):
    runs = [replace(RUN, seed=seed) for seed in (0, 1)]
    for run in runs:
        write_result(tmp_path, run, sealed(result_of(run)))
    for name, table in tabulate_runs(tmp_path, slice_of_runs(*runs)).items():
        (tmp_path / f"{name}.csv").write_bytes(csv_bytes(table))
    assert len(read_checked(tmp_path, "runs", slice_of_runs(*runs))) == 2
    assert len(read_checked(tmp_path, "curves", slice_of_runs(*runs))) == 4
    more = [*runs, replace(RUN, seed=2)]
    with pytest.raises(
        TableError, match=r"runs.csv lacks the run .*0.0005 2 paper none, which the conf"
    ):
        read_checked(tmp_path, "runs", slice_of_runs(*more))
    with pytest.raises(
        TableError, match=r"curves.csv has the run .*0.0005 1 paper none, expected no such"
    ):
        read_checked(tmp_path, "curves", slice_of_runs(runs[0]))
    other = slice_of_runs(*runs)
    other["settings"]["lenet-300-100"]["mnist"]["paper"] = SETTINGS | {"iterations": 20}
    said = "on mnist under reading paper, was made with iterations = 10, expected 20"
    with pytest.raises(SettingsError, match=said):
        read_checked(tmp_path, "runs", other)


@pytest.fixture
def tables(tmp_path):
    """The folder of tables of one run."""
    write_result(tmp_path, RUN, sealed(result_of(RUN)))
    for name, table in tabulate_runs(tmp_path, slice_of_runs(RUN)).items():
        (tmp_path / f"{name}.csv").write_bytes(csv_bytes(table))
    return tmp_path


@pytest.mark.parametrize("name", ["runs", "layers", "curves", "settings"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"\n",
        lambda content: content[:-1],  # on another file system's last block, say
        lambda content: content[: len(content) * 2 // 3].rstrip(),
        lambda content: content.replace(b"network", b"netw\xffrk", 1),
        lambda content: content.replace(b"network", b"nets", 1),
        lambda content: content + b'"\n',
        lambda content: content + b"1," * 40 + b"\n",
        lambda content: bytes(len(content)),
    ],
)
def test_an_empty_or_damaged_table_is_named_with_what_to_do(tables, name, damage):
    path = tables / f"{name}.csv"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TableError, match=f"{path} is damaged: .*; delete it, and"):
        read_checked(tables, "runs" if name == "settings" else name, slice_of_runs(RUN))


def test_a_setting_that_is_no_json_is_named(tables):
    path = tables / "settings.csv"
    path.write_text(path.read_text().replace("momentum,", "momentum,a"))
    with pytest.raises(TableError, match="settings.csv is damaged: .*; delete it, and"):
        read_checked(tables, "runs", slice_of_runs(RUN))


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
    with pytest.raises(
        TableError, match="batch size is many, allowed: whole numbers, 1 or more, or all"
    ):
        read_table(path)
