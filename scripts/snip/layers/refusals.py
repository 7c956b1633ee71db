"""Which networks cannot be pruned and trained, said before anything is."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from snip.datasets.sources import CLASSES
from snip.jobs.failures import SnipError


class NetworkError(SnipError):
    """A network that cannot be pruned or trained."""


def check_layers(name: str, network: nn.Module) -> None:
    """Check that a network's parameters exist and are what its layers compute with.

    Raises:
        NetworkError: no network, a lazy layer, or a parametrisation such as weight_norm.
    """
    if not isinstance(network, nn.Module):
        kind = type(network).__name__
        raise NetworkError(f"network {name}: build returned a {kind}, expected a torch.nn.Module")
    for path, layer in network.named_modules():
        if any(map(torch.nn.parameter.is_lazy, layer.parameters(recurse=False))):
            raise NetworkError(
                f"network {name}: the size of {path or 'its module'}'s parameters is unknown "
                "(a lazy layer); expected sizes, as in nn.Linear(784, 100)"
            )
        # The older functions of torch.nn.utils leave a hook that computes the weight.
        hooks = layer._forward_pre_hooks.values()
        computed = any(type(hook).__module__.startswith("torch.nn.utils.") for hook in hooks)
        if computed or parametrize.is_parametrized(layer):
            raise NetworkError(
                f"network {name}: {path or 'its module'} computes its weight from other "
                "parameters (weight_norm, spectral_norm or the like), which cannot be pruned as "
                "weights; expected plain weights"
            )


def check_outputs(name: str, network: nn.Module) -> None:
    """Check that a network returns a logit per class, which depend on all that is trained.

    Raises:
        NetworkError: they do not.
    """
    network = copy.deepcopy(network)
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        network.train(training)
        outputs = network(images)
        if not isinstance(outputs, Tensor) or outputs.shape != (2, CLASSES):
            kind = type(outputs).__name__
            shape = f" of shape {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else ""
            raise NetworkError(
                f"network {name} returned a {kind}{shape} for two images, expected a tensor "
                f"(examples, {CLASSES}): a logit per class"
            )
    trained = {n: p for n, p in network.named_parameters() if p.requires_grad}
    gradients: Sequence[Tensor | None] = [None] * len(trained)
    if outputs.requires_grad:
        gradients = torch.autograd.grad(outputs.sum(), list(trained.values()), allow_unused=True)
    unused = [n for n, found in zip(trained, gradients, strict=True) if found is None]
    if unused:
        raise NetworkError(
            f"network {name}: its outputs do not depend on {', '.join(unused)} (in evaluation "
            "mode); expected that forward uses all parameters, but for those that are frozen"
        )
