"""One run from its seed to its result: score, prune, then update after update."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset
from snip.jobs.randomness import seed_globals, torch_seed
from snip.layers.chain import chain_of, differentiate
from snip.masks.anatomy import anatomy
from snip.masks.scoring import prunable_parameters
from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training import progress
from snip.training.checkpoints import Checkpoint, InterruptedRunError
from snip.training.start import TrainingError, batches, find_device, prepare, training_labels
from snip.training.update import make_update

# An evaluation batch this small stays in the processor's cache.
EVALUATION_BATCH = 100


def train(
    run: Run,
    settings: Settings,
    dataset: Dataset,
    checkpoint: Checkpoint | None = None,
    stopped: Callable[[], bool] = lambda: False,
    keep: Callable[[Training], None] = lambda training: None,
    log: TextIO = sys.stderr,
) -> dict[str, Any]:
    """Train one masked network and return its result, ready for JSON.

    A run that resumes returns the same result, to the byte, as one that was never interrupted.

    Args:
        checkpoint: where to resume from and to save; None saves nothing.
        stopped: asked before each iteration whether to end the run early.
        keep: called at the end with the trained network.
        log: text file for progress and warnings.

    Raises:
        InterruptedRunError: `stopped` returned True; a checkpoint has been saved.
        TrainingError: the device is missing, the loss is not finite, or pruned weights have values.
        SnipError: the network or the criterion cannot be used.
    """
    training = Training(run, settings, dataset)
    if saved := checkpoint and checkpoint.load():
        training.restore(saved)
        print(f"resumed at iteration {training.iteration}", file=log)
    started = time.perf_counter()
    with progress.Progress(settings, training.iteration, log) as display:
        while training.iteration < settings.iterations:
            if stopped():
                path = checkpoint.save(training.state()) if checkpoint else None
                reached = training.iteration, settings.iterations
                raise InterruptedRunError(progress.interrupted(run.path, *reached, path))
            if checkpoint and checkpoint.due:
                checkpoint.save(training.state())
            training.step()
            last = training.iteration == settings.iterations
            if last or training.iteration % settings.log_every == 0:
                training.log_loss()
                display.report(*training.curve[-1])
            if last or training.iteration % settings.evaluate_every == 0:
                training.evaluate()
    print(progress.trained(time.perf_counter() - started), file=log)
    result = training.result()
    keep(training)
    # A network trained on random labels is at chance on the correct ones, as it should be.
    if run.labels == "correct" and result["test_error"] > progress.CHANCE_ERROR:
        print(progress.at_chance(run.path, result["test_error"]), file=log)
    return result


class Training:
    """One masked network in training: its state after `iteration` updates.

    Pruned parameters are exactly zero throughout, and so is the optimiser's memory of them: they
    start at zero, and their gradient is masked before each update. A chain does not train the
    pruned weights of linear layers that keep few (`snip.layers.chain`).

    Attributes:
        masks: per parameter of the network as built, a boolean tensor, True where kept.
        layers: per prunable parameter, the counts of `snip.masks.anatomy`.
        chain: what computes in the network's place, where it is a chain; else None.
        parameters: what is trained, by name: the chain's, or what of the network is not frozen.
        factors: per trained tensor of which something is pruned, 1 where kept and 0 where pruned.
        update: the update rule, called with gradients and a learning rate.
        examples, validation: indices of the training and of the validation examples.
        losses: of the updates since the last point of the curve.
        curve: pairs of an iteration and the mean loss since the point before.
        evaluations: what `evaluate` found.
    """

    def __init__(self, run: Run, settings: Settings, dataset: Dataset):
        self.run, self.settings, self.dataset = run, settings, dataset
        device = find_device(settings.device)
        network, self.masks = prepare(run, settings, dataset)
        counts = anatomy(network, self.masks)
        names = prunable_parameters(network, settings.prunable)
        self.layers = {name: counts[name] for name in names}
        self._network = network.to(device).train()
        self.chain = chain_of(network, self.masks)
        self.parameters = (
            self.chain.parameters
            if self.chain
            else {name: p for name, p in network.named_parameters() if p.requires_grad}
        )
        self.factors = {}
        for name, parameter in self.parameters.items():
            mask = self.masks[name]
            if parameter.shape == mask.shape and not mask.all():  # else all of it is kept
                # In the parameter's memory layout, so that masking reads memory in order.
                self.factors[name] = torch.empty_like(parameter, requires_grad=False).copy_(mask)
                parameter.detach().mul_(self.factors[name])
        self.update = make_update(run, settings, list(self.parameters.values()))
        self.examples, self.validation = dataset.split(run.seed, settings.validation_share)
        self.batches = batches(self.examples, settings.training_batch_size, run.seed)
        self.images = torch.from_numpy(dataset.train_images).to(device)
        self.labels = training_labels(run, settings, dataset).to(device)
        self.first_noise = torch_seed(run.seed, "noise in training")
        self.iteration = 0
        self.losses: list[float] = []
        self.curve: list[tuple[int, float]] = []
        self.evaluations: list[dict[str, float]] = []

    @property
    def network(self) -> nn.Module:
        """The masked network, with the present values of its parameters."""
        if self.chain:
            self.chain.write_back()
        return self._network

    @property
    def weights(self) -> dict[str, Tensor]:
        """Every tensor of the network as built, by name, pruned weights 0."""
        return dict(self.network.state_dict())

    def step(self) -> None:
        """Make one update, and note the mean cross-entropy of its batch before it."""
        # Divided by ten every `decay_every` iterations.
        rate = self.settings.learning_rate / 10 ** (self.iteration // self.settings.decay_every)
        index = torch.from_numpy(next(self.batches)).to(self.images.device)
        if not self.chain:  # which draws nothing
            # One seed per iteration, so that a resumed run draws the same noise.
            seed_globals(self.first_noise + self.iteration)
        # index_select copies whole images. Indexing with brackets copies single bytes and takes
        # ten times as long.
        images = self.dataset.standardise(self.images.index_select(0, index))
        labels = self.labels.index_select(0, index)
        loss, gradients = differentiate(self._network, self.chain, self.parameters, images, labels)
        for name, factor in self.factors.items():
            # Not in place: autograd may return one tensor for two parameters.
            gradients[name] = gradients[name] * factor
        self.update(list(gradients.values()), rate)
        self.iteration += 1
        self.losses.append(loss.item())
        if not math.isfinite(self.losses[-1]):
            raise TrainingError(
                f"run {self.run.path} diverged: training loss {self.losses[-1]} at iteration "
                f"{self.iteration} with learning rate {rate:g}"
            )

    def log_loss(self) -> None:
        """Add a point to the curve."""
        self.curve.append((self.iteration, sum(self.losses) / len(self.losses)))
        self.losses = []

    def evaluate(self) -> None:
        """Note the present network's validation and test error (percent)."""
        for name, factor in self.factors.items():
            if (alive := self.parameters[name][factor == 0]).any():
                raise TrainingError(
                    f"network {self.run.network} gives pruned weights values: found "
                    f"{int(alive.count_nonzero())} of {name} other than 0 after iteration "
                    f"{self.iteration}, expected a forward that leaves them 0"
                )
        data, held_out = self.dataset, self.validation
        validation = data.train_images[held_out], data.train_labels[held_out]
        errors = {
            "validation_error": self.error(*validation),
            "test_error": self.error(data.test_images, data.test_labels),
        }
        self.evaluations.append({"iteration": self.iteration, **errors})

    @torch.no_grad()  # inference mode would spoil tensors that a network remembers
    def error(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Return the share (percent) of images whose largest logit is not the label's.

        The network is in evaluation mode meanwhile: no dropout, and batch normalisation by the
        statistics gathered in training. Images are raw bytes, (examples, 28, 28).
        """
        wrong = 0
        self._network.eval()
        for start in range(0, len(images), EVALUATION_BATCH):
            some = slice(start, start + EVALUATION_BATCH)
            stored = torch.from_numpy(images[some]).to(self.images.device)
            batch = self.dataset.standardise(stored)
            logits = self.chain.forward(batch, False) if self.chain else self._network(batch)
            wrong += int((logits.argmax(1).cpu().numpy() != labels[some]).sum())
        self._network.train()
        return 100 * wrong / len(images)

    def result(self) -> dict[str, Any]:
        """Return the result of the run, a pure function of code, configuration and data.

        Errors (percent) are of the last iteration; `best_validation_test_error` is that of the
        lowest validation error, the first of several, and `best_test_error` the lowest of all,
        which the authors' code reports, and which is optimistic. `train_loss` has no weight decay.
        """
        layers, evaluations = self.layers.values(), self.evaluations
        best = min(evaluations, key=lambda evaluation: evaluation["validation_error"])
        return {
            **self.run.key,
            "settings": dict(self.settings),
            "iterations": self.settings.iterations,
            "parameters": sum(layer["parameters"] for layer in layers),
            "kept": sum(layer["kept"] for layer in layers),
            "train_loss": self.curve[-1][1],
            "validation_error": evaluations[-1]["validation_error"],
            "test_error": evaluations[-1]["test_error"],
            "best_validation_test_error": best["test_error"],
            "best_test_error": min(evaluation["test_error"] for evaluation in evaluations),
            "layers": self.layers,
            "evaluations": evaluations,
            "curve": self.curve,
        }

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs; the tensors are the training's own, not copies."""
        return {
            "iteration": self.iteration,
            "weights": [parameter.detach() for parameter in self.parameters.values()],
            "update": self.update.state,
            # As they are now: forward may put another tensor in the place of one.
            "buffers": list(self._network.buffers()),
            "losses": self.losses,
            "curve": self.curve,
            "evaluations": self.evaluations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state of the same run; its random streams follow from the iteration."""
        own_state = self.state()
        for name in ("weights", "update", "buffers"):
            for own, saved in zip(own_state[name], state[name], strict=True):
                own.copy_(saved)
        self.iteration, self.losses = state["iteration"], state["losses"]
        self.curve, self.evaluations = state["curve"], state["evaluations"]
        size = self.settings.training_batch_size
        self.batches = batches(self.examples, size, self.run.seed, self.iteration)
