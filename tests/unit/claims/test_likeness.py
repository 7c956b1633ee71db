import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snip.claims.evidence import likeness


def images(seed=0, classes=3, sparsities=2):
    return np.random.default_rng(seed).random((classes, sparsities, 784))


@given(st.integers(0, 1000))
def test_correlation_is_pearsons(seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 3, 20))
    expected = [stats.pearsonr(a, b).statistic for a, b in zip(one, other, strict=True)]
    assert likeness.correlation(one, other) == pytest.approx(expected)
    assert (likeness.correlation(one, 0 * other + 0.1) == 0).all()


def test_what_the_index_cut_is_constant():
    # 299 of 300 units keep every pixel; one more keeps those before pixel 100.
    image = np.full((3, 784), 0.9967)
    image[1, :100] = 1
    image[2, ::2] = 1
    assert likeness.constant(image).tolist() == [True, True, False]


def test_a_class_is_told_by_its_own_pattern():
    patterns = images()[:, 0]
    shown = np.stack([patterns, 2 * patterns + 1], axis=1)
    assert likeness.told(shown, patterns).all()
    assert likeness.share_told(shown[[1, 0, 2]], patterns).tolist() == [1 / 3, 1 / 3]
    shown[0, 1] = 0.5
    assert likeness.told(shown, patterns).tolist() == [[True, False], [True, True], [True, True]]


def test_a_class_is_told_by_the_other_seeds():
    shared = images()
    masks = {seed: shared + 0.1 * images(seed + 1) for seed in range(4)}
    assert likeness.told_by_others(masks, [0, 1, 2, 3]).tolist() == [1, 1]
    # A seed whose classes changed places is told by none, and the others still are.
    masks[3] = masks[3][[1, 2, 0]]
    assert likeness.told_by_others(masks, [0, 1, 2, 3]) == pytest.approx([0.75, 0.75])
    # The pattern of one class at one sparsity is not that at another.
    swapped = {seed: shared[:, ::-1] if seed else shared for seed in range(2)}
    assert likeness.told_by_others(swapped, [0, 1]).max() < 1


def test_strokes_are_the_top_quarter():
    sizes = np.tile(np.arange(784.0), (3, 1))
    shown = np.ones((3, 2, 784))
    shown[:, 1, :588] = 0
    assert likeness.on_strokes(shown, sizes).tolist() == [0.25, 1]
    assert likeness.on_strokes(0 * shown, sizes).tolist() == [0, 0]


def excess(these, those):
    by_class = likeness.excess(*likeness.between_and_within(these, those))
    assert by_class.shape == (3,)
    return by_class.mean()


def test_excess_is_what_a_loop_gives():
    these, those = ({seed: images(10 * kind + seed) for seed in range(3)} for kind in (0, 1))
    between, within = [], []
    for i in range(3):
        for j in range(3):
            if i != j:
                between.append(likeness.correlation(these[i], those[j]).mean())
                within.append(likeness.correlation(these[i], these[j]).mean())
                within.append(likeness.correlation(those[i], those[j]).mean())
    expected = np.mean(between) - np.mean(within)
    assert excess(these, those) == pytest.approx(expected)


def test_excess_of_equal_and_of_unrelated_masks():
    shared = images()
    these, others = (
        {seed: shared + images(10 * kind + seed) for seed in range(4)} for kind in (1, 2)
    )
    unrelated = {seed: images(50 + seed) for seed in range(4)}
    assert abs(excess(these, others)) < 0.05
    assert excess(these, unrelated) < -0.2
    # The same masks under two names are as alike as masks of one kind are, not more.
    assert excess(these, these) == pytest.approx(0)
