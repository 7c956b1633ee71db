from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_problems import random_problem
from snip.masks.controls import CONTROLS, SHUFFLES
from snip.masks.scoring import MaskError, make_masks

NETWORKS = ["lenet-300-100", "lenet-5-caffe"]


def problem(network="lenet-300-100", seed=3):
    return random_problem(network, seed=seed, dtype=torch.float32)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("control", SHUFFLES)
def test_a_shuffled_mask_keeps_as_many_in_each_tensor_but_other_ones(network, control):
    plain = make_masks(problem(network), "snip", [50, 99])
    moved = make_masks(problem(network), "snip", [50, 99], control)
    for before, after in zip(plain, moved, strict=True):
        for name, mask in before.items():
            assert after[name].shape == mask.shape and after[name].sum() == mask.sum()
            assert name.endswith("bias") or not torch.equal(after[name], mask)


@pytest.mark.parametrize("network", NETWORKS)
def test_shuffled_inputs_keep_as_many_connections_and_plainly_shuffled_ones_do_not(network):
    [plain] = make_masks(problem(network), "snip", [90])
    [by_input] = make_masks(problem(network), "snip", [90], "shuffled-inputs")
    [by_tensor] = make_masks(problem(network), "snip", [90], "shuffled")
    for name in (name for name in plain if name.endswith("weight")):
        assert torch.equal(by_input[name].sum(0), plain[name].sum(0))
        assert not torch.equal(by_tensor[name].sum(0), plain[name].sum(0))
        # Over the outputs, the numbers of connections are new.
        assert not torch.equal(by_input[name].sum(1), plain[name].sum(1))


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
    masks = [make_masks(problem(seed=seed), "random", [50], control)[0] for seed in (1, 1, 2)]
    assert all(torch.equal(masks[0][name], masks[1][name]) for name in masks[0])
    assert not torch.equal(masks[0]["fc1.weight"], masks[2]["fc1.weight"])
    # The permutation does not depend on which other sparsities are asked for, nor do the scores.
    together = make_masks(problem(seed=1), "random", [90, 50], control)[1]
    assert all(torch.equal(masks[0][name], together[name]) for name in together)
    [plain] = make_masks(problem(seed=1), "random", [50])
    assert all(plain[name].sum() == masks[0][name].sum() for name in plain)


def test_inverted_at_half_keeps_the_complement():
    # 266,610 parameters, and the random scores are distinct but for a few.
    [plain] = make_masks(problem(), "random", [50])
    [inverted] = make_masks(problem(), "random", [50], "inverted")
    both = sum(int((plain[name] & inverted[name]).sum()) for name in plain)
    assert both == 0


@pytest.mark.parametrize("criterion", ["snip", "gradient-signed"])
def test_inverted_keeps_the_lowest_scores(criterion):
    own = problem()
    [mask] = make_masks(own, criterion, [90], "inverted")
    kept = torch.cat([mask[name].flatten() for name in own.prunable])
    scores = own.gradient if criterion == "gradient-signed" else (own.weights * own.gradient).abs()
    assert kept.sum() == 26_661
    assert scores[kept].max() <= scores[~kept].min()
    if criterion == "snip":  # the zero biases have the lowest scores of all
        assert all(mask[name].all() for name in mask if name.endswith("bias"))


@pytest.mark.parametrize("control", CONTROLS)
def test_what_cannot_be_pruned_stays(control):
    own = problem()
    own.prunable = ["fc2.weight", "fc3.weight"]
    [mask] = make_masks(own, "magnitude", [90], control)
    for name, kept in mask.items():
        assert name in own.prunable or kept.all()
    assert sum(int(mask[name].sum()) for name in own.prunable) == 3_100


def test_an_unknown_control_is_refused():
    with pytest.raises(MaskError, match="'mixed', allowed: none, shuffled, shuffled-inputs, inv"):
        make_masks(problem(), "snip", [90], "mixed")
