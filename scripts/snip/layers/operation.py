"""What a layer computes, on arrays: a forward and a backward pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Operation:
    """One layer's computation; an object serves one forward pass and the backward pass after it.

    Arrays have PyTorch's shapes, (examples, ...), but examples come last in memory: so every
    operation reads and writes long rows.

    Args:
        training: whether a backward pass may follow.
    """

    def __init__(self, training: bool = True):
        self.training = training

    def forward(self, inputs: np.ndarray, *parameters: np.ndarray | None) -> np.ndarray:
        """Return the layer's outputs."""
        raise NotImplementedError

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of the inputs and of each parameter from that of the outputs.

        Args:
            needs_inputs: whether the inputs need a gradient; if not, it may be None.
        """
        raise NotImplementedError
