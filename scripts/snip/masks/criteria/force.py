"""FORCE: foresight connection sensitivity, whose rounds may revive what earlier rounds pruned.

De Jorge et al., "Progressive skeletonization: trimming more fat from a network at initialization",
2021, section 4. They prune exponentially, in up to 300 rounds, and in 60 in the
example of their code; we take 100, as `synflow` has.
"""

from torch import Tensor

from snip.masks.problem import PruningRound

ROUNDS = 100
REVIVES = True


def score(problem: PruningRound) -> Tensor:
    """Return |w · ∂L/∂w|: w before any pruning, the gradient that of what is left."""
    return (problem.initial_weights * problem.gradient).abs()
