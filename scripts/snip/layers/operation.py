"""What a layer computes, on arrays: a forward and a backward pass.

Matrix products are numpy's, on one thread. torch multiplies by Intel's MKL, which leaves half of an
AMD core unused; numpy by the library of its installation: OpenBLAS where it comes from pip, else
perhaps MKL or Accelerate. Choosing by a timing would give equal machines different bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


class Operation:
    """One layer's computation; an object serves one forward pass and the backward pass after it.

    Arrays have PyTorch's shapes, (examples, ...), but examples come last in memory: so every
    operation reads and writes long rows.

    Args:
        training: whether a backward pass may follow.
    """

    # From the inputs, and the memory of each parameter, to the layer's outputs.
    forward: Callable[..., np.ndarray]

    def __init__(self, training: bool = True):
        self.training = training

    def backward(self, gradient: np.ndarray, needs_inputs: bool) -> Sequence[np.ndarray | None]:
        """Return the gradients of the inputs and of each parameter from that of the outputs.

        Args:
            needs_inputs: whether the inputs need a gradient; if not, it may be None.
        """
        raise NotImplementedError


def sum_examples(values: np.ndarray) -> np.ndarray:
    """Return sums (...) over the last axis of (..., examples), as products with ones."""
    return np.matmul(values, np.ones(values.shape[-1], values.dtype))
