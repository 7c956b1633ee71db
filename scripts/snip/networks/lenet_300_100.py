"""LeNet-300-100: 784 → 300 → ReLU → 100 → ReLU → 10; 266,610 parameters."""

from collections import OrderedDict

from torch import nn


def build(relu_after_convolutions: bool = False) -> nn.Module:
    """Return the network; it has no convolutions."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(784, 300),
            relu1=nn.ReLU(),
            fc2=nn.Linear(300, 100),
            relu2=nn.ReLU(),
            fc3=nn.Linear(100, 10),
        )
    )
