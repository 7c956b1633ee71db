import pandas as pd

import drawings
from snip.report import pages
from snip.study.spec import spec_of
from snip.tables.published import compare
from studies import load


def test_times_are_those_of_the_stages_that_have_any(tmp_path):
    for network in ("lenet-300-100", "network-lenet-5-caffe"):
        runs = tmp_path / f"runs/mnist/{network}/snip"
        runs.mkdir(parents=True)
        for seed, seconds in enumerate((10, 20, 60)):
            (runs / f"seed-{seed}.tsv").write_text(f"s\th:m:s\n{seconds}\t0\n")
        (runs / "seed-3.tsv").write_text("s\n")  # a job that has not ended
    assert pages.times_table(tmp_path).to_numpy().tolist() == [
        ["runs of LeNet-300-100", 3, 20, 1.5],
        ["runs of LeNet-5-Caffe", 3, 20, 1.5],
    ]


def test_settings_have_a_column_per_network_and_data_set():
    runs = drawings.table_of_runs()
    table = pages.settings_table(spec_of(load(), "report"), runs).set_index("setting")
    assert list(table) == ["LeNet-300-100, MNIST", "LeNet-5-Caffe, MNIST"]
    assert table.loc["learning_rate"].tolist() == [0.1, 0.02]
    assert table.loc["optimizer"].tolist() == ["sgd", "sgd"]


def test_runs_at_chance_are_those_trained_on_true_labels():
    runs = drawings.table_of_runs().assign(test_error=90.0)
    assert len(pages.chance_part(runs).table) == len(runs)
    for harmless in (runs.assign(labels="random"), runs.assign(test_error=2.0)):
        part = pages.chance_part(harmless)
        assert part.table.empty and part.text.endswith("There are none.")


def test_a_published_error_without_runs_of_ours_says_so():
    plain = {"optimizer": "sgd", "initialisation": "variance-scaling"}
    settings = {"lenet-300-100": {"mnist": {"paper": plain}}}
    published = compare(drawings.table_of_runs(), settings, "test_error")
    table = pages.published_table(published)
    ours = table[table["n"] > 0]
    assert ours["paper"].tolist() == ["Figure 3", "Table 1"]
    assert ours[["n", "our iterations"]].to_numpy().tolist() == [[2, 20], [2, 20]]
    others = table.loc[table["n"] == 0, "ours (%), [95 %]"]
    assert set(others) == {"not in this study"}


def test_every_statement_has_a_row():
    claims = drawings.table_of_claims(6).assign(level=0.999, note=pd.NA)
    table = pages.claims_table(claims)
    assert table["verdict"].tolist() == claims["verdict"].tolist()
    assert table.loc[0, "found"] == "0.1 [0, 0.2]"
    assert table.loc[0, "region"] == "between -0.25 and 0.25"
    assert set(table["note"]) == {""}
