"""What a run starts from, beside the definitions of docs/protocol.md written anew."""

import itertools
import os
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import QUICK, RUN, changed
from snip.datasets.dataset import load_dataset
from snip.layers.weights import build_network
from snip.training.loop import Training
from snip.training.start import TrainingError, batches, find_device, prepare, training_labels


@settings(deadline=None)
@given(seed=st.integers(0, 1000), size=st.integers(1, 17), examples=st.integers(1, 30))
def test_each_epoch_shows_each_example_once_in_full_batches(seed, size, examples):
    indices = np.arange(100, 100 + examples)
    drawn = np.array(list(itertools.islice(batches(indices, size, seed), 60)))
    epochs = drawn.flatten()[: drawn.size // examples * examples].reshape(-1, examples)
    for number, epoch in enumerate(epochs):
        random = np.random.default_rng([seed, zlib.crc32(b"order"), number])
        assert (epoch == random.permutation(indices)).all()


@settings(deadline=None)
@given(start=st.integers(0, 40), size=st.integers(1, 17), examples=st.integers(1, 30))
def test_batches_from_the_middle_are_those_of_the_whole(start, size, examples):
    indices = np.arange(examples)
    whole = list(itertools.islice(batches(indices, size, 0), start + 5))[start:]
    rest = list(itertools.islice(batches(indices, size, 0, start), 5))
    assert np.array_equal(whole, rest)


def test_held_out_images_and_their_labels_are_not_trained_on(dataset):
    one, other = (Training(RUN, QUICK, dataset) for _ in range(2))
    _, held_out = dataset.split(RUN.seed, QUICK.validation_share)
    other.images = other.images.clone()
    other.images[held_out], other.labels[held_out] = 255, 3
    for _ in range(QUICK.iterations):
        one.step(), other.step()
    assert one.losses == other.losses


@pytest.mark.parametrize("name", ["generated", "generated-150"])
def test_labels_are_the_true_ones_shuffled_among_the_training_examples_or_uniform(generated, name):
    dataset = load_dataset(name, generated)
    examples, held_out = dataset.split(RUN.seed, QUICK.validation_share)
    true, random = dataset.train_labels, changed(RUN, dataset=name, labels="random")
    assert (training_labels(RUN, QUICK, dataset).numpy() == true).all()
    shuffled = training_labels(random, QUICK, dataset).numpy()
    assert (np.bincount(shuffled[examples]) == np.bincount(true[examples])).all()
    assert (shuffled[held_out] == true[held_out]).all()
    uniform = training_labels(random, changed(QUICK, random_labels="uniform"), dataset).numpy()
    assert (np.bincount(uniform[examples]) != np.bincount(true[examples])).any()
    # Each of ten classes is drawn 60 times of 600, with a deviation of 7.3.
    assert np.abs(np.bincount(uniform, minlength=10) - 60).max() < 5 * 7.3
    for labels in (shuffled, uniform):
        # A tenth agrees by chance: within five deviations of a binomial share.
        agree = (labels[examples] == true[examples]).mean()
        assert abs(agree - 0.1) < 5 * (0.09 / len(examples)) ** 0.5
    same = changed(random, sparsity=0, weight_decay=0, network="lenet-5-caffe")
    assert (training_labels(same, QUICK, dataset).numpy() == shuffled).all()
    assert (training_labels(changed(random, seed=1), QUICK, dataset).numpy() != shuffled).any()


@pytest.mark.parametrize("how", ["keep", "redraw"])
def test_the_weights_trained_are_the_scored_ones_or_new_ones(dataset, how):
    run = changed(RUN, criterion="magnitude")
    network, masks = prepare(run, changed(QUICK, initial_weights=how), dataset)
    scored = build_network(run.network, run.seed).fc1.weight
    kept = masks["fc1.weight"]
    # By magnitude the largest of the scored weights were kept.
    assert scored[kept].abs().min() > scored[~kept].abs().max()
    assert torch.equal(network.fc1.weight, scored) == (how == "keep")
    # New ones are as large as any, and unlike the scored ones.
    if how == "redraw":
        assert network.fc1.weight.std().item() == pytest.approx(scored.std().item(), rel=0.01)
        together = torch.stack([network.fc1.weight.flatten(), scored.flatten()])
        assert abs(torch.corrcoef(together)[0, 1]) < 0.02


@pytest.mark.parametrize("prunable", ["weights", "weights-and-biases"])
def test_who_competes_counts_in_the_sparsity(dataset, prunable):
    run_settings = changed(QUICK, prunable=prunable)
    training = Training(changed(RUN, sparsity=99), run_settings, dataset)
    training.step()
    training.evaluations = [{"validation_error": 9.0, "test_error": 9.0}]
    training.log_loss()
    result = training.result()
    count = {"weights": 266_200, "weights-and-biases": 266_610}[prunable]
    assert (result["parameters"], result["kept"]) == (count, round(0.01 * count))
    biases = [mask for name, mask in training.masks.items() if name.endswith("bias")]
    assert all(mask.all() for mask in biases) == (prunable == "weights")


def test_runs_of_one_seed_share_weights_split_and_order(dataset):
    one = Training(changed(RUN, sparsity=0), QUICK, dataset)
    other = Training(changed(RUN, sparsity=50, criterion="random"), QUICK, dataset)
    kept = other.masks["fc1.weight"]
    assert torch.equal(one.network.fc1.weight[kept], other.network.fc1.weight[kept])
    assert (one.validation == other.validation).all()
    assert (next(one.batches) == next(other.batches)).all()


def test_a_cuda_device_is_asked_for_equal_bytes_and_one_that_is_not_there_is_named(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        TrainingError, match="device is 'cuda', but .* no CUDA device; allowed: cpu"
    ):
        find_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    try:
        assert find_device("cpu").type == "cpu"
        assert not torch.are_deterministic_algorithms_enabled()
        assert find_device("cuda").type == "cuda"
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
