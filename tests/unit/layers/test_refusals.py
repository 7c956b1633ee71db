"""What cannot be pruned or trained is refused before anything is trained."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from own_networks import register
from snip.layers.refusals import NetworkError
from snip.layers.weights import build_network


class Pair(nn.Module):
    def __init__(self, kind=tuple):
        super().__init__()
        self.fc = nn.Linear(784, 10)
        self.kind = kind

    def forward(self, images):
        logits = self.fc(images.flatten(1))
        return self.kind([logits, logits])


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.head, self.spare = nn.Linear(784, 10), nn.Linear(784, 5), nn.Linear(3, 2)
        self.spare.requires_grad_(False)

    def forward(self, images):
        return self.used(images.flatten(1))


class InAPlainList(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(30, 10)
        self.hidden = [nn.Linear(784, 30)]

    def forward(self, images):
        return self.last(self.hidden[0](images.flatten(1)).relu())


class Cut(Unused):
    def forward(self, images):
        with torch.no_grad():
            return self.used(images.flatten(1))


def normalised(function):
    return lambda: nn.Sequential(nn.Flatten(), function(nn.Linear(784, 10)))


REFUSED = {
    r"the size of 1's parameters is unknown \(a lazy layer\)": [
        lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    ],
    "1 computes its weight from other parameters": [
        normalised(weight_norm),
        normalised(spectral_norm),
        normalised(parametrizations.weight_norm),
        normalised(parametrizations.spectral_norm),
        normalised(lambda layer: prune.random_unstructured(layer, "weight", 0.5)),
    ],
    r"returned a Tensor of shape \(2, 9\) .*, expected a tensor \(examples, 10\)": [
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 9))
    ],
    r"returned a Tensor of shape \(2, 1, 28, 10\)": [lambda: nn.Linear(28, 10)],
    r"returned a tuple for two images, expected a tensor \(examples, 10\)": [Pair],
    "returned a list": [lambda: Pair(list)],
    r"forward uses .* not among its own, of shapes .*\(30, 784\).*, expected .* nn.ModuleList": [
        InAPlainList
    ],
    r"outputs do not depend on head\.weight, head\.bias \(in": [Unused],
    r"outputs do not depend on used\.weight, used\.bias, head\.weight": [Cut],
}


@pytest.mark.parametrize(
    ("sentence", "make"), [(sentence, make) for sentence in REFUSED for make in REFUSED[sentence]]
)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # the older functions are deprecated
def test_it_is_refused_in_one_sentence(monkeypatch, sentence, make):
    register(monkeypatch, make)
    with pytest.raises(NetworkError, match=f"^network own.*{sentence}") as caught:
        build_network("own", 0)
    assert "\n" not in str(caught.value)
