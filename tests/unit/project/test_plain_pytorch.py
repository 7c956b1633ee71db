"""The runs that came with the clone, and masks and steps of the project, beside plain PyTorch.

Sums in another order may send a ReLU at zero the other way: few connections differ, in few runs.
"""

import itertools
from functools import cache

import numpy as np
import pytest
from plain_pytorch import examples, losses, masks, order, sensitivities

from helpers import REPOSITORY
from snip.datasets.dataset import load_dataset
from snip.jobs.files import unsealed
from snip.study.figures import STUDIED
from snip.study.grids import figure_runs
from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training.loop import Training
from snip.training.start import batches, prepare
from studies import load, shipped_runs

SEEDS = range(200, 203)
# What is laid over the paper study, by the folder of the runs.
STUDIES = {"paper": ["shipped"], "table3": ["table3"], "table3-he": ["table3", "table3-he"]}
GAINS = {
    "variance-scaling": {},
    "glorot": {"gain": lambda fan_in, fan_out: 2 / (fan_in + fan_out)},
    "he": {"gain": lambda fan_in, _: 2 / fan_in},
}


@pytest.fixture(scope="module")
def data(real_data):
    return examples(real_data / "mnist")


@pytest.fixture(scope="module")
def scores(data):
    return cache(
        lambda network, seed, size, gain: sensitivities(network, seed, size, data, **GAINS[gain])
    )


def test_each_layer_keeps_as_many_connections_as_in_the_shipped_runs(scores):
    apart = []
    for folder, overlays in STUDIES.items():
        for run in figure_runs(load("paper", *overlays), *STUDIED):
            if run.seed not in SEEDS:
                continue
            file = REPOSITORY / f"results/{folder}/runs/{run.path}.json"
            shipped = unsealed(file.read_bytes())
            gain = shipped["settings"]["initialisation"]
            kept = masks(scores(run.network, run.seed, run.batch_size, gain), run.sparsity)
            assert sum(mask.count_nonzero() for mask in kept.values()) == shipped["kept"]
            layers = shipped["layers"]
            apart.append(sum(abs(kept[name].sum() - layers[name]["kept"]) for name in layers))
    assert len(apart) > 70
    assert np.count_nonzero(apart) <= 0.05 * len(apart) and max(apart) <= 20


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize(("gain", "size"), [*zip(GAINS, [100] * 3, strict=True), ("he", 1)])
def test_masks_keep_the_same_connections(network, gain, size, scores, real_data):
    """Of two seeds in three all but two."""
    dataset, apart = load_dataset("mnist", real_data), []
    for seed in SEEDS:
        run = Run(network=network, sparsity=95, batch_size=size, seed=seed)
        _, ours = prepare(run, Settings(initialisation=gain), dataset)
        plain = masks(scores(network, seed, size, gain), 95)
        apart.append(sum((plain[n].bool() != ours[n]).sum() for n in plain))
    assert np.median(apart) <= 2


def test_epochs_have_the_same_order(real_data):
    training, _ = load_dataset("mnist", real_data).split(200, 0.1)
    expected = np.array(list(itertools.islice(batches(training, 100, 200), 1081)))
    assert np.array_equal(order(200, 1081), expected)


@pytest.mark.parametrize(("network", "rate"), [("lenet-300-100", 0.1), ("lenet-5-caffe", 0.02)])
@pytest.mark.parametrize("sparsity", [0, 90])
def test_the_first_losses_are_those_of_the_project(
    network, rate, sparsity, data, scores, real_data
):
    """Of two seeds in three."""
    dataset, apart = load_dataset("mnist", real_data), []
    for seed in SEEDS:
        run = Run(network=network, sparsity=sparsity, seed=seed)
        training = Training(run, Settings(learning_rate=rate), dataset)
        for _ in range(10):
            training.step()
        kept = masks(scores(network, seed, 100, "variance-scaling"), sparsity)
        plain = losses(network, seed, kept, rate, 10, data)
        apart.append(abs(plain / training.losses - 1).max())
    assert np.median(apart) < 2e-6


def test_the_losses_of_five_hundred_steps_are_those_of_the_shipped_runs(data, scores):
    """Their mean, over three seeds: last digits have grown to some tenths of a percent by then."""
    ratios = []
    for seed in SEEDS:
        [run] = shipped_runs(seeds=[seed], sparsity=90)
        steps, mean_loss = run["curve"][0]
        kept = masks(scores("lenet-300-100", seed, 100, "variance-scaling"), 90)
        ratios.append(losses("lenet-300-100", seed, kept, 0.1, steps, data).mean() / mean_loss)
    assert np.mean(ratios) == pytest.approx(1, rel=0.005)
