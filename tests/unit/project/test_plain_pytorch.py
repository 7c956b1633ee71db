"""The runs that came with the clone, and the first steps of others, beside plain PyTorch."""

from functools import cache

import numpy as np
import pytest
from plain_pytorch import examples, losses, masks, sensitivities

from helpers import REPOSITORY
from snip.datasets.dataset import load_dataset
from snip.jobs.files import unsealed
from snip.study.figures import STUDIED
from snip.study.grids import figure_runs
from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training.loop import Training
from studies import load, shipped_runs

# What is laid over the paper study, by the folder of the runs.
STUDIES = {"paper": ["shipped"], "table3": ["table3"], "table3-he": ["table3", "table3-he"]}
GAINS = {
    "variance-scaling": {},
    "glorot": {"gain": lambda fan_in, fan_out: 2 / (fan_in + fan_out)},
    "he": {"gain": lambda fan_in, _: 2 / fan_in},
}


def test_each_layer_keeps_as_many_connections_as_in_the_shipped_runs(real_data):
    """Of the first three seeds of every setting.

    A sum in another order may send a ReLU at zero the other way: few connections, in few runs.
    """
    data = examples(real_data / "mnist")
    scores = cache(
        lambda network, seed, size, gain: sensitivities(network, seed, size, data, **GAINS[gain])
    )
    apart = []
    for folder, overlays in STUDIES.items():
        for run in figure_runs(load("paper", *overlays), *STUDIED):
            if run.seed > 202:
                continue
            file = REPOSITORY / f"results/{folder}/runs/{run.path}.json"
            shipped = unsealed(file.read_bytes())
            gain = shipped["settings"]["initialisation"]
            kept = masks(scores(run.network, run.seed, run.batch_size, gain), run.sparsity)
            layers = shipped["layers"]
            apart.append(sum(abs(kept[name].sum() - layers[name]["kept"]) for name in layers))
    assert len(apart) > 70
    assert np.count_nonzero(apart) <= 0.05 * len(apart) and max(apart) <= 20


@pytest.mark.parametrize(("network", "rate"), [("lenet-300-100", 0.1), ("lenet-5-caffe", 0.02)])
@pytest.mark.parametrize("sparsity", [0, 90])
def test_the_first_losses_are_those_of_the_project(network, rate, sparsity, real_data):
    """Of two seeds in three: a ReLU at zero may send one another way."""
    data, apart = examples(real_data / "mnist"), []
    for seed in (200, 201, 202):
        run = Run(network=network, sparsity=sparsity, seed=seed)
        training = Training(run, Settings(learning_rate=rate), load_dataset("mnist", real_data))
        for _ in range(10):
            training.step()
        plain = losses(network, seed, sparsity, rate, 10, data)
        apart.append(abs(plain / training.losses - 1).max())
    assert np.median(apart) < 2e-6


def test_the_losses_of_five_hundred_steps_are_those_of_the_shipped_runs(real_data):
    """Their mean, over three seeds: last digits have grown to some tenths of a percent by then."""
    data, ratios = examples(real_data / "mnist"), []
    for seed in range(200, 203):
        [run] = shipped_runs(seeds=[seed], sparsity=90)
        steps, mean_loss = run["curve"][0]
        ratios.append(losses("lenet-300-100", seed, 90, 0.1, steps, data).mean() / mean_loss)
    assert np.mean(ratios) == pytest.approx(1, rel=0.005)
