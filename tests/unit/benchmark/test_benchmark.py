import io

import pytest

from snip.benchmark import measurements
from snip.benchmark.loops import LOOPS, default_run
from snip.benchmark.study import overhead
from snip.datasets.dataset import load_dataset
from snip.jobs import times
from snip.training.loop import train
from snip.training.progress import trained

# Weights, each used at as many places, of the first layer and of all.
CONVOLUTIONS = 25 * 20 * 24**2, 25 * 20 * 50 * 8**2
OPERATIONS = {
    "lenet-300-100": (784 * 300, 784 * 300 + 300 * 100 + 100 * 10),
    "lenet-5-caffe": (CONVOLUTIONS[0], sum(CONVOLUTIONS) + 800 * 500 + 500 * 10),
}


@pytest.mark.parametrize("network", OPERATIONS)
def test_operations_by_hand(network):
    first, all_layers = OPERATIONS[network]
    forward, both = measurements.count_operations(network)
    assert forward == 2 * all_layers
    assert both == 3 * forward - 2 * first


@pytest.mark.parametrize("network", OPERATIONS)
def test_the_loops_that_are_compared_train_alike(real_data, network):
    dataset = load_dataset("mnist", real_data)
    run, settings = default_run(network, iterations=5, log_every=5)
    ours = train(run, settings, dataset, log=io.StringIO())["train_loss"]
    for make in LOOPS.values():
        _, loss = make(network, real_data, dataset).train(5)
        assert loss == pytest.approx(ours, rel=1e-4)


@pytest.fixture
def study(tmp_path):
    """A study's folder with two runs of 30 s, 24 of them in the loop, and a job of 10 s."""
    results = tmp_path / "results/study"
    for name, seconds in {"runs/a/seed-0": 30, "runs/a/seed-1": 30, "figures/fig1": 10}.items():
        files = {f"benchmarks/{name}.tsv": f"s\th:m:s\n{seconds}.0\t0:00:{seconds}\n"}
        if name.startswith("runs"):
            files |= {f"{name}.json": "{}", f"logs/{name}.log": f"x\n{trained(24)}\n"}
        for place, text in files.items():
            (results / place).parent.mkdir(parents=True, exist_ok=True)
            (results / place).write_text(text)
    return results


def test_overhead_is_what_is_not_in_the_loop(study, monkeypatch):
    assert overhead(study) == pytest.approx(1 - 48 / 70)
    # And the longest session of Snakemake.
    for spent in (3, 20, 5):
        monkeypatch.setattr(times.time, "process_time", lambda spent=spent: spent)
        times.note_own_seconds(study / "benchmarks/snakemake.tsv")
    assert overhead(study) == pytest.approx(1 - 48 / 90)


def test_overhead_is_unknown_without_a_whole_study(study, tmp_path):
    (study / "logs/runs/a/seed-1.log").write_text("iteration 5\n")
    assert overhead(study) is None
    assert overhead(tmp_path / "nowhere") is None
