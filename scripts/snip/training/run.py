"""One run: score, mask, train, evaluate. Everything from a seed to a result."""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset
from snip.datasets.sources import CLASSES
from snip.jobs.failures import SnipError
from snip.jobs.randomness import stream, torch_seed
from snip.layers.sparse_linear import drop_pruned
from snip.layers.weights import build_network
from snip.masks.anatomy import anatomy
from snip.masks.scoring import Masks, make_masks, make_problem, prunable_parameters
from snip.study.axes import Run
from snip.study.settings import Settings, unswept
from snip.training import progress as run_lines
from snip.training.checkpoints import Checkpoint
from snip.training.update import make_update

# Small enough for the processor's cache.
EVALUATION_BATCH = 400


class DivergedError(SnipError):
    """A run whose training loss stopped being finite."""


class DeviceError(SnipError):
    """A device that is not there."""


class InterruptedRunError(SnipError):
    """A run that was asked to stop before its end."""


def batches(
    examples: np.ndarray, batch_size: int, seed: int, start: int = 0
) -> Iterator[np.ndarray]:
    """Yield batches of indices for ever: each epoch is a new random order of `examples`.

    The orders are joined end to end, so every batch is full. The first `start` batches are left
    out.
    """
    epoch, used = divmod(start * batch_size, len(examples))
    rest = stream(seed, "order", epoch).permutation(examples)[used:]
    while True:
        while len(rest) < batch_size:
            epoch += 1
            order = stream(seed, "order", epoch).permutation(examples)
            rest = np.concatenate([rest, order])
        yield rest[:batch_size]
        rest = rest[batch_size:]


def choose_device(name: str) -> torch.device:
    """Return the device called `auto`, `cpu` or `cuda`.

    Raises:
        DeviceError: another name, or `cuda` where there is none.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise DeviceError(f"device is {name!r}, allowed: auto, cpu, cuda")
    available = name != "cpu" and torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError(
            "device is 'cuda', but torch finds no CUDA device here; allowed: cpu, auto"
        )
    return torch.device("cuda" if available else "cpu")


def evaluate(network: nn.Module, images: np.ndarray, labels: np.ndarray, dataset: Dataset) -> float:
    """Return the error in percent: the share of images whose largest logit is not the label's.

    In evaluation mode, without dropout and with the statistics that batch normalisation has
    gathered.
    """
    wrong = 0
    mode = network.training
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = torch.as_tensor(images[start : start + EVALUATION_BATCH], device=device)
            predicted = network(dataset.standardise(batch)).argmax(1).cpu().numpy()
            wrong += int((predicted != labels[start : start + EVALUATION_BATCH]).sum())
    network.train(mode)
    return 100 * wrong / len(images)


def training_labels(run: Run, settings: Settings, dataset: Dataset) -> Tensor:
    """Return the labels trained on, (training images,).

    Random ones are the true labels of the run's training examples in another order (paper, section
    5.6: randomly shuffled), or classes drawn uniformly. The seed decides them: they are the same
    for all sparsities and weight decays.
    """
    labels = dataset.train_labels.astype(np.int64)
    if run.labels == "random":
        random = stream(run.seed, "random labels")
        if settings.random_labels == "uniform":
            labels = random.integers(CLASSES, size=len(labels))
        else:
            examples, _ = dataset.split(run.seed, settings.validation_share)
            labels[examples] = random.permutation(labels[examples])
    return torch.from_numpy(labels)


def prepare(run: Run, settings: Settings, dataset: Dataset) -> tuple[nn.Module, Masks]:
    """Score the network of a run on its pruning batch; return what is trained, and its mask."""
    build = partial(build_network, run.network, run.seed, settings)
    problem = make_problem(build("initial weights"), run.masks, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)])
    # Built anew in either case: a criterion may leave the network that it scored changed.
    redraw = settings.initial_weights == "redraw"
    return build("redrawn weights" if redraw else "initial weights"), masks


class Training:
    """One masked network in training: its state after `iteration` updates.

    Pruned parameters are exactly zero throughout, and so is what an update remembers of them: they
    start at zero and their gradient is masked before each update. Linear layers that keep few
    weights do not store pruned ones at all (`snip.layers.sparse_linear`).

    Attributes:
        network: the masked network.
        masks: one boolean tensor per parameter of the network as built, True where kept.
        layers: what `anatomy` counts, per prunable parameter tensor.
        parameters: what is trained.
        update: changes the parameters, given gradients and a learning rate (see `update`).
        buffers: what else the network remembers, such as the statistics of batch normalisation.
        generator: torch's own, from which modules such as dropout draw.
        iteration: number of updates made.
    """

    def __init__(self, run: Run, settings: Settings, dataset: Dataset):
        self.run, self.settings, self.dataset = run, settings, dataset
        device = choose_device(settings.device)
        self.network, self.masks = prepare(run, settings, dataset)
        counts = anatomy(self.network, self.masks)
        names = prunable_parameters(self.network, settings.prunable)
        self.layers = {name: counts[name] for name in names}
        self.network.to(device)
        self.network.train()
        left = drop_pruned(self.network, self.masks)
        self.parameters = list(self.network.parameters())
        self.buffers = list(self.network.buffers())
        # In the layout of the parameters, so that multiplying walks through memory in order; None
        # where all is kept.
        self.factors = [
            None if mask.all() else torch.empty_like(parameter, requires_grad=False).copy_(mask)
            for parameter, mask in zip(self.parameters, left.values(), strict=True)
        ]
        self._mask(self.parameters)
        self.update = make_update(settings, self.parameters, float(run.weight_decay))
        self.examples, self.validation = dataset.split(run.seed, settings.validation_share)
        self.batches = batches(self.examples, settings.training_batch_size, run.seed)
        self.images = torch.from_numpy(dataset.train_images).to(device)
        self.labels = training_labels(run, settings, dataset).to(device)
        self.generator = (
            torch.default_generator
            if device.type == "cpu"
            else torch.cuda.default_generators[torch.cuda.current_device()]
        )
        self.first_noise = torch_seed(run.seed, "noise in training")
        self.iteration = 0

    def state(self) -> dict:
        """Return what `restore` needs to go on from here; every random stream is a function of it.

        The tensors are the training's own, not copies.
        """
        return {
            "iteration": self.iteration,
            "weights": [parameter.detach() for parameter in self.parameters],
            "update": self.update.state,
            "buffers": self.buffers,
        }

    @torch.no_grad()
    def restore(self, state: dict) -> None:
        """Go back to a state that `state` of the same run returned."""
        self.iteration = state["iteration"]
        ours = self.state()
        for name in ("weights", "update", "buffers"):
            for own, saved in zip(ours[name], state[name], strict=True):
                own.copy_(saved)
        size = self.settings.training_batch_size
        self.batches = batches(self.examples, size, self.run.seed, self.iteration)

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
        index = torch.from_numpy(next(self.batches)).to(self.images.device)
        # A seed for each iteration: a run that goes on from a checkpoint draws the same noise.
        self.generator.manual_seed(self.first_noise + self.iteration)
        # index_select copies whole images; indexing with brackets copies bytes, ten times slower.
        logits = self.network(self.dataset.standardise(self.images.index_select(0, index)))
        loss = nn.functional.cross_entropy(logits, self.labels.index_select(0, index))
        gradients = torch.autograd.grad(loss, self.parameters)
        self._mask(gradients)
        self.update(gradients, rate)
        self.iteration += 1
        value = loss.item()
        if not math.isfinite(value):
            raise DivergedError(
                f"run {self.run.path} diverged: training loss {value} at iteration "
                f"{self.iteration} with learning rate {rate:g}"
            )
        return value

    @torch.no_grad()
    def _mask(self, tensors: Sequence[Tensor]) -> None:
        """Set to zero what is pruned of one tensor per parameter."""
        for tensor, factor in zip(tensors, self.factors, strict=True):
            if factor is not None:
                tensor.mul_(factor)

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


def train(
    run: Run,
    settings: Settings,
    dataset: Dataset,
    checkpoint: Checkpoint | None = None,
    stopped: Callable[[], bool] = lambda: False,
    log=sys.stderr,
) -> dict:
    """Train one masked network and return its result, ready for JSON.

    With a checkpoint, the run goes on from there, and its result is the same to the byte as that
    of a run without interruption.

    Args:
        stopped: asked after each iteration whether to end early.

    Raises:
        DivergedError: the training loss is no longer finite.
        InterruptedRunError: `stopped` said so; a checkpoint has been written.
        MaskError, DatasetError: see `masks`, `datasets`.
    """
    training = Training(run, settings, dataset)
    curve, evaluations, losses = [], [], []
    if saved := checkpoint and checkpoint.load(partial(check_saved, training)):
        training.restore(saved["training"])
        curve, evaluations, losses = saved["curve"], saved["evaluations"], saved["losses"]
        print(f"resumed at iteration {training.iteration}", file=log, flush=True)

    def save() -> bool:
        reached = {"curve": curve, "evaluations": evaluations, "losses": losses}
        return checkpoint.save({"training": training.state(), **reached})

    started = time.perf_counter()
    with Progress(settings, training.iteration, log) as progress:
        while training.iteration < settings.iterations:
            losses.append(training.step())
            last = training.iteration == settings.iterations
            if last or training.iteration % settings.log_every == 0:
                curve.append([training.iteration, sum(losses) / len(losses)])
                losses = []
                progress.report(*curve[-1])
            if last or training.iteration % settings.evaluate_every == 0:
                evaluations.append(training.errors())
            if checkpoint and not last:
                stop = stopped()
                saved = (stop or checkpoint.due) and save()
                if stop:
                    place = checkpoint.path if saved else None
                    raise InterruptedRunError(
                        run_lines.interrupted(
                            run.path, training.iteration, settings.iterations, place
                        )
                    )
    print(f"trained in {time.perf_counter() - started:.2f} s", file=log, flush=True)
    error = evaluations[-1]["test_error"]
    # Random labels teach nothing about the true ones.
    if run.labels == "true" and error > run_lines.CHANCE_ERROR:
        print(run_lines.at_chance(run.path, error), file=log, flush=True)
    return result(training, curve, evaluations)


def check_saved(training: Training, saved: dict) -> None:
    """Check that what a checkpoint holds is a state of a run, before anything is overwritten.

    Raises:
        Exception: of whatever kind; it is not.
    """
    settings, own, state = training.settings, training.state(), saved["training"]
    iteration = state["iteration"]
    if not 0 < iteration < settings.iterations:
        raise ValueError(f"iteration {iteration} of {settings.iterations}")
    for name in ("weights", "update", "buffers"):
        ours, theirs = (
            [(tuple(tensor.shape), tensor.dtype) for tensor in tensors]
            for tensors in (own[name], state[name])
        )
        if theirs != ours:
            raise ValueError(f"{name} {theirs}, expected {ours}")
    points = [
        ("curve", [point for point, _ in saved["curve"]], settings.log_every),
        ("evaluations", [e["iteration"] for e in saved["evaluations"]], settings.evaluate_every),
    ]
    for name, reached, every in points:
        if reached != list(range(every, iteration + 1, every)):
            raise ValueError(f"{name} at iterations {reached}, expected every {every}")
    if len(saved["losses"]) != iteration % settings.log_every:
        raise ValueError(f"{len(saved['losses'])} losses since the last point of the curve")


class Progress:
    """Says how far a run is: a bar on a terminal, a line per logged point elsewhere."""

    def __init__(self, settings: Settings, start: int, log):
        self.settings, self.start, self.log = settings, start, log
        self.started = time.perf_counter()
        self.bar = None
        if log.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=settings.iterations, initial=start, unit="it", file=log)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()

    def report(self, iteration: int, loss: float) -> None:
        """Report a logged point: iteration, loss, images per second, time left."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self.bar.update(iteration - self.bar.n)
            return
        speed = (iteration - self.start) / (time.perf_counter() - self.started)
        left = (self.settings.iterations - iteration) / speed
        images = speed * self.settings.training_batch_size
        line = run_lines.progress(iteration, self.settings.iterations, loss, images, left)
        print(line, file=self.log, flush=True)


def result(training: Training, curve: list, evaluations: list[dict]) -> dict:
    """Assemble what a run reports: a pure function of code, configuration and data.

    Errors are percentages. `test_error` is the one after the last iteration;
    `best_validation_test_error` the one at the evaluation with the lowest validation error (the
    first such); `best_test_error` the lowest of all evaluations, which is what the authors' code
    reports and is optimistic. `train_loss`, like each point of the curve, is the mean cross-entropy
    of the training batches since the point before, without the weight decay term.
    """
    layers = training.layers
    return {
        **training.run.key,
        "settings": unswept(dataclasses.asdict(training.settings)),
        "iterations": training.settings.iterations,
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
