"""iterative SNIP: connection sensitivity in rounds, each of which scores what earlier rounds left.

De Jorge et al., "Progressive skeletonization: trimming more fat from a network at initialization",
2021, section 4; Verdenius, Stol and Forré, "Pruning via iterative ranking of sensitivity
statistics", 2020 (SNIP-it). De Jorge et al. prune exponentially, in up to 300 rounds, and in 60 in
the example of their code; we take 100, as `synflow` has.
"""

from torch import Tensor

from snip.masks.problem import PruningRound

ROUNDS = 100


def score(problem: PruningRound) -> Tensor:
    """Return |w · ∂L/∂w| of the network that is left."""
    return (problem.weights * problem.gradient).abs()
