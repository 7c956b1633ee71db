"""Networks that are unusual, and right: each builds a module."""

import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Own(nn.Module):
    """Two linear layers; derived classes use them in another way."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 30)
        self.fc2 = nn.Linear(30, 10)

    def hidden(self, images):
        return self.fc1(images.flatten(1)).relu()

    def forward(self, images):
        return self.fc2(self.hidden(images))


class Clipped(Own):
    """Clips its weights in place before it uses them."""

    def forward(self, images):
        with torch.no_grad():
            self.fc1.weight.clamp_(-0.02, 0.02)
        return super().forward(images)


class ClippedCopy(Own):
    """Multiplies by clipped copies of its weights."""

    def hidden(self, images):
        weight = self.fc1.weight.clamp(-0.02, 0.02)
        return functional.linear(images.flatten(1), weight, self.fc1.bias).clamp(min=0)


class Twice(Own):
    """Has one module at two places."""

    def __init__(self):
        super().__init__()
        self.middle = nn.Linear(30, 30)
        self.again = self.middle

    def hidden(self, images):
        return self.again(self.middle(super().hidden(images)).relu()).relu()


class Tied(Own):
    """Two layers with one weight and biases of their own."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(30, 30), nn.Linear(30, 30)
        self.other.weight = self.one.weight

    def hidden(self, images):
        return self.other(self.one(super().hidden(images)).relu()).relu()


class Frozen(Own):
    """Has a frozen projection in the place of its first layer."""

    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(784, 784).requires_grad_(False)

    def hidden(self, images):
        return super().hidden(self.projection(images.flatten(1)))


class WithState(Own):
    """Makes a state in forward, and asks for single precision."""

    def hidden(self, images):
        hidden = super().hidden(images.float())
        state = torch.zeros(len(images), 30)
        return torch.addmm(state, hidden, torch.eye(30))


class Scaled(nn.Module):
    """Scales its channels by a parameter of shape (1, C, 1, 1)."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5)
        self.scale = nn.Parameter(torch.full((1, 4, 1, 1), 0.5))
        self.last = nn.Linear(4, 10)

    def forward(self, images):
        return self.last(functional.max_pool2d(self.scale * self.conv(images), 24).flatten(1))


class Difference(Own):
    """Takes the difference of two branches."""

    def __init__(self):
        super().__init__()
        self.minus = nn.Linear(784, 30)

    def hidden(self, images):
        return (super().hidden(images) - self.minus(images.flatten(1)).relu()).tanh()


ODD = [Clipped, ClippedCopy, Twice, Tied, Frozen, WithState, Scaled, Difference]


class Centred(Own):
    """Gives each unit's weights a mean of zero, in place: pruned weights get values."""

    def forward(self, images):
        with torch.no_grad():
            self.fc1.weight.sub_(self.fc1.weight.mean(dim=1, keepdim=True))
        return super().forward(images)


class Remembering(Own):
    """Carries state from call to call, in a buffer that it replaces and in an attribute."""

    def __init__(self):
        super().__init__()
        self.register_buffer("level", torch.zeros(()))

    def hidden(self, images):
        found = super().hidden(images)
        self.last = found.detach()
        self.level = 0.9 * self.level + 0.1 * found.detach().mean()
        return found + self.level


class Skipping(Own):
    """Skips a layer in every other step of training (stochastic depth)."""

    def __init__(self):
        super().__init__()
        self.middle = nn.Linear(30, 30)

    def hidden(self, images):
        found = super().hidden(images)
        skipped = self.training and torch.rand(()) < 0.5
        return found if skipped else found + self.middle(found).relu()


class Double(Own):
    """Computes in double precision."""

    def __init__(self):
        super().__init__()
        self.double()

    def forward(self, images):
        return super().forward(images.double())


class Noisy(Own):
    """Draws from all three global generators in training."""

    def hidden(self, images):
        hidden = super().hidden(images)
        if self.training:
            noise = torch.from_numpy(np.random.normal(size=30)).float()
            hidden = hidden * random.uniform(0.5, 1) + 0.1 * noise * torch.rand(30)
        return hidden


class Wired(Own):
    """Draws a permutation of the pixels and signs by all three global generators."""

    def __init__(self):
        super().__init__()
        self.register_buffer("order", torch.randperm(784))
        self.register_buffer("signs", torch.from_numpy(np.random.choice([-1.0, 1.0], 784)))
        self.register_buffer("first", torch.tensor(random.random()))

    def forward(self, images):
        pixels = images.flatten(1)[:, self.order] * self.signs.float() * self.first
        return super().forward(pixels.view_as(images))
