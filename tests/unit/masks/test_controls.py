from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_problems import random_problem
from snip.masks.controls import SHUFFLES
from snip.masks.scoring import make_masks


def problem(network="lenet-300-100", seed=3):
    return random_problem(network, seed=seed, dtype=torch.float32)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
def test_shuffles_keep_as_many_in_each_tensor_and_by_input_in_each_of_its_inputs(network):
    [plain] = make_masks(problem(network), "snip", [90])
    [by_input] = make_masks(problem(network), "snip", [90], "shuffled-inputs")
    [by_tensor] = make_masks(problem(network), "snip", [90], "shuffled")
    for name, mask in plain.items():
        assert by_tensor[name].sum() == by_input[name].sum() == mask.sum()
        if name.endswith("weight"):
            assert torch.equal(by_input[name].sum(0), mask.sum(0))
            assert not torch.equal(by_tensor[name].sum(0), mask.sum(0))
            # Over the outputs, the numbers of connections are new.
            assert not torch.equal(by_input[name].sum(1), mask.sum(1))


@settings(deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
    control=st.sampled_from(sorted(SHUFFLES)),
)
def test_a_control_permutes_elements(shape, seed, control):
    """Numbers in place of a mask tell where each element went."""
    numbers = torch.arange(torch.Size(shape).numel()).view(shape)
    moved = SHUFFLES[control](numbers, torch.Generator().manual_seed(seed))
    assert moved.shape == numbers.shape
    assert sorted(moved.flatten().tolist()) == numbers.flatten().tolist()
    if control == "shuffled-inputs":
        inputs = numbers.numel() // shape[0]
        assert torch.equal(moved.flatten() % inputs, numbers.flatten() % inputs)


@pytest.mark.parametrize("control", SHUFFLES)
def test_every_permutation_is_as_likely(control):
    generator = torch.Generator().manual_seed(0)
    places = [SHUFFLES[control](torch.arange(3), generator).tolist() for _ in range(6000)]
    counts = [places.count(list(order)) for order in permutations(range(3))]
    # Five standard deviations of a binomial count.
    assert all(abs(count - 1000) < 5 * (6000 / 6 * 5 / 6) ** 0.5 for count in counts)


@pytest.mark.parametrize("control", SHUFFLES)
def test_a_control_follows_the_seed_and_leaves_random_scores_alone(control):
    one, again, other = (
        make_masks(problem(seed=seed), "random", [50], control)[0] for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["fc1.weight"], other["fc1.weight"])
    # The permutation does not depend on which other sparsities are asked for, nor do the scores.
    together = make_masks(problem(seed=1), "random", [90, 50], control)[1]
    assert all(torch.equal(one[name], together[name]) for name in together)
    [plain] = make_masks(problem(seed=1), "random", [50])
    assert all(plain[name].sum() == one[name].sum() for name in plain)


def test_inverted_keeps_the_lowest_scores():
    own = problem()
    [mask] = make_masks(own, "gradient-signed", [90], "inverted")
    kept = torch.cat([mask[name].flatten() for name in own.prunable])
    assert kept.sum() == 26_661
    assert own.gradient[kept].max() <= own.gradient[~kept].min()


@pytest.mark.parametrize("control", ["none", *SHUFFLES, "inverted"])
def test_what_cannot_be_pruned_stays(control):
    own = problem()
    own.prunable = ["fc2.weight", "fc3.weight"]
    [mask] = make_masks(own, "magnitude", [90], control)
    assert all(kept.all() for name, kept in mask.items() if name not in own.prunable)
    assert sum(int(mask[name].sum()) for name in own.prunable) == 3_100
