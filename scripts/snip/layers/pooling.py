"""Max-pooling over windows of 2 × 2 whose four corners are separate tensors."""

import torch
from torch import Tensor


def pool(corners: Tensor, maxima: Tensor, differences: Tensor | None) -> None:
    """Write the maximum of each window's corners, and the differences that its gradient needs.

    Args:
        corners: values at the windows' corners, (2, 2, ...): upper and lower, left and right.
            Overwritten.
        maxima: output, (...).
        differences: output for `unpool`, (3, ...): right minus left of the upper corners, the same
            of the lower corners, and the lower maximum minus the upper. None: no gradient follows.
    """
    left, right = corners.unbind(1)
    upper, lower = left
    if differences is not None:
        torch.sub(right, left, out=differences[:2])
    torch.maximum(left, right, out=left)
    if differences is not None:
        torch.sub(lower, upper, out=differences[2])
    torch.maximum(upper, lower, out=maxima)


def unpool(grad_maxima: Tensor, differences: Tensor, grad_corners: Tensor) -> None:
    """Write the corners' gradient: the first maximal corner gets the maximum's, the others get 0.

    Args:
        grad_maxima: gradient of the maxima, (...).
        differences: what `pool` wrote, (3, ...).
        grad_corners: output, (2, 2, ...).
    """
    left, right = grad_corners.unbind(1)
    upper, lower = left
    # The derivative of ReLU passes a gradient on where another tensor is positive. It is several
    # times faster than comparing and selecting.
    where_positive = torch.ops.aten.threshold_backward.grad_input
    where_positive(grad_maxima, differences[2], 0, grad_input=lower)
    torch.sub(grad_maxima, lower, out=upper)
    where_positive(left, differences[:2], 0, grad_input=right)
    torch.sub(left, right, out=left)
