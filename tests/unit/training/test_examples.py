import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import QUICK, RUN
from snip.datasets.dataset import load_dataset
from snip.training.examples import batches, training_labels
from snip.training.loop import Training
from studies import CHOICES


@settings(deadline=None)
@given(seed=st.integers(0, 1000), size=st.integers(1, 17), examples=st.integers(1, 30))
def test_each_epoch_shows_each_example_once_in_full_batches(seed, size, examples):
    drawn = list(itertools.islice(batches(np.arange(100, 100 + examples), size, seed), 60))
    assert all(len(batch) == size for batch in drawn)
    joined = np.concatenate(drawn)
    for start in range(0, len(joined) - examples + 1, examples):
        epoch = joined[start : start + examples]
        assert sorted(epoch) == list(range(100, 100 + examples))


@settings(deadline=None)
@given(start=st.integers(0, 40), size=st.integers(1, 17), examples=st.integers(1, 30))
def test_batches_from_the_middle_are_those_of_the_whole(start, size, examples):
    indices = np.arange(examples)
    whole = list(itertools.islice(batches(indices, size, 0), start + 5))[start:]
    rest = list(itertools.islice(batches(indices, size, 0, start), 5))
    assert all((a == b).all() for a, b in zip(whole, rest, strict=True))


@pytest.mark.parametrize("how", CHOICES["random_labels"])
def test_random_labels_are_trained_on_and_true_ones_scored(dataset, how):
    random, run_settings = replace(RUN, labels="random"), replace(QUICK, random_labels=how)
    true_training, random_training = (Training(run, run_settings, dataset) for run in (RUN, random))
    assert (true_training.labels.numpy() == dataset.train_labels).all()
    agree = (random_training.labels == true_training.labels)[true_training.examples]
    agree = agree.double().mean().item()
    assert 0.02 < agree < 0.2
    for name, mask in true_training.masks.items():
        assert torch.equal(mask, random_training.masks[name])
    again = Training(random, run_settings, dataset)
    assert torch.equal(random_training.labels, again.labels)


@pytest.mark.parametrize("name", ["generated", "generated-150"])
def test_shuffled_labels_are_a_permutation_of_the_runs_true_ones(generated, name):
    dataset = load_dataset(name, generated)
    random = replace(RUN, dataset=name, labels="random")
    training = Training(random, QUICK, dataset)
    shuffled = training.labels.numpy()[training.examples]
    true = dataset.train_labels[training.examples]
    assert (np.bincount(shuffled) == np.bincount(true)).all() and (shuffled != true).mean() > 0.7
    for changed in ({"sparsity": "0"}, {"weight_decay": "0"}, {"network": "lenet-5-caffe"}):
        same = training_labels(replace(random, **changed), QUICK, dataset)
        assert torch.equal(same, training.labels)
    other = training_labels(replace(random, seed=1), QUICK, dataset)
    assert not torch.equal(other, training.labels)
    uniform = training_labels(random, replace(QUICK, random_labels="uniform"), dataset).numpy()
    assert (np.bincount(uniform[training.examples]) != np.bincount(true)).any()
