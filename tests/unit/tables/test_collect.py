import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_up_results import RUN, SETTINGS, result_of, spec_of_runs, write_result
from snip.jobs.files import sealed
from snip.masks.mask_files import MaskFile
from snip.study.runs import KEY, MASK_KEY, MaskSet, Run
from snip.study.settings import SettingsError
from snip.tables.collect import (
    ANATOMY,
    OUTCOME,
    TableError,
    csv_bytes,
    tabulate_anatomies,
    tabulate_runs,
)
from snip.tables.reading import read_table


def test_tables_are_tidy_and_read_back(tmp_path):
    runs = [RUN, Run(sparsity=0, seed=1)]
    for run in runs:
        write_result(tmp_path, run, sealed(result_of(run) | {"train_loss": 0.1 + 0.2}))
    tables = tabulate_runs(tmp_path, spec_of_runs(*runs))
    assert list(tables["runs"].columns) == KEY + OUTCOME
    assert len(tables["runs"]) == 2 and len(tables["layers"]) == 2 and len(tables["curves"]) == 4
    path = tmp_path / "runs.csv"
    path.write_bytes(csv_bytes(tables["runs"]))
    lines = path.read_text().splitlines()
    assert lines[1].startswith("mnist,lenet-300-100,snip,99.5,100,correct,0.0005,paper,none,0,")
    assert lines[2].startswith("mnist,lenet-300-100,snip,0,100,correct,0.0005,paper,none,1,")
    back = read_table(path)
    assert back["sparsity"].tolist() == [99.5, 0] and set(back["labels"]) == {"correct"}
    assert back["train_loss"].tolist() == [0.1 + 0.2] * 2  # exactly


def test_masks_that_figures_share_have_one_row_per_sparsity_and_tensor(tmp_path):
    def file(seed):
        layers = [
            {name: {column: f"{row} {name} {column}" for column in ANATOMY} for name in "ab"}
            for row in (seed, seed + 1)
        ]
        key = MaskSet().key | {"seed": seed}
        return MaskFile(tmp_path, key, ["all"], [50, 90], [], layers, None, 300)

    table = tabulate_anatomies([file(3), file(3), file(1)])
    assert list(table.columns) == [*MASK_KEY, "layer", *ANATOMY]
    assert table.index.tolist() == list(range(8)) and set(table["criterion"]) == {"snip"}
    assert table[["seed", "sparsity", "layer", *ANATOMY]].to_numpy().tolist() == [
        [seed, sparsity, layer, *(f"{row} {layer} {column}" for column in ANATOMY)]
        for seed in (3, 1)
        for row, sparsity in enumerate((50, 90), seed)
        for layer in "ab"
    ]


OTHER = {"settings": SETTINGS | {"momentum": 0.5}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be used: .*; delete it, and its run is made again"),
        (sealed(result_of(RUN))[:40], "cannot be used: .*; delete it, and its run is made again"),
        (sealed(result_of(Run(seed=1))), "holds the run .*'seed': 1.*expected"),
        (
            sealed({k: v for k, v in result_of(RUN).items() if k != "curve"}),
            "lacks curve, expected",
        ),
        (
            sealed(result_of(RUN) | OTHER),
            "was made with momentum = 0.5, expected 0.9; .*run train ",
        ),
    ],
)
def test_a_result_that_is_not_of_the_run_is_named(tmp_path, content, said):
    path = write_result(tmp_path, RUN, content)
    with pytest.raises((TableError, SettingsError), match=f"result file {path} {said}"):
        tabulate_runs(tmp_path, spec_of_runs(RUN))


def test_what_made_the_runs_is_counted(tmp_path):
    """Two runs of the code at hand on two processors, and one of other code."""
    runs = [Run(seed=seed) for seed in range(4)]
    makers = [("c0de", "one"), ("c0de", "other"), ("0ld", "one"), ("c0de", "one")]
    for run, (code, processor) in zip(runs, makers, strict=True):
        made_by = {"code": code, "torch": "2", "library": "x", "device": "cpu"}
        result = result_of(run) | {"made_by": made_by | {"processor": processor}}
        write_result(tmp_path, run, sealed(result))
    table = tabulate_runs(tmp_path, spec_of_runs(*runs))["made_by"]
    found = table.set_index(["code", "processor"])[["current", "runs"]].T.to_dict("list")
    assert found == {
        ("0ld", "one"): [False, 1],
        ("c0de", "one"): [True, 2],
        ("c0de", "other"): [True, 1],
    }


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_flipped_bit_reaches_a_table(tmp_path_factory, position, bit):
    folder = tmp_path_factory.mktemp("flipped")
    good = sealed(result_of(RUN))
    bad = bytearray(good)
    bad[position % len(bad)] ^= 1 << bit
    write_result(folder, RUN, bytes(bad))
    try:
        tables = tabulate_runs(folder, spec_of_runs(RUN))
    except TableError as error:
        assert RUN.path in str(error)
    else:
        # The flip changed white space alone.
        write_result(folder, RUN, good)
        expected = tabulate_runs(folder, spec_of_runs(RUN))
        assert all(tables[name].equals(expected[name]) for name in tables)
