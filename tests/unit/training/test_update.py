import itertools
import operator
from dataclasses import replace

import pytest
import torch

from quick import QUICK, RUN
from snip.training.examples import batches
from snip.training.loop import Training, prepare


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_memory_layout_of_gradients_does_not_matter(dataset, optimizer):
    run, run_settings = replace(RUN, network="lenet-5-caffe"), replace(QUICK, optimizer=optimizer)
    one, other = (Training(run, run_settings, dataset) for _ in range(2))
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(p.shape, generator=generator) for p in one.parameters.values()]
    layouts = {
        1: lambda tensor: tensor,
        2: lambda tensor: tensor.mT.contiguous().mT,
        4: lambda tensor: tensor.to(memory_format=torch.channels_last),
    }
    relaid = [layouts[g.dim()](g) for g in gradients]
    assert any(g.stride() != r.stride() for g, r in zip(gradients, relaid, strict=True))
    one.update(gradients, 0.1)
    other.update(relaid, 0.1)
    for name, parameter in one.parameters.items():
        assert torch.equal(parameter, other.parameters[name])


@pytest.mark.parametrize(("sparsity", "decay"), [("0", "0"), ("90", "0"), ("90", "0.1")])
def test_adam_follows_its_textbook_formulas(dataset, sparsity, decay):
    run = replace(RUN, sparsity=sparsity, weight_decay=decay)
    run_settings = replace(QUICK, optimizer="adam", learning_rate=0.002, decay_every=2)
    fast = Training(run, run_settings, dataset)
    losses = [fast.step() for _ in range(4)]
    network, masks = prepare(run, run_settings, dataset)
    network = network.double()
    weights = {n: p.detach() * masks[n] for n, p in network.named_parameters()}
    first = {n: torch.zeros_like(p) for n, p in weights.items()}
    second = {n: torch.zeros_like(p) for n, p in weights.items()}
    for step, batch in enumerate(itertools.islice(batches(fast.examples, 20, run.seed), 4), 1):
        images = dataset.standardise(dataset.train_images[batch]).double()
        labels = torch.tensor(dataset.train_labels[batch].astype(int))
        weights = {n: p.detach().requires_grad_() for n, p in weights.items()}
        logits = torch.func.functional_call(network, weights, (images,))
        loss = torch.nn.functional.cross_entropy(logits, labels)
        assert losses[step - 1] == pytest.approx(loss.item(), rel=1e-3)
        loss.backward()
        rate = 0.002 * 0.1 ** ((step - 1) // 2)
        for name, weight in weights.items():
            gradient = (weight.grad + float(decay) * weight.detach()) * masks[name]
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            size = (second[name] / (1 - 0.999**step)).sqrt() + 1e-8
            weights[name] = weight.detach() - rate * first[name] / (1 - 0.9**step) / size
    for name, weight in weights.items():
        trained = operator.attrgetter(name)(fast.network)
        # Where a gradient is about zero, rounding decides its sign and with it Adam's whole step.
        close = (trained.double() - weight).abs() < 1e-4
        assert close.double().mean() > 0.999, name
