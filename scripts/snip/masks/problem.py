"""What a criterion sees: a network at initialisation, its pruning batch and their gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from snip.layers.chain import chain_of, differentiate

# Examples per forward and backward pass when scoring, to bound memory for large pruning batches.
CHUNK = 1000


@dataclass
class PruningProblem:
    """What a criterion may look at: a network at initialisation and its pruning batch.

    Vectors (m,) have one element for each of the m elements of the prunable parameters, in order.

    Attributes:
        network: the network to score, unmasked and in evaluation mode.
        images: the standardised pruning batch, (batch_size, 1, 28, 28).
        labels: its true labels, (batch_size,).
        generator: for criteria that draw random numbers.
        prunable: names of the parameters to score, in PyTorch's order.
    """

    network: nn.Module
    images: Tensor
    labels: Tensor
    generator: torch.Generator
    prunable: list[str]

    @property
    def parameters(self) -> list[Tensor]:
        """The prunable parameters, in order."""
        parameters = dict(self.network.named_parameters())
        return [parameters[name] for name in self.prunable]

    @property
    def chunks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The images and labels of the pruning batch, at most `CHUNK` at a time."""
        return zip(self.images.split(CHUNK), self.labels.split(CHUNK), strict=True)

    @property
    def weights(self) -> Tensor:
        """The prunable parameters w, (m,)."""
        return flatten(self.parameters)

    @property
    def sizes(self) -> list[int]:
        """The number of elements of each prunable parameter, in order, to split a vector (m,)."""
        return [parameter.numel() for parameter in self.parameters]

    @cached_property
    def gradient(self) -> Tensor:
        """Signed gradient ∂L/∂w of the mean cross-entropy over the pruning batch, (m,)."""
        chain, parameters = chain_of(self.network), dict(self.network.named_parameters())
        wanted = {name: parameters[name] for name in self.prunable}
        total = torch.zeros_like(self.weights)
        for images, labels in self.chunks:
            _, found = differentiate(self.network, chain, wanted, images, labels, reduction="sum")
            total += flatten(found[name] for name in self.prunable)
        return total / len(self.labels)


@dataclass
class PruningRound(PruningProblem):
    """One round of a criterion that works in rounds (`ROUNDS` in its file).

    The network has the parameters that earlier rounds pruned at zero; so have `weights`, and the
    gradient is that of this network.

    Attributes:
        sparsity: the sparsity after the last round, in percent.
        kept: boolean (m,), True where the round before kept; all True in the first round.
        initial_weights: the prunable parameters before any pruning, (m,).
    """

    sparsity: float
    kept: Tensor
    initial_weights: Tensor


def flatten(tensors: Iterable[Tensor]) -> Tensor:
    """Join tensors, one for each prunable parameter in order, into one vector (m,)."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
