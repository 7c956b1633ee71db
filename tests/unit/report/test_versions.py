import drawings
from snip.report import versions
from snip.study.spec import spec_of
from studies import load


def test_times_are_those_of_the_stages_that_have_any(tmp_path):
    for network in ("lenet-300-100", "network-lenet-5-caffe"):
        runs = tmp_path / f"runs/mnist/{network}/snip"
        runs.mkdir(parents=True)
        for seed, seconds in enumerate((10, 20, 60)):
            (runs / f"seed-{seed}.tsv").write_text(f"s\th:m:s\n{seconds}\t0\n")
        (runs / "seed-3.tsv").write_text("s\n")  # a job that has not ended
    assert versions.times_table(tmp_path).to_numpy().tolist() == [
        ["runs of LeNet-300-100", 3, 20, 1.5],
        ["runs of LeNet-5-Caffe", 3, 20, 1.5],
    ]


def test_settings_have_a_column_per_network_and_data_set():
    runs = drawings.table_of_runs()
    table = versions.settings_table(spec_of(load(), "report"), runs).set_index("setting")
    assert list(table) == ["LeNet-300-100, MNIST", "LeNet-5-Caffe, MNIST"]
    assert table.loc["learning_rate"].tolist() == [0.1, 0.02]
    assert table.loc["optimizer"].tolist() == ["sgd", "sgd"]


def test_runs_at_chance_are_those_trained_on_true_labels():
    runs = drawings.table_of_runs().assign(test_error=90.0)
    assert len(versions.chance_part(runs).table) == len(runs)
    for harmless in (runs.assign(labels="random"), runs.assign(test_error=2.0)):
        part = versions.chance_part(harmless)
        assert part.table.empty and part.text.endswith("There are none.")
