import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_problems import random_problem
from quick import QUICK, RUN, changed
from snip.datasets.dataset import draw_pruning_batch
from snip.datasets.sources import DatasetError
from snip.jobs.failures import SnipError
from snip.layers.weights import build_network
from snip.masks import problem as pruning_problem
from snip.masks import scoring

NETWORKS = ["lenet-300-100", "lenet-5-caffe"]


def loss_at(problem, vector):
    parameters = problem.parameters
    values = {
        name: part.view(parameter.shape)
        for name, parameter, part in zip(
            problem.prunable, parameters, vector.split(problem.sizes), strict=True
        )
    }
    logits = torch.func.functional_call(problem.network, values, (problem.images,))
    return torch.nn.functional.cross_entropy(logits, problem.labels).item()


@pytest.mark.parametrize("network", NETWORKS)
def test_sensitivity_is_the_derivative_of_the_loss_in_the_connection(network):
    problem = random_problem(network)
    scores = scoring.score(problem, "snip")
    step = 1e-5
    # The strongest connections and some random ones; the weakest are lost in the loss's rounding.
    checked = torch.cat([scores.topk(5).indices, torch.randperm(len(scores))[:5]])
    for j in checked.tolist():
        connections = torch.ones_like(problem.weights)
        connections[j] = 1 + step
        above = loss_at(problem, connections * problem.weights)
        connections[j] = 1 - step
        below = loss_at(problem, connections * problem.weights)
        assert abs(above - below) / (2 * step) == pytest.approx(scores[j].item(), abs=1e-8)


def test_gradient_averaged_over_chunks_is_that_of_one_batch(monkeypatch):
    whole = random_problem(examples=25).gradient
    monkeypatch.setattr(pruning_problem, "CHUNK", 7)
    torch.testing.assert_close(random_problem(examples=25).gradient, whole, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("criterion", "formula"),
    [
        ("snip", lambda w, g: (w * g).abs()),
        ("gradient", lambda w, g: g.abs()),
        ("gradient-signed", lambda w, g: g),
        ("magnitude", lambda w, g: w.abs()),
    ],
)
def test_scores_follow_their_formula(criterion, formula):
    problem = random_problem()
    parameters = dict(problem.network.named_parameters())
    torch.nn.functional.cross_entropy(problem.network(problem.images), problem.labels).backward()
    pairs = [(parameters[name].detach(), parameters[name].grad) for name in problem.prunable]
    expected = torch.cat([formula(w, g).flatten() for w, g in pairs])
    torch.testing.assert_close(scoring.score(problem, criterion), expected, rtol=1e-9, atol=1e-15)


def test_random_scores_are_uniform_and_follow_the_seed():
    first, again, other = (scoring.score(random_problem(seed=seed), "random") for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    quarters = first.histc(4, 0, 1) / len(first)
    torch.testing.assert_close(quarters, torch.full((4,), 0.25), rtol=0, atol=0.005)


class Fixed:
    """A problem whose scores under `magnitude` are the given ones."""

    def __init__(self, scores):
        self.network = torch.nn.Linear(len(scores) // 2, 1, bias=False)
        self.network.second = torch.nn.Linear(len(scores) - len(scores) // 2, 1, bias=False)
        self.prunable = ["weight", "second.weight"]
        self.weights = torch.tensor(scores, dtype=torch.float32)
        self.generator = torch.Generator()


@settings(deadline=None)
@given(
    scores=st.lists(st.integers(0, 3), min_size=2, max_size=60),
    sparsities=st.lists(st.floats(0, 99.99), min_size=1, max_size=5),
)
def test_exactly_kappa_are_kept_ties_by_index_and_masks_nest(scores, sparsities):
    one_is_kept = 100 * (1 - 1 / len(scores))
    sparsities = sorted(min(sparsity, one_is_kept) for sparsity in sparsities)
    before = None
    for sparsity, mask in zip(
        sparsities, scoring.make_masks(Fixed(scores), "magnitude", sparsities), strict=True
    ):
        kept = torch.cat([part.reshape(-1) for part in mask.values()]).tolist()
        count = round(len(scores) * (1 - sparsity / 100))
        assert sum(kept) == count
        # The obvious reference: highest score first, then lowest index.
        order = sorted(range(len(scores)), key=lambda j: (-scores[j], j))
        assert {j for j, keep in enumerate(kept) if keep} == set(order[:count])
        assert before is None or all(b or not k for b, k in zip(before, kept, strict=True))
        before = kept


@pytest.mark.parametrize("sparsity", [99.9999, 100 - 1e-9])
def test_a_sparsity_that_keeps_no_parameter_is_refused(sparsity):
    with pytest.raises(scoring.MaskError, match=rf"sparsity {sparsity} keeps none of 4 parameters"):
        scoring.make_masks(Fixed([1.0, 2.0, 3.0, 4.0]), "magnitude", [50, sparsity])


def test_number_kept_at_published_sizes():
    assert scoring.number_kept(266_610, 90) == 26_661
    assert scoring.number_kept(431_080, 99) == 4_311
    assert scoring.number_kept(431_080, 0) == 431_080


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: s.numpy(), "ndarray"),
        (print, "NoneType"),
        (lambda s: s.to(torch.complex64), r"torch.strided tensor of torch.complex64, shape \(4,\)"),
        (lambda s: s.to_sparse(), r"torch.sparse_coo tensor of torch.float32, shape \(4,\)"),
        (lambda s: s[:3], r"torch.strided tensor of torch.float32, shape \(3,\)"),
    ],
)
def test_scores_that_are_no_vector_of_numbers_are_refused(monkeypatch, change, found):
    monkeypatch.setattr("snip.masks.criteria.magnitude.score", lambda p: change(p.weights))
    said = rf"^criterion magnitude returned a {found}, expected a tensor of real .*, shape \(4,\)$"
    with pytest.raises(scoring.MaskError, match=said):
        scoring.score(Fixed([1.0, 2.0, 3.0, 4.0]), "magnitude")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_refused(value):
    with pytest.raises(scoring.MaskError, match="not finite"):
        scoring.score(Fixed([1.0, value, 2.0]), "magnitude")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.uint8, torch.int64])
def test_scores_of_other_kinds_are_ranked(monkeypatch, kind):
    monkeypatch.setattr("snip.masks.criteria.magnitude.score", lambda p: p.weights.to(kind))
    own = Fixed([3.0, 1.0, 4.0, 2.0])
    [plain] = scoring.make_masks(own, "magnitude", [50])
    [inverted] = scoring.make_masks(own, "magnitude", [50], "inverted")
    assert [*plain["weight"][0], *plain["second.weight"][0]] == [True, False, True, False]
    assert [*inverted["weight"][0], *inverted["second.weight"][0]] == [False, True, False, True]


def test_unknown_criterion_names_the_registered_ones():
    names = "force, gradient, gradient-signed, grasp, iterative-snip, magnitude, random, snip"
    with pytest.raises(SnipError, match=f"'snap'.*{names}, synflow"):
        scoring.make_masks(Fixed([1.0, 2.0]), "snap", [50])


# The pruning batch. Labels of the made-up data are a tenth each, by index.
LABELS = np.arange(200) % 10


@settings(deadline=None)
@given(seed=st.integers(0, 1000), small=st.integers(1, 30), large=st.integers(31, 90))
def test_pruning_batch_is_drawn_from_the_candidates_and_nests(seed, small, large):
    candidates = np.random.default_rng(seed).permutation(200)[:100]
    batch = draw_pruning_batch(LABELS, candidates, large, seed)
    assert len(set(batch)) == large and set(batch) <= set(candidates)
    assert (draw_pruning_batch(LABELS, candidates, small, seed) == batch[:small]).all()
    assert (draw_pruning_batch(LABELS, candidates, large, seed + 1) != batch).any()


@pytest.mark.parametrize("class_", ["all", "3"])
def test_a_pruning_batch_of_all_examples(class_):
    candidates = np.arange(50, 180)
    batch = draw_pruning_batch(LABELS, candidates, "all", 0, class_)
    assert sorted(batch) == [i for i in candidates if class_ in ("all", str(LABELS[i]))]


def test_pruning_batch_of_one_class():
    batch = draw_pruning_batch(LABELS, np.arange(200), 20, 0, "7")
    assert sorted(batch) == list(range(7, 200, 10))
    with pytest.raises(DatasetError, match="21 examples asked for, but class 7 has 20"):
        draw_pruning_batch(LABELS, np.arange(200), 21, 0, "7")


@pytest.mark.parametrize("size", [7, 30, 95, 120])
def test_a_balanced_pruning_batch_has_as_many_of_each_class_or_one_more(size):
    candidates = np.setdiff1d(np.arange(200), np.arange(4, 100, 10))  # ten of class 4 are left
    batch = draw_pruning_batch(LABELS, candidates, size, 0, balanced=True)
    counts = np.bincount(LABELS[batch], minlength=10)
    others = np.delete(counts, 4)
    assert len(set(batch)) == counts.sum() == size and set(batch) <= set(candidates)
    assert others.max() - others.min() <= 1
    assert counts[4] == 10 if size > 100 else counts.max() - counts.min() <= 1


@pytest.mark.parametrize("how", ["random", "balanced"])
@pytest.mark.parametrize("labels", ["correct", "random"])
def test_a_problem_has_training_images_and_their_true_labels(dataset, how, labels):
    run = changed(RUN, labels=labels, batch_size=50)
    run_settings = changed(QUICK, pruning_batch=how)
    network = build_network(run.network, run.seed).train()
    problem = scoring.make_problem(network, run.masks, run.seed, run_settings, dataset)
    training, _ = dataset.split(run.seed, run_settings.validation_share)
    stored = dataset.standardise(dataset.train_images).flatten(1)
    found = [int((stored == image).all(1).nonzero()) for image in problem.images.flatten(1)]
    assert len(set(found)) == 50 and set(found) <= set(training)
    assert (problem.labels.numpy() == dataset.train_labels[found]).all()
    counts = np.bincount(problem.labels)
    assert (how == "balanced") == (counts.max() == counts.min() == 5)
    assert not problem.network.training
