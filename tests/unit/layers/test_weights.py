import math

import pytest
import torch

from snip.layers.weights import build_network, draw_weights
from snip.study.settings import Settings
from studies import CHOICES


@pytest.mark.parametrize(
    ("name", "count"), [("lenet-300-100", 266_610), ("lenet-5-caffe", 431_080)]
)
def test_networks_have_the_published_number_of_parameters(name, count):
    network = build_network(name, 0)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


# Per layer fan-in and fan-out: the inputs of an output, and the outputs that an input reaches.
FANS = {
    "lenet-300-100": {"fc1": (784, 300), "fc2": (300, 100), "fc3": (100, 10)},
    "lenet-5-caffe": {
        "conv1": (25, 500),
        "conv2": (500, 1250),
        "fc1": (800, 500),
        "fc2": (500, 10),
    },
}
VARIANCES = {
    "variance-scaling": lambda fan_in, fan_out: 1 / fan_in,
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}


@pytest.mark.parametrize("name", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("initialisation", CHOICES["initialisation"])
def test_initial_weights_have_the_variance_of_their_fans_and_are_truncated(name, initialisation):
    network = build_network(name, 0, Settings(initialisation=initialisation))
    for parameter_name, parameter in network.named_parameters():
        if parameter.dim() == 1:
            assert not parameter.any()
            continue
        fans = FANS[name][parameter_name.split(".")[0]]
        expected = math.sqrt(VARIANCES[initialisation](*fans))
        # Four standard errors of a standard deviation.
        tolerance = 4 / math.sqrt(2 * parameter.numel())
        assert parameter.std().item() == pytest.approx(expected, rel=tolerance), parameter_name
        # Two standard deviations before the correction: 2 / 0.8796… after it.
        largest = parameter.abs().max().item() / expected
        assert 2 < largest <= 2.2738


def test_the_seed_decides_the_weights():
    first, again, other = (build_network("lenet-300-100", s).fc1.weight for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_relu_after_convolutions_changes_the_function_but_no_weight():
    plain, relu = (
        build_network("lenet-5-caffe", 0, Settings(relu_after_convolutions=on))
        for on in (False, True)
    )
    assert torch.equal(plain.conv1.weight, relu.conv1.weight)
    image = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(plain(image), relu(image))
    functional = torch.nn.functional
    hidden = image
    for layer in (relu.conv1, relu.conv2):
        convolved = functional.conv2d(hidden, layer.weight, layer.bias)
        hidden = functional.max_pool2d(functional.relu(convolved), 2)
    logits = relu.fc2(functional.relu(relu.fc1(hidden.flatten(1))))
    torch.testing.assert_close(relu(image), logits)


@pytest.mark.parametrize("initialisation", CHOICES["initialisation"])
def test_drawn_biases_have_variance_one_over_their_number_and_leave_weights_alone(initialisation):
    zero, drawn = (
        dict(
            build_network(
                "lenet-5-caffe",
                0,
                Settings(initial_biases=biases, initialisation=initialisation),
            ).named_parameters()
        )
        for biases in CHOICES["initial_biases"]
    )
    assert all(torch.equal(zero[n], drawn[n]) for n in zero if n.endswith("weight"))
    biases = {name: bias for name, bias in drawn.items() if name.endswith("bias")}
    assert len(biases) == 4 and not any(zero[name].any() for name in biases)
    for bias in biases.values():
        assert bias.std().item() == pytest.approx(len(bias) ** -0.5, rel=4 / (2 * len(bias)) ** 0.5)
    redrawn = build_network("lenet-5-caffe", 0)
    draw_weights(redrawn, 0, Settings(initial_biases="variance-scaling"), "redrawn weights")
    assert not torch.equal(redrawn.fc1.bias, biases["fc1.bias"])
