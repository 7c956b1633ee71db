"""What the statements' own tests leave open: constant images, ties, masks that are no masks."""

import numpy as np

from snip.claims import likeness


def images(seed=0, classes=3, sparsities=2):
    return np.random.default_rng(seed).random((classes, sparsities, 784))


def test_nothing_correlates_with_what_is_constant():
    assert (likeness.correlation(images(), np.full(784, 0.1)) == 0).all()


def test_what_the_index_cut_is_constant():
    # 299 of 300 units keep every pixel; one more keeps those before pixel 100.
    image = np.full((3, 784), 0.9967)
    image[1, :100] = 1
    image[2, ::2] = 1
    assert likeness.constant(image).tolist() == [True, True, False]


def test_a_class_is_told_by_its_own_pattern_at_the_same_sparsity():
    shown = images()
    assert likeness.share_told(shown, shown).tolist() == [1, 1]
    assert likeness.share_told(shown[[1, 0, 2]], shown[:, 0])[0] == 1 / 3
    assert likeness.share_told(shown, shown[:, ::-1]).max() < 1
    shown[0, 1] = 0.5
    assert likeness.share_told(shown, shown).tolist() == [1, 2 / 3]


def test_strokes_are_the_top_quarter():
    abs_z = np.tile(np.arange(784.0), (3, 1))
    shown = np.ones((3, 2, 784))
    shown[:, 1, :588] = 0
    assert likeness.on_strokes(shown, abs_z).tolist() == [0.25, 1]
    assert likeness.on_strokes(0 * shown, abs_z).tolist() == [0, 0]
