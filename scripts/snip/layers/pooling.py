"""Max-pooling over windows of 2 × 2 whose four corners are separate arrays."""

import numpy as np


def pool(corners: np.ndarray, maxima: np.ndarray, choices: np.ndarray | None) -> None:
    """Write the maximum of each window's corners, and the choices that its gradient needs.

    Args:
        corners: values at the windows' corners, (2, 2, ...): upper and lower, left and right.
            Overwritten.
        maxima: output, (...).
        choices: boolean output for `unpool`, (3, ...): whether the right one of the upper corners
            is larger than the left one, the same of the lower corners, and whether the lower
            maximum is larger than the upper one. None: no gradient follows.
    """
    left, right = corners[:, 0], corners[:, 1]
    upper, lower = left
    if choices is not None:
        np.greater(right, left, out=choices[:2])
    np.maximum(left, right, out=left)
    if choices is not None:
        np.greater(lower, upper, out=choices[2])
    np.maximum(upper, lower, out=maxima)


def unpool(grad_maxima: np.ndarray, choices: np.ndarray, grad_corners: np.ndarray) -> None:
    """Write the corners' gradient: the first maximal corner gets the maximum's, the others get 0.

    Args:
        grad_maxima: gradient of the maxima, (...).
        choices: what `pool` wrote, (3, ...).
        grad_corners: output, (2, 2, ...).
    """
    left, right = grad_corners[:, 0], grad_corners[:, 1]
    upper, lower = left
    np.multiply(grad_maxima, choices[2], out=lower)
    np.subtract(grad_maxima, lower, out=upper)
    np.multiply(left, choices[:2], out=right)
    np.subtract(left, right, out=left)
