"""Which networks cannot be pruned and trained, said before anything is."""

import copy
from collections.abc import Iterator

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
        NetworkError: they do not, or on parameters that are not the network's own.
    """
    network = copy.deepcopy(network)
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        network.train(training)
        outputs = network(images)
        shape = tuple(outputs.shape) if isinstance(outputs, Tensor) else None
        if shape != (2, CLASSES):
            found = type(outputs).__name__ + (f" of shape {shape}" if shape is not None else "")
            raise NetworkError(
                f"network {name} returned a {found} for two images, expected a tensor "
                f"(examples, {CLASSES}): a logit per class"
            )
    trained = {id(p): n for n, p in network.named_parameters() if p.requires_grad}
    used = {id(parameter): parameter for parameter in _parameters_of(outputs)}
    if unused := [n for each, n in trained.items() if each not in used]:
        raise NetworkError(
            f"network {name}: its outputs do not depend on {', '.join(unused)} (in evaluation "
            "mode); expected that forward uses all parameters, but for those that are frozen"
        )
    if foreign := [str(tuple(p.shape)) for each, p in used.items() if each not in trained]:
        raise NetworkError(
            f"network {name}: forward uses parameters that are not among its own, of shapes "
            f"{', '.join(foreign)}, expected layers in an nn.ModuleList, not in a plain list"
        )


def _parameters_of(outputs: Tensor) -> Iterator[Tensor]:
    """Yield the leaves of autograd's graph, some of them twice."""
    seen, to_do = set(), [outputs.grad_fn]
    while to_do:
        node = to_do.pop()
        if node is not None and node not in seen:
            seen.add(node)
            to_do += [following for following, _ in node.next_functions]
            if hasattr(node, "variable"):
                yield node.variable
