"""The training loop's state and step: score, mask, then update after update."""

from __future__ import annotations

import copy
import math
import os

import torch
from torch import Tensor, nn

from snip.datasets.dataset import Dataset
from snip.jobs.failures import SnipError
from snip.jobs.randomness import seed_globals, torch_seed
from snip.layers.chain import chain_of, differentiate
from snip.layers.weights import build_network, draw_weights
from snip.masks.anatomy import anatomy
from snip.masks.scoring import Masks, make_masks, make_problem, prunable_parameters
from snip.study.axes import Run
from snip.study.settings import Settings
from snip.training.evaluation import evaluate
from snip.training.examples import batches, training_labels
from snip.training.update import make_update


class DivergedError(SnipError):
    """A run whose training loss is no longer finite."""


class PrunedError(SnipError):
    """A network that trains weights that were pruned."""


class DeviceError(SnipError):
    """A device that torch does not find."""


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
        factors: per trained tensor 1 where kept and 0 where pruned; None if all of it is kept.
        update: the update rule, called with gradients and a learning rate.
        examples: indices of the training examples.
        validation: indices of the validation examples.
        iteration: number of updates made.

    Raises:
        DeviceError: see `choose_device`.
        SnipError: the network or the criterion cannot be used; see `snip.layers.refusals` and
            `snip.masks.scoring`.
    """

    def __init__(self, run: Run, settings: Settings, dataset: Dataset):
        self.run, self.settings, self.dataset = run, settings, dataset
        device = choose_device(settings.device)
        network, self.masks = prepare(run, settings, dataset)
        counts = anatomy(network, self.masks)
        names = prunable_parameters(network, settings.prunable)
        self.layers = {name: counts[name] for name in names}
        self._network = network.to(device)
        self._network.train()
        self.chain = chain_of(network, self.masks)
        self.parameters = (
            self.chain.parameters
            if self.chain
            else {name: p for name, p in network.named_parameters() if p.requires_grad}
        )
        self.factors = {name: _factor(p, self.masks[name]) for name, p in self.parameters.items()}
        with torch.no_grad():
            for name, factor in self.factors.items():
                if factor is not None:
                    self.parameters[name].mul_(factor)
        self.update = make_update(settings, list(self.parameters.values()), float(run.weight_decay))
        self.examples, self.validation = dataset.split(run.seed, settings.validation_share)
        self.batches = batches(self.examples, settings.training_batch_size, run.seed)
        self.images = torch.from_numpy(dataset.train_images).to(device)
        self.labels = training_labels(run, settings, dataset).to(device)
        self.first_noise = torch_seed(run.seed, "noise in training")
        self.iteration = 0

    @property
    def network(self) -> nn.Module:
        """The masked network, with the present values of its parameters."""
        if self.chain:
            self.chain.write_back()
        return self._network

    def state(self) -> dict:
        """Return all that `restore` needs to continue from here.

        Random streams follow from the iteration. The tensors are the training's own, not copies.
        """
        return {
            "iteration": self.iteration,
            "weights": [parameter.detach() for parameter in self.parameters.values()],
            "update": self.update.state,
            # As they are now: forward may put another tensor in the place of one.
            "buffers": list(self._network.buffers()),
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
        if not self.chain:  # which draws nothing
            # One seed per iteration, so that a resumed run draws the same noise.
            seed_globals(self.first_noise + self.iteration)
        # index_select copies whole images. Indexing with brackets copies single bytes and takes
        # ten times as long.
        images = self.dataset.standardise(self.images.index_select(0, index))
        labels = self.labels.index_select(0, index)
        loss, gradients = differentiate(self._network, self.chain, self.parameters, images, labels)
        for name, factor in self.factors.items():
            if factor is not None:
                # Not in place: autograd may return one tensor for two parameters.
                gradients[name] = gradients[name] * factor
        self.update(list(gradients.values()), rate)
        self.iteration += 1
        value = loss.item()
        if not math.isfinite(value):
            raise DivergedError(
                f"run {self.run.path} diverged: training loss {value} at iteration "
                f"{self.iteration} with learning rate {rate:g}"
            )
        return value

    def errors(self) -> dict[str, float]:
        """Return the iteration, and the present network's validation and test error (percent).

        Raises:
            PrunedError: the network gave pruned weights values, as a `forward` may that writes into
                its weights.
        """
        for name, factor in self.factors.items():
            if factor is not None and (alive := self.parameters[name][factor == 0]).any():
                raise PrunedError(
                    f"network {self.run.network} gives pruned weights values: found "
                    f"{int(alive.count_nonzero())} of {name} other than 0 after iteration "
                    f"{self.iteration}, expected a forward that leaves them 0"
                )
        data, held_out = self.dataset, self.validation
        images, labels = data.train_images[held_out], data.train_labels[held_out]
        network, chain = self._network, self.chain
        return {
            "iteration": self.iteration,
            "validation_error": evaluate(network, images, labels, data, chain),
            "test_error": evaluate(network, data.test_images, data.test_labels, data, chain),
        }


def _factor(parameter: Tensor, mask: Tensor) -> Tensor | None:
    """Return what masks a trained tensor: None if it has nothing but what is kept."""
    if mask.all() or parameter.shape != mask.shape:
        return None
    # In the parameter's memory layout, so that masking reads memory in order.
    return torch.empty_like(parameter, requires_grad=False).copy_(mask)


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
    network = build_network(run.network, run.seed, settings)
    # A copy, as a criterion may change the network that it scores.
    scored = copy.deepcopy(network)
    problem = make_problem(scored, run.masks, run.seed, settings, dataset)
    [masks] = make_masks(problem, run.criterion, [float(run.sparsity)], run.control)
    if settings.initial_weights == "redraw":
        draw_weights(network, run.seed, settings, "redrawn weights")
    return network, masks
