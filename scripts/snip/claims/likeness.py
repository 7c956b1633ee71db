"""How alike mask images are: to a class, to masks of other seeds, to masks of another kind.

Images of a seed have the shape (classes, sparsities, pixels), patterns (classes, pixels).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

# Mask images are rounded to four decimals, so correlations are not known any better.
RESOLUTION = 1e-4
# The share of the pixels that count as the strokes of a class: those with the largest |z|.
STROKES = 0.25


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation over the last axis; 0 where one side is constant."""
    return (normalised(one) * normalised(other)).sum(-1)


def normalised(images: np.ndarray) -> np.ndarray:
    """Return images with mean 0 and length 1 over the last axis; constant ones become 0.

    The inner product of two such images is their correlation.
    """
    images = images - images.mean(-1, keepdims=True)
    length = np.sqrt((images**2).sum(-1, keepdims=True))
    return np.divide(images, length, out=np.zeros_like(images), where=length > 1e-12)


def constant(images: np.ndarray) -> np.ndarray:
    """Return which images (..., pixels) carry no information: constant, or one step along pixels.

    A unit that no example of the pruning batch activates has scores of exactly 0. If the cut falls
    among such scores, the index decides what is removed: whole units, and one unit's pixels from
    some index onwards. So every pixel loses the same number of units, or from that index onwards
    one more.
    """
    return np.count_nonzero(np.diff(images, axis=-1), axis=-1) <= 1


def share_told(images: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Return the share of classes told from their images: their own pattern is the nearest.

    Args:
        patterns: one per class, or one per class and sparsity.

    Returns:
        (sparsities,). A constant image is not told.
    """
    if patterns.ndim == 2:
        patterns = patterns[:, None]
    patterns = np.broadcast_to(normalised(patterns), images.shape)
    likeness = np.einsum("csp,ksp->csk", normalised(images), patterns)
    nearest = likeness.argmax(-1) == np.arange(len(images))[:, None]
    return (nearest & ~constant(images)).mean(0)


def resemblance(images: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Return the correlation of images with the pattern of their class, its mean: (sparsities,)."""
    return correlation(images, patterns[:, None]).mean(0)


def told_by_others(images: Mapping[int, np.ndarray], seeds: list[int]) -> np.ndarray:
    """Return the share of classes told by the mean masks of the other seeds: (sparsities,)."""
    total = sum(images[seed] for seed in seeds)
    others = len(seeds) - 1
    shares = [share_told(images[seed], (total - images[seed]) / others) for seed in seeds]
    return np.mean(shares, axis=0)


def on_strokes(images: np.ndarray, abs_z: np.ndarray) -> np.ndarray:
    """Return the share of kept connections on the strokes, mean over classes: (sparsities,)."""
    number = round(STROKES * abs_z.shape[1])
    strokes = abs_z >= np.sort(abs_z, axis=1)[:, [-number]]
    kept = images.sum(-1)
    inside = (images * strokes[:, None]).sum(-1)
    return np.divide(inside, kept, out=np.zeros_like(kept), where=kept > 0).mean(0)


def across_sparsities(images: np.ndarray) -> float:
    """Return the mean correlation of a class's images between all pairs of sparsities."""
    pairs = itertools.combinations(range(images.shape[1]), 2)
    return float(np.mean([correlation(images[:, i], images[:, j]).mean() for i, j in pairs]))


def between_and_within(
    these: Mapping[int, np.ndarray], those: Mapping[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return how alike masks are between two kinds, and within a kind.

    Args:
        these, those: the images of each kind by seed; both have the same seeds.

    Returns:
        Two arrays (seeds, seeds, classes) of correlations, averaged over sparsities: between these
        images of one seed and those of another; within these and within those, their mean.
    """
    one, other = (normalised(np.stack(list(kind.values()))) for kind in (these, those))
    return _products(one, other), (_products(one, one) + _products(other, other)) / 2


def _products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the mean over sparsities of the inner products: (seeds, seeds, classes)."""
    products = [
        one[:, c].reshape(len(one), -1) @ other[:, c].reshape(len(other), -1).T
        for c in range(one.shape[1])
    ]
    return np.stack(products, axis=-1) / one.shape[2]


def excess(between: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return by how much masks of two kinds correlate more than those of two seeds, (classes,).

    Only pairs of different seeds count: the two masks of one seed share their initial weights.
    """
    return _off_diagonal(between) - _off_diagonal(within)


def _off_diagonal(matrix: np.ndarray) -> np.ndarray:
    n = len(matrix)
    return (matrix.sum((0, 1)) - matrix[np.arange(n), np.arange(n)].sum(0)) / (n * (n - 1))
