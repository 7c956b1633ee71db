"""Networks that have other layers than the shipped ones, scored, counted and trained."""

import io
import json
import random

import numpy as np
import pytest
import torch
from odd_networks import Wired
from torch import nn

from own_networks import NETWORKS, QUICK, RUN, Functional, convolutions, layers, register
from quick import changed, quietly, stop_after
from snip.layers.weights import build_network, connections
from snip.masks import problem as pruning_problem
from snip.masks import scoring
from snip.masks.anatomy import anatomy
from snip.training.checkpoints import Checkpoint, InterruptedRunError
from snip.training.loop import Training
from snip.training.start import prepare


@pytest.fixture(params=NETWORKS)
def network(request, monkeypatch):
    """Each of the networks in turn, registered as `own`: its name in `NETWORKS`."""
    register(monkeypatch, NETWORKS[request.param])
    return request.param


def test_what_is_no_connection_keeps_its_modules_values_and_is_never_pruned(network, dataset):
    module = build_network("own", 3)
    expected = {
        "functional": {"scale"},
        "convolutions": {"1.weight", "1.bias", "2.weight", "6.weight", "6.bias"},
        "layers": {"0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "8.weight"},
    }[network]
    left_out = {n: p for n, p in module.named_parameters() if n not in connections(module)}
    assert set(left_out) == expected
    for name, parameter in left_out.items():
        value = {"scale": None, "2.weight": 0.25, "8.weight": 0.25}.get(
            name, 0.0 if name.endswith("bias") else 1.0
        )
        assert value is None or (parameter == value).all(), name
    assert scoring.prunable_parameters(module, "weights-and-biases") == list(connections(module))
    training = Training(changed(RUN, sparsity=99), QUICK, dataset)
    before = {n: p.detach().clone() for n, p in training.network.named_parameters()}
    for _ in range(3):
        training.step()
    for name, parameter in training.network.named_parameters():
        mask = training.masks[name]
        assert not parameter[~mask].any()
        assert name not in expected or (mask.all() and not torch.equal(parameter, before[name]))


@pytest.mark.parametrize("how", ["keep", "redraw"])
def test_the_networks_of_a_seed_differ_in_weights_alone(monkeypatch, dataset, how):
    register(monkeypatch, Wired)
    drawn = []
    for state in (1, 2):
        torch.manual_seed(state), np.random.seed(state), random.seed(state)
        drawn.append(build_network("own", 3))
    rest = torch.rand(3), np.random.rand(3), random.random()
    torch.manual_seed(2), np.random.seed(2), random.seed(2)
    assert torch.equal(rest[0], torch.rand(3)) and (rest[1] == np.random.rand(3)).all()
    assert rest[2] == random.random()
    trained, _ = prepare(changed(RUN, seed=3), changed(QUICK, initial_weights=how), dataset)
    other = build_network("own", 4).state_dict()
    one, same = (network.state_dict() for network in drawn)
    for name, value in trained.state_dict().items():
        assert torch.equal(one[name], same[name])
        new = how == "redraw" and name.endswith("weight")
        assert torch.equal(value, one[name]) == (not new)
        assert name.endswith("bias") or not torch.equal(one[name], other[name])


def masks_after_seeding_torch(seed, run, dataset):
    """Return a run's masks, made while torch's own generator is in the state of a seed."""
    torch.manual_seed(seed)
    return prepare(run, QUICK, dataset)[1]


def test_scores_are_those_of_evaluation_mode(network, dataset):
    first, second = (masks_after_seeding_torch(seed, RUN, dataset) for seed in (1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    module = build_network("own", 0).train()
    problem = scoring.make_problem(module, RUN.masks, RUN.seed, QUICK, dataset)
    of_one_batch = problem.gradient
    del problem.__dict__["gradient"]
    with pytest.MonkeyPatch.context() as patch:
        # Batch statistics would differ from chunk to chunk.
        patch.setattr(pruning_problem, "CHUNK", 7)
        torch.testing.assert_close(problem.gradient, of_one_batch, rtol=1e-4, atol=1e-6)


def test_a_criterion_may_draw_and_change_its_network(monkeypatch, dataset):
    register(monkeypatch, layers)
    run = changed(RUN, criterion="magnitude")
    untouched, _ = prepare(run, QUICK, dataset)

    def spoil(problem):
        problem.network.train()(problem.images)
        with torch.no_grad():
            for parameter in problem.network.parameters():
                parameter.zero_()
        return torch.rand(problem.weights.shape)

    monkeypatch.setattr("snip.masks.criteria.magnitude.score", spoil)
    first, second = (masks_after_seeding_torch(seed, run, dataset) for seed in (1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    trained, _ = prepare(run, QUICK, dataset)
    for name, value in untouched.state_dict().items():
        assert torch.equal(value, trained.state_dict()[name]), name


def bare(module):
    """Return the network with only its linear layers, convolutions and pooling."""
    kept = (nn.Linear, nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)
    return nn.Sequential(*(m if isinstance(m, kept) else nn.Identity() for m in module))


@pytest.mark.parametrize("make", [convolutions, layers])
@pytest.mark.parametrize("share", [0.02, 1.0])
def test_the_anatomy_is_that_of_the_linear_layers_alone(make, share):
    module = make()
    generator = torch.Generator().manual_seed(0)
    weight_of = connections(module)
    mask = {
        name: torch.rand(p.shape, generator=generator) < (share if name in weight_of else 1)
        for name, p in module.named_parameters()
    }
    counts = anatomy(module, mask)
    assert list(counts) == list(weight_of)
    assert counts == anatomy(bare(module), {name: mask[name] for name in weight_of})
    if share == 1:
        assert all(c["effective"] == c["parameters"] for c in counts.values())


def test_the_anatomy_sees_through_functions():
    module = Functional()
    mask = {name: torch.ones_like(p, dtype=torch.bool) for name, p in module.named_parameters()}
    mask["last.weight"][:, 4] = False
    counts = anatomy(module, mask)
    assert counts["weight"]["effective"] == 29 * 784 and counts["weight"]["dead_units"] == 1
    assert counts["bias"]["effective"] == 29 and "scale" not in counts


def test_errors_are_those_of_evaluation_mode_and_training_goes_on(network, dataset):
    training = Training(RUN, QUICK, dataset)
    for _ in range(3):
        training.step()
    before = {name: b.clone() for name, b in training.network.named_buffers()}
    training.evaluate()
    assert all(module.training for module in training.network.modules())
    assert all(torch.equal(b, before[name]) for name, b in training.network.named_buffers())
    logits = training.network.eval()(dataset.standardise(dataset.test_images))
    wrong = logits.argmax(1).numpy() != dataset.test_labels
    assert training.evaluations[0]["test_error"] == 100 * wrong.mean()


def test_dropout_drops_in_training(monkeypatch, dataset):
    def losses(rate):
        register(
            monkeypatch,
            lambda: nn.Sequential(nn.Flatten(), nn.Dropout(rate), nn.Linear(784, 10)),
        )
        training = Training(RUN, QUICK, dataset)
        for _ in range(3):
            training.step()
        return training.losses

    assert losses(0.5) == losses(0.5) != losses(0.0)


def test_an_interrupted_run_ends_with_the_same_bytes(network, dataset, tmp_path):
    def resume(*stopped):
        checkpoint = Checkpoint(tmp_path / "checkpoint", "identity", 1e9, io.StringIO())
        return quietly(dataset, checkpoint, *stopped, run=RUN, settings=QUICK)

    for number in range(5):
        torch.manual_seed(number)
        with pytest.raises(InterruptedRunError):
            resume(stop_after(1))
    assert json.dumps(resume()) == json.dumps(quietly(dataset, run=RUN, settings=QUICK))
