import pandas as pd

import drawings
from snip.report.pages import (
    chance_part,
    claims_part,
    multiplication_part,
    published_part,
    settings_part,
    times_part,
)
from snip.tables.published import compare


def test_times_are_those_of_the_stages_that_have_any(tmp_path):
    runs = tmp_path / "runs/mnist/lenet-300-100/snip"
    runs.mkdir(parents=True)
    for seed, seconds in enumerate((10, 20, 60)):
        (runs / f"seed-{seed}.tsv").write_text(f"s\th:m:s\n{seconds}\t0\n")
    (runs / "seed-3.tsv").write_text("s\n")  # a job that has not ended
    part = times_part(tmp_path, ["lenet-300-100", "lenet-5-caffe"])
    assert part["rows"] == [["runs of LeNet-300-100", 3, 20, 1.5]]


def test_the_report_counts_the_libraries_that_multiplied(tmp_path):
    lines = [
        f"BLAS: OpenBLAS 0.3, {kernels} kernels, on AMD EPYC"
        for kernels in ("Zen", "Haswell", "Zen")
    ]
    for place, text in zip(
        ["runs/a/1.log", "runs/b/2.log", "masks/3.log", "runs/4.log", "tables/5.log"],
        [*lines, "interrupted\n", lines[1]],
        strict=True,
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"$ python train.py\n{text}\niteration 20/40\n")
    # Equal counts in the order of the files.
    assert multiplication_part(tmp_path)["rows"] == [
        ["OpenBLAS 0.3, Zen kernels, on AMD EPYC", 2],
        ["not recorded", 1],
        ["OpenBLAS 0.3, Haswell kernels, on AMD EPYC", 1],
    ]


def test_settings_have_a_column_per_network_and_data_set():
    settings = {
        ("lenet-300-100", "mnist", "paper"): {"iterations": 20},
        ("lenet-5-caffe", "mnist-200", "paper"): {"iterations": 10, "optimizer": "adam"},
    }
    part = settings_part(settings)
    assert part["columns"] == [
        "setting",
        "LeNet-300-100, MNIST",
        "LeNet-5-Caffe, MNIST (200 examples)",
    ]
    assert part["rows"] == [["iterations", "20", "10"], ["optimizer", "", "adam"]]


def test_runs_at_chance_are_those_trained_on_true_labels():
    runs = drawings.table_of_runs().assign(test_error=90.0)
    assert len(chance_part(runs)["rows"]) == len(runs)
    for harmless in (runs.assign(labels="random"), runs.assign(test_error=2.0)):
        part = chance_part(harmless)
        assert part["rows"] == [] and part["text"].endswith("There are none.")


def test_a_published_error_without_runs_of_ours_says_so():
    plain = {"optimizer": "sgd", "initialisation": "variance-scaling"}
    settings = {("lenet-300-100", "mnist", "paper"): plain}
    rows = published_part(compare(drawings.table_of_runs(), settings, "test_error"))["rows"]
    ours = [row for row in rows if row[-2]]
    assert [(row[0], row[-2:]) for row in ours] == [("Figure 3", [2, 20]), ("Table 1", [2, 20])]
    assert {row[5] for row in rows if not row[-2]} == {"not in this study"}


def test_every_statement_has_a_row():
    table = drawings.table_of_claims(6).assign(level=0.999, note=pd.NA)
    part = claims_part(table)
    assert [row[1] for row in part["rows"]] == table["verdict"].tolist()
    assert part["rows"][0][3:5] == ["0.1 [0, 0.2]", "between -0.25 and 0.25"]
    assert {len(row) for row in part["rows"]} == {len(part["columns"])}
    assert {row[-1] for row in part["rows"]} == {""}
