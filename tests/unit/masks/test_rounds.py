import copy
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_problems import random_problem
from snip.masks import scoring
from snip.study import registry


@pytest.fixture
def in_rounds(monkeypatch):
    """Make `magnitude` another criterion, and record the problems that it scores."""
    load = registry.load

    def replace(score, rounds, revives=False):
        seen = []

        def recorded(problem):
            if rounds:
                seen.append((problem, problem.weights, problem.kept))
            return score(problem)

        constants = {"ROUNDS": rounds, "REVIVES": revives}
        monkeypatch.setattr(
            registry,
            "load",
            lambda kind, *rest: recorded if kind == "criteria" else load(kind, *rest),
        )
        monkeypatch.setattr(registry, "constant", lambda kind, name, it: constants.get(it, True))
        return seen

    return replace


def kept_of(problem, mask):
    return torch.cat([mask[name].flatten() for name in problem.prunable])


@settings(deadline=None)
@given(
    scores=st.lists(
        st.sampled_from([0.0, -0.0, 1.5, -2.0, 1e-300]) | st.floats(-3, 3), min_size=1, max_size=60
    ),
    number=st.integers(1, 60),
    single=st.booleans(),
)
def test_the_highest_are_those_of_a_stable_sort(scores, number, single):
    scores = torch.tensor(scores, dtype=torch.float32 if single else torch.float64)
    number = min(number, len(scores))
    expected = torch.zeros(len(scores), dtype=torch.bool)
    expected[scores.sort(descending=True, stable=True).indices[:number]] = True
    before = scores.clone()
    assert torch.equal(scoring.highest(scores, number), expected)
    assert torch.equal(scores, before)


def test_a_round_sees_what_earlier_ones_left(in_rounds):
    seen = in_rounds(lambda round_: (round_.weights * round_.sparsity).abs(), rounds=4)
    problem = random_problem()
    initial = problem.weights
    [mask] = scoring.make_masks(problem, "magnitude", [99])
    # A hundredth is left after four rounds: each keeps 0.01^(1/4) of what it sees.
    numbers = [266_610, 84_309, 26_661, 8_431]
    assert [int(kept.sum()) for _, _, kept in seen] == numbers
    for round_, weights, kept in seen:
        assert isinstance(round_, scoring.PruningRound) and round_.sparsity == 99
        assert torch.equal(round_.initial_weights, initial)
        assert torch.equal(weights, torch.where(kept, initial, 0))
    earlier = [kept for _, _, kept in seen] + [kept_of(problem, mask)]
    assert all((before | ~after).all() for before, after in pairwise(earlier))
    assert int(earlier[-1].sum()) == 2_666
    # Magnitudes do not change, so rounds keep what one ranking keeps.
    assert torch.equal(earlier[-1], scoring.highest(initial.abs(), 2_666))
    assert torch.equal(problem.weights, initial)


def test_what_was_pruned_comes_back_only_if_the_file_says_so(in_rounds):
    def odd_rounds_prefer_the_last(round_):
        index = torch.arange(len(round_.kept), dtype=torch.float64)
        return index if round_.kept.all() else -index

    problem = random_problem()
    count = len(problem.weights)
    for revives in (False, True):
        in_rounds(odd_rounds_prefer_the_last, 2, revives)
        [mask] = scoring.make_masks(problem, "magnitude", [99])
        kept = kept_of(problem, mask).nonzero().flatten()
        # The first round keeps the last tenth, the second the first of these, or of all.
        start = 0 if revives else count - 26_661
        assert kept.tolist() == list(range(start, start + 2_666))


def test_inverted_rounds_keep_the_lowest_each_time(in_rounds):
    in_rounds(lambda round_: round_.initial_weights.abs(), rounds=3)
    problem = random_problem()
    [mask] = scoring.make_masks(problem, "magnitude", [90], "inverted")
    assert torch.equal(kept_of(problem, mask), scoring.highest(-problem.weights.abs(), 26_661))


def test_each_sparsity_is_scored_apart_and_with_the_same_random_numbers(in_rounds):
    def draws(round_):
        with torch.no_grad():  # what a criterion does to its network is undone
            round_.network.fc3.weight.zero_()
        own = torch.rand(len(round_.kept), generator=round_.generator)
        return own + torch.rand(len(round_.kept))

    in_rounds(draws, rounds=3)
    problem = random_problem()
    before = copy.deepcopy(problem.network.state_dict())
    [alone] = scoring.make_masks(problem, "magnitude", [99])
    for sparsities in ([90, 99], [99, 99]):
        together = scoring.make_masks(problem, "magnitude", sparsities)[-1]
        assert all(torch.equal(alone[name], together[name]) for name in alone)
    assert all(torch.equal(before[name], p) for name, p in problem.network.state_dict().items())


@pytest.mark.parametrize("criterion", ["iterative-snip", "force"])
def test_a_hundred_rounds_are_those_of_a_plain_loop(criterion):
    # In single precision one connection that changes sides changes the rounds after it.
    problem = random_problem()
    [mask] = scoring.make_masks(problem, criterion, [99])
    network, count = copy.deepcopy(problem.network), 266_610
    initial = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    kept = torch.ones(count)
    for done in range(1, 101):
        torch.nn.utils.vector_to_parameters(initial * kept, network.parameters())
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(problem.images), problem.labels).backward()
        gradient = torch.cat([parameter.grad.flatten() for parameter in network.parameters()])
        scores = (initial * gradient).abs()
        if criterion == "iterative-snip":
            scores[kept == 0] = -1
        order = scores.sort(descending=True, stable=True).indices
        kept = torch.zeros(count)
        kept[order[: round(count * 0.01 ** (done / 100))]] = 1
    assert torch.equal(kept_of(problem, mask), kept.bool())


def test_a_criterion_that_forgets_that_it_works_in_rounds_is_told(in_rounds):
    in_rounds(lambda problem: problem.kept.float(), rounds=0)
    with pytest.raises(scoring.MaskError, match=r"magnitude asks for problem\.kept, .* ROUNDS = 1"):
        scoring.make_masks(random_problem(), "magnitude", [50])
