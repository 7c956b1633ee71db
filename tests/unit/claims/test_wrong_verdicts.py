"""Simulations. The truth lies at the border of the region, so every definite verdict is wrong."""

import math

import numpy as np
import pytest

from made_up_evidence import means, pairs, statement, verdicts
from snip.claims.verdicts import Differences, Means

REPETITIONS, ALPHA = 250, 0.2
# Four standard deviations above the promise.
ALLOWED = REPETITIONS * ALPHA + 4 * math.sqrt(REPETITIONS * ALPHA * (1 - ALPHA))


def wrong_verdicts(draw, low=-math.inf, high=math.inf, wrong=("supported", "contradicted")):
    random = np.random.default_rng(0)
    return sum(
        verdicts(statement(draw(random), low, high), alpha=ALPHA)[0] in wrong
        for _ in range(REPETITIONS)
    )


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("step", [0, 1])
def test_one_mean_at_the_border(n, step):
    def draw(random):
        values = random.normal(1, 1, n)
        return means(np.round(values / step) * step if step else values, resolution=step)

    wrong = wrong_verdicts(draw, low=1)
    assert wrong <= ALLOWED
    assert step or wrong > REPETITIONS * ALPHA / 2  # nor is the interval much too wide


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("of", [Means, Differences])
def test_several_means_at_the_border(n, of):
    def draw(random):
        at_border = random.normal(size=(n, 4)) + random.normal(size=(n, 1))
        if of is Differences:
            at_border[:, 1:] += 1
        else:
            at_border += 1
        return means(at_border, of=of)

    assert wrong_verdicts(draw, low=1) <= ALLOWED
    assert wrong_verdicts(draw, low=-1, high=1) <= ALLOWED


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("of", [Means, Differences])
def test_one_of_several_means_outside(n, of):
    # The others lie well inside, so that this one decides: support is wrong.
    def draw(random):
        return means(random.normal(size=(n, 4)) + [0, 0, 0, 5], of=of)

    assert wrong_verdicts(draw, low=-5, high=5, wrong=["supported"]) <= ALLOWED / 2


@pytest.mark.parametrize("n", [3, 20])
def test_pairs_of_one_distribution(n):
    # Two kinds of images drawn alike are as alike as one kind is, whatever a seed's two share.
    pattern = np.random.default_rng(1).normal(size=8)

    def draw(random):
        seed = random.normal(size=(n, 8))
        one, other = (pattern + 0.5 * seed + random.normal(size=(n, 8)) for _ in range(2))
        matrix = one @ other.T - (one @ one.T + other @ other.T) / 2
        return pairs([matrix], list(range(n)))

    assert wrong_verdicts(draw, low=0) <= ALLOWED
