import copy
from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from pruning_problems import random_problem
from snip.masks import problem as pruning_problem
from snip.masks.anatomy import anatomy
from snip.masks.criteria import grasp
from snip.masks.problem import PruningProblem
from snip.masks.scoring import make_masks, score

NETWORKS = ["lenet-300-100", "lenet-5-caffe"]


def tiny_problem(widths, seed=0, biases=True, examples=6):
    """A problem of linear layers and ReLU in double precision."""
    torch.manual_seed(seed)
    layers = []
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    network = nn.Sequential(*layers[:-1]).double()
    if not biases:
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
    images = torch.randn(examples, widths[0], dtype=torch.float64)
    labels = torch.randint(widths[-1], (examples,))
    names = [name for name, _ in network.named_parameters()]
    return PruningProblem(network, images, labels, torch.Generator(), names)


def loss_of(problem, vector):
    """The mean cross-entropy of softened logits, as a function of all parameters."""
    shapes = {name: p.shape for name, p in problem.network.named_parameters()}
    parts = vector.split([shape.numel() for shape in shapes.values()])
    values = {
        name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }
    logits = torch.func.functional_call(problem.network, values, (problem.images,))
    return cross_entropy(logits / grasp.TEMPERATURE, problem.labels)


@pytest.mark.parametrize("temperature", [1, 200])
def test_grasp_is_the_product_with_a_dense_hessian(temperature, monkeypatch):
    monkeypatch.setattr(grasp, "TEMPERATURE", temperature)
    problem = tiny_problem([5, 4, 3])
    weights = problem.weights
    derivative = torch.func.jacrev(lambda vector: loss_of(problem, vector))
    hessian = torch.func.jacrev(derivative)(weights)
    torch.testing.assert_close(
        score(problem, "grasp"), weights * (hessian @ derivative(weights)), rtol=1e-9, atol=1e-20
    )
    # Both signs: those that keep the gradient's norm up are kept, whatever their magnitude.
    assert (score(problem, "grasp") > 0).any() and (score(problem, "grasp") < 0).any()


def test_grasp_does_not_depend_on_the_chunks_of_the_batch(monkeypatch):
    problem = random_problem(examples=25)
    whole = score(problem, "grasp")
    monkeypatch.setattr(pruning_problem, "CHUNK", 7)
    torch.testing.assert_close(score(problem, "grasp"), whole, rtol=1e-9, atol=1e-18)


def test_grasp_in_single_precision_is_that_in_double_precision_and_of_differences():
    problem = random_problem("lenet-5-caffe", examples=20, dtype=torch.float32)
    network, images = copy.deepcopy(problem.network).double(), problem.images.double()
    plain = replace(problem, network=network, images=images)
    exact = score(plain, "grasp")
    assert (score(problem, "grasp") - exact).norm() < 1e-5 * exact.norm()
    # The reference is right: Hg is how fast the gradient changes along g. The step is so small that
    # no ReLU and no maximum switches.
    weights = plain.weights
    gradient = torch.func.grad(lambda vector: loss_of(plain, vector))
    along = gradient(weights)
    step = 1e-6 / along.norm()
    change = gradient(weights + step * along) - gradient(weights - step * along)
    assert (weights * change / (2 * step) - exact).norm() < 1e-6 * exact.norm()


def test_synflow_sums_the_paths_through_each_connection():
    problem = tiny_problem([3, 4, 2, 3])
    names = dict(problem.network.named_parameters())
    first, first_bias, second, second_bias, third, third_bias = [
        parameter.detach().abs().tolist() for parameter in names.values()
    ]
    scores = [torch.zeros(parameter.shape, dtype=torch.float64) for parameter in names.values()]
    for i, j, k, o in product(range(3), range(4), range(2), range(3)):
        flow = first[j][i] * second[k][j] * third[o][k]
        for score_of, index in zip(scores[::2], [(j, i), (k, j), (o, k)], strict=True):
            score_of[index] += flow
    for j, k, o in product(range(4), range(2), range(3)):  # paths that start at a bias
        flow = first_bias[j] * second[k][j] * third[o][k]
        for score_of, index in zip(scores[1:3] + [scores[4]], [j, (k, j), (o, k)], strict=True):
            score_of[index] += flow
    for k, o in product(range(2), range(3)):
        flow = second_bias[k] * third[o][k]
        scores[3][k] += flow
        scores[4][o, k] += flow
    scores[5] += torch.tensor(third_bias, dtype=torch.float64)
    expected = torch.cat([part.flatten() for part in scores])
    torch.testing.assert_close(score(problem, "synflow"), expected)


@pytest.mark.parametrize("network", NETWORKS)
def test_synflow_needs_no_data_and_conserves_its_sum(network):
    problem, other = random_problem(network), random_problem(network, examples=3)
    scores = score(problem, "synflow")
    assert torch.equal(scores, score(other, "synflow"))
    # Every path passes each layer once (Tanaka et al., theorem 2).
    sums = [
        float(part.sum())
        for name, part in zip(problem.prunable, scores.split(problem.sizes), strict=True)
        if name.endswith("weight")
    ]
    assert sums == pytest.approx([sums[0]] * len(sums)) and sums[0] > 0


@pytest.mark.parametrize("network", NETWORKS)
def test_synflow_empties_no_layer_where_others_do(network):
    sparsities = [99, 99.5, 99.9]
    problem = random_problem(network, dtype=torch.float32)
    for sparsity, mask in zip(sparsities, make_masks(problem, "synflow", sparsities), strict=True):
        counts = anatomy(problem.network, mask)
        kept = sum(count["kept"] for count in counts.values())
        assert kept == round(sum(problem.sizes) * (1 - sparsity / 100))
        assert all(count["kept"] for name, count in counts.items() if name.endswith("weight"))
        assert sum(count["effective"] for count in counts.values()) > 0.98 * kept
    [magnitude] = make_masks(problem, "magnitude", [99.9])
    assert any(not kept.any() for name, kept in magnitude.items() if name.endswith("weight"))


@settings(deadline=None, max_examples=25)
@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
def test_synflow_leaves_a_path_if_there_are_as_many_connections_as_layers(widths, seed, data):
    """The maximal critical compression (Tanaka et al., section 3) is reached."""
    problem = tiny_problem(widths, seed, biases=False)
    count = sum(problem.sizes)
    kept = data.draw(st.integers(len(widths) - 1, count))
    [mask] = make_masks(problem, "synflow", [100 * (1 - kept / count)])
    ones = {name: part.double() for name, part in mask.items()}
    # One bias per layer, always zero, would only add to the paths.
    ones |= {name: part * 0 for name, part in ones.items() if name.endswith("bias")}
    paths = torch.func.functional_call(
        problem.network, ones, (torch.ones(1, widths[0], dtype=torch.float64),)
    )
    assert paths.sum() > 0


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("criterion", ["iterative-snip", "force"])
def test_rounds_keep_more_effective_connections_than_one_ranking(network, criterion):
    """De Jorge et al. 2021: one ranking disconnects the network at extreme sparsities."""
    problem = random_problem(network, examples=50, dtype=torch.float32)
    effective = {}
    for name in ("snip", criterion):
        [mask] = make_masks(problem, name, [99.5])
        counts = anatomy(problem.network, mask).values()
        effective[name] = sum(count["effective"] for count in counts)
    assert effective[criterion] > 1.3 * effective["snip"]
