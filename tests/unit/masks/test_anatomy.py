import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snip.layers.weights import build_network
from snip.masks.anatomy import anatomy
from snip.study import registry

NETWORKS = registry.names("networks")


def random_masks(network, seed, share):
    """Return masks that keep a share of each tensor; each layer loses one unit and one input."""
    generator = torch.Generator().manual_seed(seed)
    masks = {}
    for name, parameter in network.named_parameters():
        masks[name] = torch.rand(parameter.shape, generator=generator) < share
        if parameter.dim() > 1:
            masks[name][int(torch.randint(len(parameter), (), generator=generator))] = False
            column = int(torch.randint(parameter.shape[1], (), generator=generator))
            if parameter.shape[1] > 1:
                masks[name][:, column] = False
    return masks


def effective_by_hand(network, masks):
    """Return which weights lie on a path, by following units forward and back, layer by layer."""
    weights = {name: mask for name, mask in masks.items() if mask.dim() > 1}
    # Per layer a matrix (output units, input units), True where any connection joins them.
    joined = {
        name: mask.flatten(2).any(2) if mask.dim() > 2 else mask for name, mask in weights.items()
    }
    names = list(weights)
    reached = [torch.ones(joined[names[0]].shape[1], dtype=torch.bool)]
    for name in names:
        spread = joined[name].shape[1] // len(reached[-1])  # pixels of a flattened channel
        reached[-1] = reached[-1].repeat_interleave(spread)
        reached.append((joined[name] & reached[-1]).any(1))
    useful = torch.ones(10, dtype=torch.bool)
    result = {}
    for index in reversed(range(len(names))):
        name = names[index]
        units = weights[name]
        shape = [len(units), -1] + [1] * (units.dim() - 2)
        through = reached[index][None] & useful[:, None]
        result[name] = units & through.view(shape)
        before = (joined[name] & useful[:, None]).any(0)
        if index:
            before = before.view(len(weights[names[index - 1]]), -1).any(1)
        useful = before
    return result


@settings(max_examples=15, deadline=None)
@given(
    network=st.sampled_from(["lenet-300-100", "lenet-5-caffe"]),
    seed=st.integers(0, 10**6),
    share=st.sampled_from([0.003, 0.01, 0.05, 0.5, 1.0]),
)
def test_effective_connections_are_those_on_a_path(network, seed, share):
    module = build_network(network, 0)
    masks = random_masks(module, seed, share)
    counts = anatomy(module, masks)
    for name, effective in effective_by_hand(module, masks).items():
        assert counts[name]["effective"] == int(effective.sum())
        assert counts[name]["dead_units"] == int((~effective.flatten(1).any(1)).sum())
        assert counts[name]["kept"] == int(masks[name].sum())
        assert counts[name]["units"] == len(masks[name])


@pytest.mark.parametrize("network", NETWORKS)
def test_a_whole_network_has_no_dead_unit_and_an_empty_one_only_dead_units(network):
    module = build_network(network, 0)
    for kept in (True, False):
        masks = {n: torch.full(p.shape, kept) for n, p in module.named_parameters()}
        for counts in anatomy(module, masks).values():
            expected = counts["parameters"] if kept else 0
            assert counts["kept"] == counts["effective"] == expected
            assert counts["dead_units"] == (0 if kept else counts["units"])


class Maxout(nn.Module):
    """Hidden units that are the larger of two linear ones (Goodfellow et al. 2013)."""

    def __init__(self, larger):
        super().__init__()
        self.fc1, self.fc2, self.larger = nn.Linear(784, 60), nn.Linear(30, 10), larger

    def forward(self, images):
        pairs = self.fc1(images.flatten(1)).view(-1, 30, 2)
        return self.fc2(self.larger(pairs).flatten(1))


@pytest.mark.parametrize(
    "larger",
    [
        lambda pairs: pairs.amax(2),
        lambda pairs: pairs.max(2).values,
        lambda pairs: torch.max(pairs, dim=-1, keepdim=True)[0],
        lambda pairs: torch.max(pairs[..., 0], pairs[..., 1]),
        lambda pairs: pairs[..., 0].maximum(pairs[..., 1]),
        nn.MaxPool1d(2),
        nn.MaxPool2d((1, 2)),
        lambda pairs: nn.functional.max_pool1d(pairs, 2, 2, 0, 1),
    ],
)
def test_every_input_of_a_maximum_is_on_a_path(larger):
    network = Maxout(larger)
    masks = {name: torch.ones_like(p, dtype=torch.bool) for name, p in network.named_parameters()}
    masks["fc1.weight"][7] = False  # the other unit of its pair stays
    masks["fc2.weight"][:, 5] = False
    counts = anatomy(network, masks)
    assert counts["fc1.weight"]["effective"] == 57 * 784
    assert counts["fc1.weight"]["dead_units"] == 3 and counts["fc2.weight"]["effective"] == 290
