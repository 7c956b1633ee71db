"""Networks of one's own, with layers that the shipped ones do not have."""

import io
import itertools
import json
import operator
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from snip.benchmark.operations import count_operations
from snip.datasets.dataset import load_dataset
from snip.layers.weights import build_network, connections
from snip.masks import scoring as masks
from snip.masks.anatomy import anatomy
from snip.study import registry
from snip.study.axes import Run, Settings
from snip.training.checkpoints import Checkpoint
from snip.training.evaluation import evaluate
from snip.training.loop import Training, prepare
from snip.training.run import InterruptedRunError, train

RUN = Run("generated", "own", "snip", "80", 20, "true", "0.0005", 0)
QUICK = Settings(
    iterations=6,
    decay_every=4,
    training_batch_size=20,
    log_every=2,
    evaluate_every=3,
    learning_rate=0.02,
)


class Functional(nn.Module):
    """Dropout, normalisation and activation as functions; a scale of its own beside a weight."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(30, 784))
        self.scale = nn.Parameter(torch.rand(30) + 0.5)
        self.bias = nn.Parameter(torch.randn(30))
        self.register_buffer("seen", torch.zeros(()))
        self.last = nn.Linear(30, 10)

    def forward(self, images):
        if self.training:
            self.seen += 1
        hidden = self.scale * functional.linear(images.flatten(1), self.weight, self.bias)
        hidden = functional.layer_norm(torch.tanh(hidden), (30,))
        return self.last(functional.dropout(hidden, 0.3, self.training))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.BatchNorm2d(6),
        nn.PReLU(6),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.2),
        nn.Conv2d(6, 8, 5, bias=False),
        nn.GroupNorm(2, 8),
        nn.SiLU(inplace=True),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def layers():
    return nn.Sequential(
        nn.LayerNorm((28, 28)),
        nn.Flatten(),
        nn.Linear(784, 40),
        nn.BatchNorm1d(40),
        nn.Sigmoid(),
        nn.Dropout(0.5),
        nn.Linear(40, 30),
        nn.RMSNorm(30),
        nn.PReLU(),
        nn.AlphaDropout(0.1),
        nn.Linear(30, 10),
    )


NETWORKS = {"functional": Functional, "convolutions": convolutions, "layers": layers}


def register(monkeypatch, make):
    """Let `own` be the network that `make` makes."""
    load = registry.load

    def loaded(kind, name, function):
        if (kind, name) == ("networks", "own"):
            return lambda relu_after_convolutions: make()
        return load(kind, name, function)

    monkeypatch.setattr(registry, "load", loaded)


@pytest.fixture(params=NETWORKS)
def network(request, monkeypatch):
    register(monkeypatch, NETWORKS[request.param])
    return request.param


@pytest.fixture
def dataset(generated):
    return load_dataset("generated", generated)


def quietly(*arguments, settings=QUICK):
    return train(RUN, settings, *arguments, log=io.StringIO())


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
        own = {"scale": None, "2.weight": 0.25, "8.weight": 0.25}.get(
            name, 0.0 if name.endswith("bias") else 1.0
        )
        assert own is None or (parameter == own).all(), name
    assert masks.prunable_parameters(module, "weights-and-biases") == list(connections(module))
    alone = masks.prunable_parameters(module, "weights")
    assert alone == [n for n in connections(module) if not n.endswith("bias")]
    _, mask = prepare(replace(RUN, sparsity="99"), QUICK, dataset)
    assert all(mask[name].all() for name in expected)


def test_what_modules_draw_follows_the_seed(monkeypatch):
    register(monkeypatch, Functional)
    torch.manual_seed(1)
    one = build_network("own", 3)
    state = torch.get_rng_state()
    other, redrawn = build_network("own", 3), build_network("own", 3, None, "redrawn weights")
    assert torch.equal(one.scale, other.scale) and not torch.equal(one.scale, redrawn.scale)
    assert not torch.equal(one.scale, build_network("own", 4).scale)
    assert torch.equal(state, torch.get_rng_state())


def test_scores_are_those_of_evaluation_mode(network, dataset):
    found = []
    for chance in (1, 2):
        torch.manual_seed(chance)
        found.append(prepare(RUN, QUICK, dataset)[1])
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])
    problem = masks.make_problem(build_network("own", 0).train(), RUN.masks, QUICK, dataset)
    in_one = problem.gradient
    del problem.__dict__["gradient"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masks, "CHUNK", 7)  # statistics of a part would differ from those of all
        torch.testing.assert_close(problem.gradient, in_one, rtol=1e-4, atol=1e-6)


def test_a_criterion_that_draws_from_torch_itself_follows_the_seed(monkeypatch, dataset):
    register(monkeypatch, layers)
    monkeypatch.setattr(
        "snip.masks.criteria.magnitude.score",
        lambda problem: torch.rand(problem.weights.shape),
    )
    both = []
    for chance in (1, 2):
        torch.manual_seed(chance)
        both.append(prepare(replace(RUN, criterion="magnitude"), QUICK, dataset)[1])
    assert all(torch.equal(both[0][name], both[1][name]) for name in both[0])


def test_a_criterion_that_changes_its_network_changes_no_training(monkeypatch, dataset):
    register(monkeypatch, layers)
    untouched, _ = prepare(replace(RUN, criterion="magnitude"), QUICK, dataset)

    def spoil(problem):
        scores = problem.weights.abs()
        problem.network.train()(problem.images)
        with torch.no_grad():
            for parameter in problem.network.parameters():
                parameter.zero_()
        return scores

    monkeypatch.setattr("snip.masks.criteria.magnitude.score", spoil)
    trained, _ = prepare(replace(RUN, criterion="magnitude"), QUICK, dataset)
    for name, value in untouched.state_dict().items():
        assert torch.equal(value, trained.state_dict()[name]), name


def test_errors_are_those_of_evaluation_mode_and_training_goes_on(network, dataset):
    training = Training(RUN, QUICK, dataset)
    for _ in range(3):
        training.step()
    given = dataset.test_images, dataset.test_labels, dataset
    before = {name: b.clone() for name, b in training.network.named_buffers()}
    first = evaluate(training.network, *given)
    assert first == evaluate(training.network, *given)
    assert all(module.training for module in training.network.modules())
    assert all(torch.equal(b, before[name]) for name, b in training.network.named_buffers())
    logits = training.network.eval()(dataset.standardise(dataset.test_images))
    assert first == 100 * (logits.argmax(1).numpy() != dataset.test_labels).mean()


def test_dropout_drops_in_training(monkeypatch, dataset):
    def losses(rate):
        register(
            monkeypatch,
            lambda: nn.Sequential(nn.Flatten(), nn.Dropout(rate), nn.Linear(784, 10)),
        )
        training = Training(RUN, QUICK, dataset)
        return [training.step() for _ in range(3)]

    assert losses(0.5) == losses(0.5) != losses(0.0)


def test_an_interrupted_run_ends_with_the_same_bytes(network, dataset, tmp_path):
    torch.manual_seed(1)
    whole = json.dumps(quietly(dataset))
    path = tmp_path / "checkpoint"

    def checkpoint():
        return Checkpoint(path, "identity", 1e9, io.StringIO())

    for number in range(5):
        countdown = itertools.count(1)
        torch.manual_seed(number)
        with pytest.raises(InterruptedRunError):
            quietly(dataset, checkpoint(), lambda: next(countdown) == 1)  # noqa: B023
    assert json.dumps(quietly(dataset, checkpoint())) == whole


def test_buffers_go_through_a_checkpoint(monkeypatch, dataset):
    register(monkeypatch, convolutions)
    one, other = Training(RUN, QUICK, dataset), Training(RUN, QUICK, dataset)
    one.step()
    changed = [not torch.equal(a, b) for a, b in zip(one.buffers, other.buffers, strict=True)]
    assert changed == [True] * 3  # mean, variance, number of batches
    other.restore(one.state())
    assert all(torch.equal(a, b) for a, b in zip(one.buffers, other.buffers, strict=True))
    assert [one.step(), one.step()] == [other.step(), other.step()]


def bare(module):
    """The same network with nothing but its linear layers, convolutions and pooling."""
    kept = (nn.Linear, nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)
    return nn.Sequential(*(m if isinstance(m, kept) else nn.Identity() for m in module))


@pytest.mark.parametrize("make", [convolutions, layers])
@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_the_anatomy_is_that_of_the_linear_layers_alone(make, share):
    module = make()
    generator = torch.Generator().manual_seed(0)
    weight_of = connections(module)
    mask = {
        name: torch.rand(p.shape, generator=generator) < (share if name in weight_of else 1)
        for name, p in module.named_parameters()
    }
    buffers = {name: b.clone() for name, b in module.named_buffers()}
    counts = anatomy(module, mask)
    assert list(counts) == list(weight_of)
    assert counts == anatomy(bare(module), {name: mask[name] for name in weight_of})
    assert all(torch.equal(b, buffers[name]) for name, b in module.named_buffers())
    if share == 1:
        assert all(c["effective"] == c["parameters"] for c in counts.values())


def test_the_anatomy_sees_through_functions():
    module = Functional()
    mask = {name: torch.ones_like(p, dtype=torch.bool) for name, p in module.named_parameters()}
    mask["last.weight"][:, 4] = False
    counts = anatomy(module, mask)
    assert counts["weight"]["effective"] == 29 * 784 and counts["weight"]["dead_units"] == 1
    assert counts["bias"]["effective"] == 29 and "scale" not in counts


def test_operations_are_counted_with_any_layer(network):
    forward, both = count_operations(build_network("own", 0))
    assert 0 < forward < both


def test_pruned_connections_stay_zero_beside_what_is_not_pruned(network, dataset):
    training = Training(replace(RUN, sparsity="60"), QUICK, dataset)
    before = {n: p.detach().clone() for n, p in training.network.named_parameters()}
    for _ in range(3):
        training.step()
    weight_of = connections(training.network)
    for name, parameter in training.network.named_parameters():
        mask = training.masks[name]
        assert (parameter[~mask] == 0).all()
        assert name in weight_of or not torch.equal(parameter, before[name])
    assert operator.attrgetter(list(weight_of)[0])(training.network).any()
