"""Matrix products of the layers, on one thread, by the library that numpy was built with.

torch multiplies by Intel's MKL, which leaves half of an AMD core unused. numpy multiplies by the
library of its installation: OpenBLAS where it comes from pip, else perhaps MKL or Accelerate. We
take that library as it is. Choosing by a timing would give equal machines different bytes.
"""

import numpy as np
from torch import Tensor


def array(tensor: Tensor) -> np.ndarray:
    """Return a tensor's memory as an array; autograd does not see what happens to it."""
    return tensor.detach().numpy()


def multiply(one: np.ndarray, other: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return the matrix product (..., m, n) of (..., m, k) and (..., k, n).

    Args:
        out: where to write it.
    """
    return np.matmul(one, other, out=out)


def sum_examples(values: np.ndarray) -> np.ndarray:
    """Return sums (...) over the last axis of (..., examples), as products with ones."""
    return multiply(values, np.ones(values.shape[-1], values.dtype))
