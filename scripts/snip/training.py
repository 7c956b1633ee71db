"""One run: score, mask, train, evaluate. Everything from a seed to a result."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets import CLASSES, Dataset
from snip.errors import SnipError
from snip.masks import Masks, make_masks, make_problem, prunable_parameters
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


def training_labels(run: Run, dataset: Dataset) -> Tensor:
    """Return the labels trained on, (training images,): the true ones or uniform random classes."""
    if run.labels == "true":
        return torch.from_numpy(dataset.train_labels.astype(np.int64))
    count = len(dataset.train_labels)
    return torch.from_numpy(stream(run.seed, "random labels").integers(CLASSES, size=count))


def prepare(run: Run, settings: Settings, dataset: Dataset) -> tuple[nn.Module, Masks]:
    """Build the network of a run, score it on its pruning batch, and return it with its mask."""
    options = {"relu_after_convolutions": settings.relu_after_convolutions}
    network = build_network(run.network, run.seed, **options)
    problem = make_problem(network, run.masks, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)])
    if settings.initial_weights == "redraw":
        network = build_network(run.network, run.seed, "redrawn weights", **options)
    return network, masks


class Training:
    """One masked network in training: its state after `iteration` updates.

    Pruned parameters are exactly zero throughout, and so is their momentum: they start at zero and
    their gradient is masked before each update.

    Attributes:
        network: the masked network.
        masks: one boolean tensor per parameter, True where kept.
        momentum: one tensor per parameter, the velocity of stochastic gradient descent.
        iteration: number of updates made.
    """

    def __init__(self, run: Run, settings: Settings, dataset: Dataset):
        self.run, self.settings, self.dataset = run, settings, dataset
        self.network, self.masks = prepare(run, settings, dataset)
        self.parameters = list(self.network.parameters())
        # In the layout of the parameters, so that multiplying walks through memory in order.
        self.factors = [
            torch.empty_like(parameter, requires_grad=False).copy_(mask)
            for parameter, mask in zip(self.parameters, self.masks.values(), strict=True)
        ]
        with torch.no_grad():
            for parameter, factor in zip(self.parameters, self.factors, strict=True):
                parameter.mul_(factor)
        self.momentum = [torch.zeros_like(factor) for factor in self.factors]
        training, self.validation = dataset.split(run.seed, settings.validation_share)
        self.batches = batches(training, settings.training_batch_size, run.seed)
        self.images = torch.from_numpy(dataset.train_images)
        self.labels = training_labels(run, dataset)
        self.iteration = 0

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update: divided by ten every `decay_every` iterations."""
        return self.settings.learning_rate / 10 ** (self.iteration // self.settings.decay_every)

    def step(self) -> float:
        """Make one update and return the mean cross-entropy of its batch before it.

        Raises:
            DivergedError: that loss is not finite.
        """
        rate = self.learning_rate
        index = torch.from_numpy(next(self.batches))
        logits = self.network(self.dataset.standardise(self.images[index]))
        loss = nn.functional.cross_entropy(logits, self.labels[index])
        gradients = torch.autograd.grad(loss, self.parameters)
        for gradient, factor in zip(gradients, self.factors, strict=True):
            gradient.mul_(factor)
        self._update(gradients, rate)
        self.iteration += 1
        value = loss.item()
        if not math.isfinite(value):
            raise DivergedError(
                f"run {self.run.path} diverged: training loss {value} at iteration "
                f"{self.iteration} with learning rate {rate:g}"
            )
        return value

    @torch.no_grad()
    def _update(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Update weights and momentum in one pass over memory.

        This is the kernel behind torch.optim.SGD, whose class would import torch's compiler, which
        takes as long as importing torch itself.
        """
        torch._fused_sgd_(
            self.parameters,
            gradients,
            self.momentum,
            lr=rate,
            momentum=self.settings.momentum,
            weight_decay=float(self.run.weight_decay),
            dampening=0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )

    def errors(self) -> dict[str, float]:
        """Return the validation and test error (percent) of the network as it is."""
        data, held_out = self.dataset, self.validation
        return {
            "iteration": self.iteration,
            "validation_error": evaluate(
                self.network, data.train_images[held_out], data.train_labels[held_out], data
            ),
            "test_error": evaluate(self.network, data.test_images, data.test_labels, data),
        }


def train(run: Run, settings: Settings, dataset: Dataset, log=sys.stderr) -> dict:
    """Train one masked network and return its result, ready for JSON.

    Raises:
        DivergedError: the training loss is no longer finite.
        MaskError, DatasetError: see `masks`, `datasets`.
    """
    training = Training(run, settings, dataset)
    curve, evaluations, losses = [], [], []
    started = time.perf_counter()
    while training.iteration < settings.iterations:
        losses.append(training.step())
        last = training.iteration == settings.iterations
        if last or training.iteration % settings.log_every == 0:
            curve.append([training.iteration, sum(losses) / len(losses)])
            losses = []
            speed = (
                training.iteration * settings.training_batch_size / (time.perf_counter() - started)
            )
            print(
                f"iteration {training.iteration}/{settings.iterations}  loss {curve[-1][1]:.4f}  "
                f"{speed:.0f} images/s",
                file=log,
                flush=True,
            )
        if last or training.iteration % settings.evaluate_every == 0:
            evaluations.append(training.errors())
    return result(training, curve, evaluations)


def result(training: Training, curve: list, evaluations: list[dict]) -> dict:
    """Assemble what a run reports: a pure function of code, configuration and data.

    Errors are percentages. `test_error` is the one after the last iteration;
    `best_validation_test_error` the one at the evaluation with the lowest validation error (the
    first such); `best_test_error` the lowest of all evaluations, which is what the authors' code
    reports and is optimistic. `train_loss`, like each point of the curve, is the mean cross-entropy
    of the training batches since the point before, without the weight decay term.
    """
    settings, masks = training.settings, training.masks
    prunable = prunable_parameters(training.network, settings.prunable)
    layers = {
        name: {"parameters": masks[name].numel(), "kept": int(masks[name].sum())}
        for name in prunable
    }
    return {
        **training.run.key,
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
