"""Networks with layers that the shipped ones do not have, and how tests register them."""

import torch
from torch import nn
from torch.nn import functional

from quick import QUICK as QUICK_RUN
from quick import RUN as A_RUN
from quick import changed
from snip.study import registry

RUN = changed(A_RUN, network="own", sparsity=80)
QUICK = changed(QUICK_RUN, iterations=6, decay_every=4, log_every=2, evaluate_every=3)


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
    """Register the network that `make` returns as `own`."""
    load = registry.load

    def loaded(kind, name):
        if (kind, name) == ("networks", "own"):
            return lambda relu_after_convolutions: make()
        return load(kind, name)

    monkeypatch.setattr(registry, "load", loaded)
