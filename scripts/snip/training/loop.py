"""The training loop's state and step: score, mask, then update after update."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset
from snip.jobs.failures import SnipError
from snip.jobs.randomness import torch_seed
from snip.layers.chain import chain_of
from snip.layers.sparse_linear import drop_pruned
from snip.layers.weights import build_network
from snip.masks.anatomy import anatomy
from snip.masks.scoring import Masks, make_masks, make_problem, prunable_parameters
from snip.study.axes import Run
from snip.study.settings import Settings
from snip.training.evaluation import evaluate
from snip.training.examples import batches, training_labels
from snip.training.update import make_update


class DivergedError(SnipError):
    """A run whose training loss is no longer finite."""


class DeviceError(SnipError):
    """A device that torch does not find."""


class Training:
    """One masked network in training: its state after `iteration` updates.

    Pruned parameters are exactly zero throughout, and so is the optimiser's memory of them: they
    start at zero, and their gradient is masked before each update. Linear layers that keep few
    weights do not store the pruned ones at all (`snip.layers.sparse_linear`).

    Attributes:
        network: the masked network.
        masks: per parameter of the network as built, a boolean tensor, True where kept.
        layers: per prunable parameter, the counts of `snip.masks.anatomy`.
        parameters: the tensors that are trained.
        chain: the network without autograd, where it is one (`snip.layers.chain`); else None.
        buffers: the network's other state, such as the statistics of batch normalisation.
        factors: per trained tensor 1 where kept and 0 where pruned; None where nothing is pruned.
        update: the update rule, called with gradients and a learning rate.
        examples: indices of the training examples.
        validation: indices of the validation examples.
        generator: torch's own, from which modules such as dropout draw.
        iteration: number of updates made.

    Raises:
        DeviceError: see `choose_device`.
        SnipError: the network or the criterion cannot be used; see `snip.masks.scoring`.
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
        trained_masks = drop_pruned(self.network, self.masks)
        self.parameters = list(self.network.parameters())
        self.chain = chain_of(self.network)
        self.buffers = list(self.network.buffers())
        # In the parameters' memory layout, so that masking reads memory in order.
        self.factors = [
            None if mask.all() else torch.empty_like(parameter, requires_grad=False).copy_(mask)
            for parameter, mask in zip(self.parameters, trained_masks.values(), strict=True)
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
        """Return all that `restore` needs to continue from here.

        Random streams follow from the iteration. The tensors are the training's own, not copies.
        """
        return {
            "iteration": self.iteration,
            "weights": [parameter.detach() for parameter in self.parameters],
            "update": self.update.state,
            "buffers": self.buffers,
        }

    @torch.no_grad()
    def restore(self, state: dict) -> None:
        """Return to a state that `state` of the same run returned."""
        self.iteration = state["iteration"]
        own_state = self.state()
        for name in ("weights", "update", "buffers"):
            for own, saved in zip(own_state[name], state[name], strict=True):
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
        # One seed per iteration, so that a resumed run draws the same noise.
        self.generator.manual_seed(self.first_noise + self.iteration)
        # index_select copies whole images. Indexing with brackets copies single bytes and takes
        # ten times as long.
        images = self.dataset.standardise(self.images.index_select(0, index))
        chain = self.chain
        logits = chain.forward(images).requires_grad_() if chain else self.network(images)
        loss = nn.functional.cross_entropy(logits, self.labels.index_select(0, index))
        gradients = torch.autograd.grad(loss, logits if chain else self.parameters)
        if chain:
            gradients = chain.backward(*gradients)
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
        """Set to zero, in place, the pruned elements of one tensor per parameter."""
        for tensor, factor in zip(tensors, self.factors, strict=True):
            if factor is not None:
                tensor.mul_(factor)

    def errors(self) -> dict[str, float]:
        """Return the iteration, and the present network's validation and test error (percent)."""
        data, held_out = self.dataset, self.validation
        return {
            "iteration": self.iteration,
            "validation_error": evaluate(
                self.network, data.train_images[held_out], data.train_labels[held_out], data
            ),
            "test_error": evaluate(self.network, data.test_images, data.test_labels, data),
        }


def choose_device(name: str) -> torch.device:
    """Return the device called `cpu` or `cuda`, ready to give equal bytes each time.

    Raises:
        DeviceError: another name, or `cuda` without a CUDA device.
    """
    if name not in ("cpu", "cuda"):
        raise DeviceError(f"device is {name!r}, allowed: cpu, cuda")
    if name == "cuda":
        if not torch.cuda.is_available():
            raise DeviceError("device is 'cuda', but torch finds no CUDA device here; allowed: cpu")
        # Else sums have another order each time, and results other last digits.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device(name)


def prepare(run: Run, settings: Settings, dataset: Dataset) -> tuple[nn.Module, Masks]:
    """Score a run's network on its pruning batch; return the network to train and its masks."""
    build = partial(build_network, run.network, run.seed, settings)
    problem = make_problem(build("initial weights"), run.masks, run.seed, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)], run.control)
    # Always build a new network: a criterion may have changed the one that it scored.
    redraw = settings.initial_weights == "redraw"
    return build("redrawn weights" if redraw else "initial weights"), masks
