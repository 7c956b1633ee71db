"""Scores and masks: which connections a run keeps, decided once before training."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset, draw_pruning_batch
from snip.jobs.failures import SnipError
from snip.jobs.randomness import module_draws, torch_seed
from snip.layers.weights import connections
from snip.masks.controls import CONTROLS, SHUFFLES
from snip.masks.problem import PruningProblem, PruningRound
from snip.study import registry
from snip.study.axes import MaskSet
from snip.study.settings import Settings

Masks = dict[str, Tensor]


class MaskError(SnipError):
    """Scores that cannot be ranked, a sparsity that keeps no parameter, or an unknown control."""


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
        MaskError: the scores are no tensor, have the wrong shape or are not all finite; or the
            criterion does not work in rounds, but asks for what only these have.
    """
    criterion_score = registry.load("criteria", criterion, "score")
    expected = tuple(problem.weights.shape)
    with module_draws(problem.generator.initial_seed()):
        try:
            scores = criterion_score(problem)
        except AttributeError as error:
            if error.obj is problem and error.name in PruningRound.__annotations__:
                raise MaskError(
                    f"{registry.file('criteria', criterion)} asks for problem.{error.name}, which "
                    "only criteria that work in rounds have; expected ROUNDS = 1, or more, at its "
                    "top"
                ) from error
            raise
    ranked = isinstance(scores, Tensor) and scores.layout == torch.strided
    if not ranked or scores.is_complex():
        kind = type(scores).__name__
        if isinstance(scores, Tensor):
            kind = f"tensor ({scores.dtype}, {scores.layout})"
        raise MaskError(
            f"criterion {criterion} returned a {kind}, expected a tensor of real numbers of shape "
            f"{expected}"
        )
    if scores.shape != expected:
        raise MaskError(
            f"criterion {criterion} returned shape {tuple(scores.shape)}, expected {expected}"
        )
    scores = scores.detach()
    if not scores.is_floating_point():
        scores = scores.long()  # a sign for the lowest
    elif scores.element_size() < 4:  # numpy cannot rank them all
        scores = scores.float()
    if not scores.isfinite().all():
        raise MaskError(f"criterion {criterion} returned scores that are not finite")
    return scores


def number_kept(parameters: int, sparsity: float, progress: float = 1) -> int:
    """Return κ = round(m·(1 − κ̄/100)), the number of parameters kept out of m.

    Args:
        progress: share of the rounds that are done; the exponent of 1 − κ̄/100.
    """
    return round(parameters * (1 - sparsity / 100) ** progress)


def highest(scores: Tensor, number: int) -> Tensor:
    """Return a boolean vector, True for the `number` highest scores.

    Among equal scores, those with the lower index are kept, as by a stable sort, which takes a
    hundred times as long.
    """
    values = scores.numpy()
    lowest_kept = np.partition(values, -number)[-number]
    kept = values > lowest_kept
    ties = np.flatnonzero(values == lowest_kept)
    kept[ties[: number - np.count_nonzero(kept)]] = True
    return torch.from_numpy(kept)


def make_masks(
    problem: PruningProblem, criterion: str, sparsities: Iterable[float], control: str = "none"
) -> list[Masks]:
    """Return for each sparsity (percent) the mask of every parameter, True where kept.

    Exactly κ parameters are kept: those with the highest scores over all layers together, and among
    equal scores those with the lower index. Parameters that are not prunable are all kept.

    A criterion scores once for all sparsities, so masks of one problem are nested: a sparser mask
    keeps a subset of a denser one. A criterion that works in rounds scores each sparsity
    separately, and its masks need not be nested. Each mask is the same whatever other sparsities
    are asked for.

    Args:
        control: `none`, or a change of the masks; see `snip.masks.controls`.

    Raises:
        SnipError: the criterion is not registered.
        MaskError: see `score`; a sparsity keeps no parameter; or there is no such control.
    """
    if control not in CONTROLS:
        raise MaskError(f"control is {control!r}, allowed: {', '.join(CONTROLS)}")
    registry.check("criteria", criterion)
    rounds = registry.constant("criteria", criterion, "ROUNDS")
    sign = -1 if control == "inverted" else 1
    # Before scoring, which may change the network.
    shapes = {name: parameter.shape for name, parameter in problem.network.named_parameters()}
    scores = None if rounds else sign * score(problem, criterion)
    sizes = [shapes[name].numel() for name in problem.prunable]
    result = []
    for sparsity in sparsities:
        number = number_kept(sum(sizes), sparsity)
        if number == 0:
            raise MaskError(f"sparsity {sparsity} keeps none of {sum(sizes)} parameters")
        if rounds:
            kept = _kept_after_rounds(problem, criterion, sparsity, rounds, sign)
        else:
            kept = highest(scores, number)
        masks = {name: torch.ones(shape, dtype=torch.bool) for name, shape in shapes.items()}
        for name, part in zip(problem.prunable, kept.split(sizes), strict=True):
            masks[name] = part.view(shapes[name])
        if control in SHUFFLES:
            # A generator of its own, so that a control does not change random scores. Its seed is
            # the same for every sparsity, so that a mask is the same beside other sparsities.
            seed = torch_seed(problem.generator.initial_seed(), "control")
            generator = torch.Generator().manual_seed(seed)
            for name in problem.prunable:
                masks[name] = SHUFFLES[control](masks[name], generator)
        result.append(masks)
    return result


def _kept_after_rounds(
    problem: PruningProblem, criterion: str, sparsity: float, rounds: int, sign: int
) -> Tensor:
    """Return which parameters the last round keeps, a boolean vector (m,).

    After round t of T, κ_t = round(m·(1 − κ̄/100)^(t/T)) are kept: each round prunes the same share
    of what is left (Tanaka et al. 2020, Algorithm 1; de Jorge et al. 2021, section 4).
    """
    revives = registry.constant("criteria", criterion, "REVIVES")
    initial = problem.weights
    kept = torch.ones(len(initial), dtype=torch.bool)
    generator = torch.Generator().manual_seed(problem.generator.initial_seed())
    network = copy.deepcopy(problem.network)
    for done in range(1, rounds + 1):
        number = number_kept(len(kept), sparsity, done / rounds)
        if number == len(kept):
            continue
        present = PruningRound(
            network,
            problem.images.clone(),
            problem.labels.clone(),
            generator,
            problem.prunable,
            sparsity,
            kept.clone(),
            initial.clone(),
        )
        left = torch.where(kept, initial, 0)
        with torch.no_grad():
            for parameter, part in zip(present.parameters, left.split(present.sizes), strict=True):
                parameter.copy_(part.view_as(parameter))
        scores = sign * score(present, criterion)
        if revives:
            kept = highest(scores, number)
        else:
            candidates = kept.nonzero().squeeze(1)
            kept[candidates] = highest(scores[candidates], number)
    return kept


def make_problem(
    network: nn.Module, masks: MaskSet, seed: int, settings: Settings, dataset: Dataset
) -> PruningProblem:
    """Return the problem of a kind of mask and a seed: a network with the pruning batch drawn.

    The labels are always the true ones. The network is put into evaluation mode: no dropout, and
    batch normalisation by its initial statistics, which leave values unchanged.

    Raises:
        DatasetError: the data set has too few examples for the batch.
    """
    training, _ = dataset.split(seed, settings.validation_share)
    batch = draw_pruning_batch(
        dataset.train_labels,
        training,
        masks.batch_size,
        seed,
        masks.class_,
        balanced=settings.pruning_batch == "balanced",
    )
    network.eval()
    return PruningProblem(
        network,
        dataset.standardise(dataset.train_images[batch]),
        torch.from_numpy(dataset.train_labels[batch].astype(np.int64)),
        torch.Generator().manual_seed(torch_seed(seed, "random scores")),
        prunable_parameters(network, settings.prunable),
    )
