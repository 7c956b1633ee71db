"""GraSP: gradient signal preservation.

Wang, Zhang and Grosse, "Picking winning tickets before training by preserving gradient flow",
2020, Algorithms 1 and 2: with H the Hessian of the loss and g its gradient, removing a weight adds
about −2 θ · Hg to |g|². The paper removes the largest −θ · Hg.

The authors' code also redraws the weights of linear layers before it scores, and never prunes
biases. Here the weights scored are those trained, and biases are pruned if the settings say so.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from snip.masks.problem import PruningProblem, flatten

# The authors' code divides the logits by 200, and so do other implementations, so published results
# come from it. It changes the ranking: beside the rest of the Hessian, the part that comes from the
# curvature of the softmax (Gauss and Newton's) all but vanishes.
TEMPERATURE = 200


def score(problem: PruningProblem) -> Tensor:
    """Return θ · Hg on the pruning batch, with its sign."""
    gradient = flatten(sum(each) for each in zip(*_gradients(problem, False), strict=True))
    parts = gradient.split(problem.sizes)
    product = torch.zeros_like(gradient)
    # Each chunk's graph is freed before the next one's is made.
    for chunk in _gradients(problem, True):
        inner = sum((g.flatten() * part).sum() for g, part in zip(chunk, parts, strict=True))
        product += flatten(torch.autograd.grad(inner, problem.parameters, materialize_grads=True))
    return problem.weights * product


def _gradients(problem: PruningProblem, create_graph: bool) -> Iterator[tuple[Tensor, ...]]:
    """Yield per chunk its part of the gradient of the mean loss, one tensor for each parameter."""
    for images, labels in problem.chunks:
        logits = problem.network(images) / TEMPERATURE
        loss = cross_entropy(logits, labels, reduction="sum") / len(problem.labels)
        yield torch.autograd.grad(loss, problem.parameters, create_graph=create_graph)
