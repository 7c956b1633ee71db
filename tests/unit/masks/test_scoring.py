import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pruning_problems import random_problem
from snip.datasets.dataset import draw_pruning_batch
from snip.datasets.sources import DatasetError
from snip.masks import problem as pruning_problem
from snip.masks import scoring
from snip.study import registry

NETWORKS = ["lenet-300-100", "lenet-5-caffe"]


def loss_at(problem: scoring.PruningProblem, vector: torch.Tensor) -> float:
    parameters = dict(problem.network.named_parameters())
    sizes = [parameters[name].numel() for name in problem.prunable]
    values = {
        name: part.view(parameters[name].shape)
        for name, part in zip(problem.prunable, vector.split(sizes), strict=True)
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
    assert torch.equal(scores, (problem.weights * problem.gradient).abs())


@pytest.mark.parametrize("network", NETWORKS)
def test_signed_sensitivities_sum_to_the_same_in_each_layer(network):
    # These networks are positively homogeneous in each layer's weights while biases are zero, so
    # each layer's sum is the derivative of the loss in the scale of the logits.
    problem = random_problem(network)
    signed = problem.weights * problem.gradient
    parameters = dict(problem.network.named_parameters())
    parts = signed.split([parameters[name].numel() for name in problem.prunable])
    sums = [
        part.sum().item()
        for name, part in zip(problem.prunable, parts, strict=True)
        if name.endswith("weight")
    ]
    assert len(sums) > 2
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-9)
    assert abs(sums[0]) > 1e-4


def test_gradient_averaged_over_chunks_is_that_of_one_batch(monkeypatch):
    whole = random_problem(examples=25).gradient
    monkeypatch.setattr(pruning_problem, "CHUNK", 7)
    torch.testing.assert_close(random_problem(examples=25).gradient, whole, rtol=1e-12, atol=1e-15)


def test_inverted_images_and_negated_first_layer_give_the_same_sensitivities():
    problem = random_problem(dtype=torch.float32)
    other = random_problem(dtype=torch.float32)
    other.images = -other.images
    with torch.no_grad():
        other.network.fc1.weight.neg_()
    torch.testing.assert_close(scoring.score(problem, "snip"), scoring.score(other, "snip"))


@pytest.mark.parametrize("sparsity", [99.9999, 100 - 1e-9])
def test_a_sparsity_that_keeps_no_parameter_is_refused(sparsity):
    with pytest.raises(
        scoring.MaskError, match=rf"sparsity {sparsity} keeps none of \d+ parameters"
    ):
        scoring.make_masks(random_problem(), "magnitude", [90, sparsity])


class Fixed:
    """A problem whose scores under `magnitude` are the given ones."""

    def __init__(self, scores):
        self.network = torch.nn.Linear(len(scores) // 2, 1, bias=False)
        self.network.second = torch.nn.Linear(len(scores) - len(scores) // 2, 1, bias=False)
        self.prunable = ["weight", "second.weight"]
        self.weights = torch.tensor(scores, dtype=torch.float32)
        self.gradient = torch.ones_like(self.weights)
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


def test_number_kept_at_published_sizes():
    assert scoring.number_kept(266_610, 90) == 26_661
    assert scoring.number_kept(431_080, 99) == 4_311
    assert scoring.number_kept(431_080, 0) == 431_080


def test_weights_alone_compete_when_asked():
    problem = random_problem(dtype=torch.float32)
    problem.prunable = scoring.prunable_parameters(problem.network, "weights")
    [mask] = scoring.make_masks(problem, "snip", [90])
    assert all(mask[name].all() for name in mask if name.endswith("bias"))
    kept = sum(int(mask[name].sum()) for name in mask if name.endswith("weight"))
    assert kept == round(266_200 * 0.1)


def test_zero_biases_go_first():
    [mask] = scoring.make_masks(random_problem(dtype=torch.float32), "snip", [5])
    assert not any(mask[name].any() for name in mask if name.endswith("bias"))


def test_the_signed_gradient_keeps_the_largest_with_their_sign():
    problem = random_problem(dtype=torch.float32)
    [mask] = scoring.make_masks(problem, "gradient-signed", [90])
    kept = torch.cat([mask[name].reshape(-1) for name in problem.prunable])
    assert problem.gradient[kept].min() >= problem.gradient[~kept].max()
    # The magnitude keeps large negative ones as well.
    [by_magnitude] = scoring.make_masks(problem, "gradient", [90])
    assert not torch.equal(by_magnitude["fc1.weight"], mask["fc1.weight"])


@pytest.mark.parametrize("class_", ["all", "3"])
def test_a_pruning_batch_of_all_examples(class_):
    labels, candidates = np.arange(200) % 10, np.arange(50, 180)
    batch = draw_pruning_batch(labels, candidates, "all", 0, class_)
    assert sorted(batch) == [i for i in candidates if class_ in ("all", str(labels[i]))]
    assert (draw_pruning_batch(labels, candidates, 7, 0, class_) == batch[:7]).all()


def test_random_scores_follow_the_seed():
    first, again, other = (scoring.score(random_problem(seed=seed), "random") for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), small=st.integers(1, 30), large=st.integers(31, 90))
def test_pruning_batch_is_drawn_from_the_candidates_and_nests(seed, small, large):
    labels = np.arange(200) % 10
    candidates = np.random.default_rng(seed).permutation(200)[:100]
    batch = draw_pruning_batch(labels, candidates, large, seed)
    assert len(set(batch)) == large and set(batch) <= set(candidates)
    assert (draw_pruning_batch(labels, candidates, small, seed) == batch[:small]).all()


def test_pruning_batch_of_one_class():
    labels = np.arange(200) % 10
    batch = draw_pruning_batch(labels, np.arange(200), 20, 0, "7")
    assert sorted(batch) == list(range(7, 200, 10))
    with pytest.raises(DatasetError, match="21 examples asked for, but class 7 has 20"):
        draw_pruning_batch(labels, np.arange(200), 21, 0, "7")


def test_scores_that_are_not_finite_are_refused():
    problem = Fixed([1.0, float("nan"), 2.0])
    with pytest.raises(scoring.MaskError, match="not finite"):
        scoring.score(problem, "magnitude")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: s.numpy(), "ndarray"),
        (list, "list"),
        (lambda _: {}, "dict"),
        (print, "NoneType"),
        (lambda s: s.to(torch.complex64), r"tensor \(torch.complex64, torch.strided\)"),
        (lambda s: s.to_sparse(), r"tensor \(torch.float64, torch.sparse_coo\)"),
    ],
)
def test_scores_that_are_no_tensor_are_refused(monkeypatch, change, found):
    monkeypatch.setattr("snip.masks.criteria.magnitude.score", lambda p: change(p.weights.abs()))
    sentence = (
        f"^criterion magnitude returned a {found}, expected a tensor of real numbers of shape"
    )
    with pytest.raises(scoring.MaskError, match=sentence):
        scoring.make_masks(random_problem(), "magnitude", [90])


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
def test_scores_of_half_precision_are_ranked(monkeypatch, precision):
    monkeypatch.setattr(
        "snip.masks.criteria.magnitude.score", lambda p: p.weights.abs().to(precision)
    )
    problem = random_problem()
    [mask] = scoring.make_masks(problem, "magnitude", [90])
    kept = torch.cat([mask[name].flatten() for name in problem.prunable])
    rounded = problem.weights.abs().to(precision).float()
    assert kept.sum() == 26_661 and rounded[kept].min() >= rounded[~kept].max()


def test_unknown_criterion_names_the_registered_ones():
    names = "force, gradient, gradient-signed, grasp, iterative-snip, magnitude, random, snip"
    with pytest.raises(registry.SnipError, match=f"'snap'.*{names}, synflow"):
        scoring.make_masks(random_problem(), "snap", [90])
