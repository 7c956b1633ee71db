"""The update rules, beside their formulas in double precision."""

import pytest
import torch

from quick import RUN, changed
from snip.study.settings import Settings
from snip.training.loop import Training
from snip.training.update import make_update

RATES = [0.1, 0.1, 0.01, 0.01, 0.001]


def draw(seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in [(4, 3), (5,), (2, 3, 2, 2)]]


def momentum_by_formula(weights, gradients, decay, momentum):
    velocities = [torch.zeros_like(weight) for weight in weights]
    for rate, step in zip(RATES, gradients, strict=True):
        for weight, velocity, gradient in zip(weights, velocities, step, strict=True):
            velocity.mul_(momentum).add_(gradient + decay * weight)
            weight.sub_(rate * velocity)


def adam_by_formula(weights, gradients, decay):
    """Kingma and Ba 2015, Algorithm 1, with L2 added to the gradient."""
    moments = [(torch.zeros_like(weight), torch.zeros_like(weight)) for weight in weights]
    for count, (rate, step) in enumerate(zip(RATES, gradients, strict=True), 1):
        for weight, (first, second), gradient in zip(weights, moments, step, strict=True):
            whole = gradient + decay * weight
            first.copy_(0.9 * first + 0.1 * whole)
            second.copy_(0.999 * second + 0.001 * whole**2)
            size = (second / (1 - 0.999**count)).sqrt() + 1e-8
            weight.sub_(rate * first / (1 - 0.9**count) / size)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", [0.0, 0.9, "adam"])
def test_updates_follow_their_formulas(optimizer, decay):
    chosen = {"optimizer": "adam"} if optimizer == "adam" else {"momentum": optimizer}
    weights, gradients = draw(0), [draw(1 + step) for step in range(len(RATES))]
    exact = [weight.double() for weight in weights]
    update = make_update(changed(RUN, weight_decay=decay), Settings(**chosen), weights)
    for rate, step in zip(RATES, gradients, strict=True):
        update(step, rate)
    doubled = [[gradient.double() for gradient in step] for step in gradients]
    if optimizer == "adam":
        adam_by_formula(exact, doubled, decay)
    else:
        momentum_by_formula(exact, doubled, decay, optimizer)
    for weight, reference in zip(weights, exact, strict=True):
        torch.testing.assert_close(weight.double(), reference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_memory_layout_of_gradients_does_not_matter(optimizer):
    one, other, gradients = draw(0), draw(0), draw(1)
    relaid = [gradients[0].T.contiguous().T, gradients[1], None]
    relaid[2] = gradients[2].to(memory_format=torch.channels_last)
    for weights, found in ((one, gradients), (other, relaid)):
        make_update(changed(RUN, weight_decay=0), Settings(optimizer=optimizer), weights)(
            found, 0.1
        )
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("sparsity", [50, 95])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_pruned_weights_and_the_optimisers_memory_of_them_stay_zero(dataset, optimizer, sparsity):
    run = changed(RUN, sparsity=sparsity, network="lenet-5-caffe")
    training = Training(run, Settings(optimizer=optimizer), dataset)
    for _ in range(8):
        training.step()
    weights = dict(training.network.named_parameters())
    for name, mask in training.masks.items():
        assert not mask.all() and not weights[name][~mask].any()
    # What is held sparse has no pruned weight, nor has its memory.
    assert (training.parameters["fc1.weight"].dim() == 1) == (sparsity == 95)
    memory = iter(tensor for tensor in training.update.state if tensor.dim())
    for name in training.parameters:
        for _ in range({"sgd": 1, "adam": 2}[optimizer]):
            remembered, mask = next(memory), training.masks[name]
            assert remembered.any() or not mask.any()
            assert remembered.shape != mask.shape or not remembered[~mask].any()
