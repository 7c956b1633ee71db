"""One run: score, mask, train, evaluate. Everything from a seed to a result."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets import CLASSES, Dataset
from snip.errors import SnipError
from snip.masks import Masks, make_masks, make_problem
from snip.randomness import stream
from snip.runs import Run, Settings
from snip.weights import build_network

EVALUATION_BATCH = 500


class DivergedError(SnipError):
    """A run whose training loss stopped being finite."""


def batches(examples: np.ndarray, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Yield batches of indices for ever: each epoch is a new random order of `examples`.

    The orders are joined end to end, so every batch is full.
    """
    rest = examples[:0]
    epoch = 0
    while True:
        while len(rest) < batch_size:
            order = stream(seed, "order", epoch).permutation(examples)
            rest = np.concatenate([rest, order])
            epoch += 1
        yield rest[:batch_size]
        rest = rest[batch_size:]


def evaluate(network: nn.Module, images: np.ndarray, labels: np.ndarray, dataset: Dataset) -> float:
    """Return the error in percent: the share of images whose largest logit is not the label's."""
    wrong = 0
    with torch.inference_mode():
        for start in range(0, len(images), EVALUATION_BATCH):
            logits = network(dataset.standardise(images[start : start + EVALUATION_BATCH]))
            predicted = logits.argmax(1).numpy()
            wrong += int((predicted != labels[start : start + EVALUATION_BATCH]).sum())
    return 100 * wrong / len(images)


def prepare(run: Run, settings: Settings, dataset: Dataset) -> tuple[nn.Module, Masks]:
    """Build the network of a run, score it on its pruning batch, and return it with its mask."""
    options = {"relu_after_convolutions": settings.relu_after_convolutions}
    network = build_network(run.network, run.seed, **options)
    problem = make_problem(network, run.masks, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)])
    if settings.initial_weights == "redraw":
        network = build_network(run.network, run.seed, "redrawn weights", **options)
    return network, masks


def train(run: Run, settings: Settings, dataset: Dataset, log=sys.stderr) -> dict:
    """Train one masked network and return its result, ready for JSON.

    Pruned parameters are exactly zero throughout, and so is their momentum: they start at zero and
    their gradient is masked before each update.

    Raises:
        DivergedError: the training loss is no longer finite.
        MaskError, DatasetError: see `masks`, `datasets`.
    """
    network, masks = prepare(run, settings, dataset)
    training, validation = dataset.split(run.seed, settings.validation_share)
    labels = _labels(run, dataset)
    images = torch.from_numpy(dataset.train_images)
    parameters = list(network.parameters())
    # In the layout of the parameters, so that multiplying runs through memory in order.
    factors = [
        masks[name].to(parameter).contiguous(memory_format=_layout(parameter))
        for name, parameter in network.named_parameters()
    ]
    with torch.no_grad():
        for parameter, factor in zip(parameters, factors, strict=True):
            parameter.mul_(factor)
    optimizer = torch.optim.SGD(
        parameters,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=float(run.weight_decay),
        fused=True,
    )
    curve, evaluations = [], []
    window, since, started = 0.0, 0, time.perf_counter()
    for iteration, chosen in enumerate(
        batches(training, settings.training_batch_size, run.seed), start=1
    ):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate / 10 ** ((iteration - 1) // settings.decay_every)
        index = torch.from_numpy(chosen)
        loss = nn.functional.cross_entropy(
            network(dataset.standardise(images[index])), labels[index]
        )
        optimizer.zero_grad()
        loss.backward()
        for parameter, factor in zip(parameters, factors, strict=True):
            parameter.grad.mul_(factor)
        optimizer.step()

        value = loss.item()
        if not math.isfinite(value):
            raise DivergedError(
                f"run {run.path} diverged: training loss {value} at iteration {iteration} "
                f"with learning rate {optimizer.param_groups[0]['lr']:g}"
            )
        window, since = window + value, since + 1
        last = iteration == settings.iterations
        if last or iteration % settings.log_every == 0:
            curve.append([iteration, window / since])
            speed = iteration * settings.training_batch_size / (time.perf_counter() - started)
            print(
                f"iteration {iteration}/{settings.iterations}  loss {window / since:.4f}  "
                f"{speed:.0f} images/s",
                file=log,
                flush=True,
            )
            window, since = 0.0, 0
        if last or iteration % settings.evaluate_every == 0:
            held_out = dataset.train_images[validation], dataset.train_labels[validation]
            evaluations.append(
                {
                    "iteration": iteration,
                    "validation_error": evaluate(network, *held_out, dataset),
                    "test_error": evaluate(
                        network, dataset.test_images, dataset.test_labels, dataset
                    ),
                }
            )
        if last:
            break
    return result(run, settings, masks, curve, evaluations)


def result(
    run: Run, settings: Settings, masks: Masks, curve: list, evaluations: list[dict]
) -> dict:
    """Assemble what a run reports: a pure function of code, configuration and data.

    Errors are percentages. `test_error` is the one after the last iteration;
    `best_validation_test_error` the one at the evaluation with the lowest validation error (the
    first such); `best_test_error` the lowest of all evaluations, which is what the authors' code
    reports and is optimistic. `train_loss`, like each point of the curve, is the mean cross-entropy
    of the training batches since the point before, without the weight decay term.
    """
    prunable = [
        name
        for name, mask in masks.items()
        if settings.prunable == "weights-and-biases" or mask.dim() > 1
    ]
    layers = {
        name: {"parameters": masks[name].numel(), "kept": int(masks[name].sum())}
        for name in prunable
    }
    return {
        **run.key,
        "iterations": settings.iterations,
        "parameters": sum(layer["parameters"] for layer in layers.values()),
        "kept": sum(layer["kept"] for layer in layers.values()),
        "train_loss": curve[-1][1],
        "validation_error": evaluations[-1]["validation_error"],
        "test_error": evaluations[-1]["test_error"],
        "best_validation_test_error": min(evaluations, key=lambda e: e["validation_error"])[
            "test_error"
        ],
        "best_test_error": min(e["test_error"] for e in evaluations),
        "layers": layers,
        "evaluations": evaluations,
        "curve": curve,
    }


def _labels(run: Run, dataset: Dataset) -> Tensor:
    """The labels trained on, (training images,): the true ones or uniform random classes."""
    if run.labels == "true":
        return torch.from_numpy(dataset.train_labels.astype(np.int64))
    count = len(dataset.train_labels)
    return torch.from_numpy(stream(run.seed, "random labels").integers(CLASSES, size=count))


def _layout(parameter: Tensor) -> torch.memory_format:
    return torch.channels_last if parameter.dim() == 4 else torch.contiguous_format
