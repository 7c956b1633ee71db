import copy
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from pruning_problems import random_problem
from snip.masks import problem as pruning_problem
from snip.masks.criteria import grasp
from snip.masks.problem import PruningProblem
from snip.masks.scoring import make_masks, score


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


def test_grasp_in_single_precision_is_that_in_double_precision():
    problem = random_problem("lenet-5-caffe", examples=20, dtype=torch.float32)
    network, images = copy.deepcopy(problem.network).double(), problem.images.double()
    exact = score(replace(problem, network=network, images=images), "grasp")
    assert (score(problem, "grasp") - exact).norm() < 1e-5 * exact.norm()


def test_synflow_sums_the_paths_through_each_connection():
    problem = tiny_problem([3, 4, 2, 3])
    sizes = [parameter.detach().abs() for parameter in problem.network.parameters()]
    # Flow that arrives at each unit from images of ones and from biases, and paths that leave it.
    arriving, leaving = [torch.ones(3, dtype=torch.float64)], [torch.ones(3, dtype=torch.float64)]
    for weight, bias in zip(sizes[::2], sizes[1::2], strict=True):
        arriving.append(weight @ arriving[-1] + bias)
    for weight in reversed(sizes[2::2]):
        leaving.insert(0, weight.T @ leaving[0])
    expected = []
    for layer in range(3):
        weight, bias = sizes[2 * layer : 2 * layer + 2]
        expected += [weight * leaving[layer][:, None] * arriving[layer], bias * leaving[layer]]
    flows = torch.cat([flow.flatten() for flow in expected])
    torch.testing.assert_close(score(problem, "synflow"), flows)


def test_synflow_needs_no_data():
    problem, other = (random_problem("lenet-5-caffe", examples=count) for count in (12, 3))
    assert torch.equal(score(problem, "synflow"), score(other, "synflow"))


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
