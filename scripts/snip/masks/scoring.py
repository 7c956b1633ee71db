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
from snip.masks.controls import SHUFFLES
from snip.masks.problem import PruningProblem, PruningRound
from snip.study import registry
from snip.study.runs import MaskSet
from snip.study.settings import Settings

Masks = dict[str, Tensor]


class MaskError(SnipError):
    """Scores that cannot be ranked, or a sparsity that keeps no parameter."""


def prunable_parameters(network: nn.Module, prunable: str) -> list[str]:
    """Return the names of the prunable parameters: `weights-and-biases` or `weights` alone."""
    return [
        name
        for name, weight in connections(network).items()
        if prunable == "weights-and-biases" or name == weight
    ]


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
    balanced = settings.pruning_batch == "balanced"
    labels = dataset.train_labels
    batch = draw_pruning_batch(labels, training, masks.batch_size, seed, masks.classes, balanced)
    return PruningProblem(
        network.eval(),
        dataset.standardise(dataset.train_images[batch]),
        torch.from_numpy(labels[batch].astype(np.int64)),
        torch.Generator().manual_seed(torch_seed(seed, "random scores")),
        prunable_parameters(network, settings.prunable),
    )


def score(problem: PruningProblem, criterion: str) -> Tensor:
    """Return the criterion's scores, (m,).

    Raises:
        SnipError: the criterion is not registered.
        MaskError: the scores are no tensor (m,) of finite real numbers; or the criterion takes a
            single ranking for one of several rounds.
    """
    criterion_score = registry.load("criteria", criterion)
    expected = problem.weights.shape
    with module_draws(problem.generator.initial_seed()):
        try:
            scores = criterion_score(problem)
        except AttributeError as error:
            if error.obj is not problem or error.name not in PruningRound.__dataclass_fields__:
                raise
            raise MaskError(
                f"criterion {criterion} asks for problem.{error.name}, which only criteria in "
                "rounds have, expected ROUNDS = 1 or more at the top of its file"
            ) from error
    is_tensor = isinstance(scores, Tensor)
    dense = is_tensor and scores.layout == torch.strided and not scores.is_complex()
    if not dense or scores.shape != expected:
        found = type(scores).__name__
        if is_tensor:
            found = f"{scores.layout} tensor of {scores.dtype}, shape {tuple(scores.shape)}"
        raise MaskError(
            f"criterion {criterion} returned a {found}, expected a tensor of real numbers, "
            f"shape {tuple(expected)}"
        )
    if scores.dtype not in (torch.float32, torch.float64):  # numpy cannot rank them all
        scores = scores.double()
    if not scores.isfinite().all():
        raise MaskError(f"criterion {criterion} returned scores that are not finite")
    return scores.detach()


def number_kept(parameters: int, sparsity: float, progress: float = 1) -> int:
    """Return κ = round(m·(1 − κ̄/100)), the number kept of m; (1 − κ̄/100)^progress in rounds."""
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
    equal scores those with the lower index. Parameters that are not prunable are all kept. A
    criterion scores once for all sparsities, so sparser masks are subsets of denser ones; one that
    works in rounds scores each sparsity separately. A mask is the same whatever other sparsities
    are asked for.

    Args:
        control: `none`, or a change of the masks; see `snip.masks.controls`.

    Raises:
        SnipError: the criterion is not registered.
        MaskError: see `score`; or a sparsity keeps no parameter.
    """
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
        if scores is None:
            kept = _kept_after_rounds(problem, criterion, sparsity, rounds, sign)
        else:
            kept = highest(scores, number)
        masks = {name: torch.ones(shape, dtype=torch.bool) for name, shape in shapes.items()}
        for name, mask in zip(problem.prunable, kept.split(sizes), strict=True):
            masks[name] = mask.view(shapes[name])
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
        images, labels = problem.images.clone(), problem.labels.clone()
        before = kept.clone(), initial.clone()
        present = PruningRound(
            network, images, labels, generator, problem.prunable, sparsity, *before
        )
        left = torch.where(kept, initial, 0).split(present.sizes)
        with torch.no_grad():
            for parameter, values in zip(present.parameters, left, strict=True):
                parameter.copy_(values.view_as(parameter))
        scores = sign * score(present, criterion)
        if revives:
            kept = highest(scores, number)
        else:
            candidates = kept.nonzero().squeeze(1)
            kept[candidates] = highest(scores[candidates], number)
    return kept
