import math

import pytest
import torch

from snip.weights import build_network


@pytest.mark.parametrize(
    ("name", "count"), [("lenet-300-100", 266_610), ("lenet-5-caffe", 431_080)]
)
def test_networks_have_the_published_number_of_parameters(name, count):
    network = build_network(name, 0)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize("name", ["lenet-300-100", "lenet-5-caffe"])
def test_initial_weights_have_variance_one_over_fan_in_and_are_truncated(name):
    for parameter_name, parameter in build_network(name, 0).named_parameters():
        if parameter.dim() == 1:
            assert not parameter.any()
            continue
        fan_in = parameter[0].numel()
        expected = math.sqrt(1 / fan_in)
        # Four standard errors of a standard deviation.
        tolerance = 4 / math.sqrt(2 * parameter.numel())
        assert parameter.std().item() == pytest.approx(expected, rel=tolerance), parameter_name
        # Two standard deviations before the correction: 2 / 0.8796… after it.
        assert parameter.abs().max().item() <= 2.2738 * expected


def test_seed_and_purpose_decide_the_weights():
    def first(*arguments):
        return build_network("lenet-300-100", *arguments).fc1.weight

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
    assert not torch.equal(first(1), first(1, "redrawn weights"))


def test_relu_after_convolutions_changes_the_function_and_no_weight():
    plain, relu = (build_network("lenet-5-caffe", 0, "initial weights", on) for on in (False, True))
    assert torch.equal(plain.conv1.weight, relu.conv1.weight)
    image = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(plain(image), relu(image))
    parts = torch.nn.functional
    by_hand = image
    for layer in (relu.conv1, relu.conv2):
        convolved = parts.conv2d(by_hand, layer.weight, layer.bias)
        by_hand = parts.max_pool2d(parts.relu(convolved), 2)
    by_hand = relu.fc2(parts.relu(relu.fc1(by_hand.flatten(1))))
    torch.testing.assert_close(relu(image), by_hand)
