import pytest

from made_up_results import RUN, result_of, spec_of_runs, write_result
from snip.jobs.files import sealed
from snip.study.runs import Run
from snip.tables.collect import TableError, csv_bytes, tabulate_runs
from snip.tables.reading import read_checked, read_table


def tables_of(folder, *runs):
    """A folder with the tables of some runs."""
    for run in runs:
        write_result(folder, run, sealed(result_of(run)))
    for name, table in tabulate_runs(folder, spec_of_runs(*runs)).items():
        (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    return folder


def test_a_table_has_the_runs_of_the_configuration_and_no_others(tmp_path):
    """Beside sparsity 99.5 pandas reads 0 as 0.0, and beside the batch size `all` 100 as text."""
    runs = [RUN, Run(sparsity=0, seed=1), Run(batch_size="all")]
    tables_of(tmp_path, *runs)
    assert len(read_checked(tmp_path, "runs", spec_of_runs(*runs))) == 3
    assert len(read_checked(tmp_path, "curves", spec_of_runs(*runs))) == 6
    with pytest.raises(TableError, match=r"runs.csv lacks the run .* 90 100 .* none 2, which"):
        read_checked(tmp_path, "runs", spec_of_runs(*runs, Run(seed=2)))
    with pytest.raises(TableError, match=r"curves.csv has the run .* all .* none 0, expected"):
        read_checked(tmp_path, "curves", spec_of_runs(*runs[:2]))


@pytest.mark.parametrize("name", ["runs", "layers", "curves"])
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
def test_an_empty_or_damaged_table_is_named_with_what_to_do(tmp_path, name, damage):
    path = tables_of(tmp_path, RUN) / f"{name}.csv"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TableError, match=f"{path} is damaged: .*; delete it, and"):
        read_checked(tmp_path, name, spec_of_runs(RUN))


@pytest.mark.parametrize(
    ("texts", "expected"), [("100 all", [100, "all"]), ("100 10", [100, 10]), ("all", ["all"])]
)
def test_batch_sizes_are_numbers_also_beside_all(tmp_path, texts, expected):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["batch_size,seed", *(f"{text},0" for text in texts.split()), ""]))
    assert read_table(path)["batch_size"].tolist() == expected


def test_a_batch_size_that_is_none_is_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("batch_size,seed\nmany,0\n")
    said = "is damaged: 'many' found, expected a whole number, 1 or more, or all; delete it"
    with pytest.raises(TableError, match=said):
        read_table(path)
