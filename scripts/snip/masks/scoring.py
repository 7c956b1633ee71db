"""Scores and masks: which connections a run keeps, decided once before training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset, draw_pruning_batch
from snip.jobs.failures import SnipError
from snip.jobs.randomness import module_draws, torch_seed
from snip.layers.weights import connections
from snip.study import registry
from snip.study.axes import MaskSet
from snip.study.settings import Settings

# Examples per forward and backward pass when scoring, to bound memory for large pruning batches.
CHUNK = 1000

Masks = dict[str, Tensor]


class MaskError(SnipError):
    """Scores that cannot be ranked, or a sparsity that keeps no parameter."""


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
    def weights(self) -> Tensor:
        """The prunable parameters w, (m,)."""
        return self.flatten(dict(self.network.named_parameters()))

    @property
    def sizes(self) -> list[int]:
        """The number of elements of each prunable parameter, in order, to split a vector (m,)."""
        parameters = dict(self.network.named_parameters())
        return [parameters[name].numel() for name in self.prunable]

    @cached_property
    def gradient(self) -> Tensor:
        """Signed gradient ∂L/∂w of the mean cross-entropy over the pruning batch, (m,).

        Large batches are processed in chunks and their signed gradients averaged, so the result is
        that of a single batch.
        """
        parameters = dict(self.network.named_parameters())
        total = torch.zeros_like(self.weights)
        for images, labels in zip(self.images.split(CHUNK), self.labels.split(CHUNK), strict=True):
            loss = nn.functional.cross_entropy(self.network(images), labels, reduction="sum")
            gradients = torch.autograd.grad(loss, [parameters[name] for name in self.prunable])
            total += self.flatten(dict(zip(self.prunable, gradients, strict=True)))
        return total / len(self.labels)

    def flatten(self, tensors: dict[str, Tensor]) -> Tensor:
        """Join tensors, one per prunable parameter, into one vector (m,)."""
        return torch.cat([tensors[name].detach().reshape(-1) for name in self.prunable])


def prunable_parameters(network: nn.Module, prunable: str) -> list[str]:
    """Return the names of the prunable parameters: `weights-and-biases` or `weights` alone."""
    return [
        name
        for name, weight in connections(network).items()
        if prunable == "weights-and-biases" or name == weight
    ]


def score(problem: PruningProblem, criterion: str) -> Tensor:
    """Return the criterion's scores, (m,).

    Raises:
        SnipError: the criterion is not registered.
        MaskError: the scores have the wrong shape or are not all finite.
    """
    criterion_score = registry.load("criteria", criterion, "score")
    with module_draws(problem.generator.initial_seed()):
        scores = criterion_score(problem)
    if scores.shape != problem.weights.shape:
        raise MaskError(
            f"criterion {criterion} returned shape {tuple(scores.shape)}, "
            f"expected {tuple(problem.weights.shape)}"
        )
    if not scores.isfinite().all():
        raise MaskError(f"criterion {criterion} returned scores that are not finite")
    return scores


def number_kept(parameters: int, sparsity: float) -> int:
    """Return κ = round(m·(1 − κ̄/100)), the number of parameters kept out of m."""
    return round(parameters * (1 - sparsity / 100))


def make_masks(problem: PruningProblem, criterion: str, sparsities: Iterable[float]) -> list[Masks]:
    """Return for each sparsity (percent) the mask of every parameter, True where kept.

    Exactly κ parameters are kept: those with the highest scores over all layers together, and among
    equal scores those with the lower index. So masks of one problem are nested: a sparser mask
    keeps a subset of a denser one. Parameters that are not prunable are all kept.

    Raises:
        MaskError: see `score`; or a sparsity keeps no parameter.
    """
    ranking = score(problem, criterion).sort(descending=True, stable=True).indices
    shapes = {name: parameter.shape for name, parameter in problem.network.named_parameters()}
    sizes = [shapes[name].numel() for name in problem.prunable]
    result = []
    for sparsity in sparsities:
        number = number_kept(len(ranking), sparsity)
        if number == 0:
            raise MaskError(f"sparsity {sparsity} keeps none of {len(ranking)} parameters")
        kept = torch.zeros(len(ranking), dtype=torch.bool)
        kept[ranking[:number]] = True
        parts = dict(zip(problem.prunable, kept.split(sizes), strict=True))
        result.append(
            {
                name: parts[name].view(shape) if name in parts else torch.ones(shape).bool()
                for name, shape in shapes.items()
            }
        )
    return result


def make_problem(
    network: nn.Module, masks: MaskSet, settings: Settings, dataset: Dataset
) -> PruningProblem:
    """Return the problem of a mask set: its network with the pruning batch that it draws.

    The labels are always the true ones. The network is put into evaluation mode: no dropout, and
    batch normalisation by its initial statistics, which leave values unchanged.

    Raises:
        DatasetError: the data set has too few examples for the batch.
    """
    training, _ = dataset.split(masks.seed, settings.validation_share)
    batch = draw_pruning_batch(
        dataset.train_labels, training, masks.batch_size, masks.seed, masks.class_
    )
    return PruningProblem(
        network.eval(),
        dataset.standardise(dataset.train_images[batch]),
        torch.from_numpy(dataset.train_labels[batch].astype(np.int64)),
        torch.Generator().manual_seed(torch_seed(masks.seed, "random scores")),
        prunable_parameters(network, settings.prunable),
    )
