"""How often an interval is wrong, by the shape of the noise (minutes; `-s` prints the rates)."""

import numpy as np
import pandas as pd
import pytest

from snip.claims.verdicts import Pairs
from snip.tables.intervals import dunnett_intervals, simultaneous_intervals
from studies import shipped_errors

STUDIES = 4000
NOISES = {
    "normal": lambda random, shape: random.standard_normal(shape),
    "heavy": lambda random, shape: random.standard_t(3, shape),
    "skewed": lambda random, shape: random.lognormal(0, 0.5, shape) - np.exp(0.125),
}


def wrong(intervals) -> bool:
    """Whether one of them excludes the truth, 0."""
    return any(each.lower > 0 or each.upper < 0 for each in intervals)


@pytest.mark.parametrize("level", [0.95, 0.9989])
@pytest.mark.parametrize("seeds", [5, 20])
def test_rates_for_normal_noise_are_those_of_the_level(level, seeds):
    random = np.random.default_rng(0)
    for name, noise in NOISES.items():
        one = [
            wrong(simultaneous_intervals(pd.DataFrame({"": noise(random, seeds)}), level))
            for _ in range(STUDIES)
        ]
        nine = [
            wrong(
                dunnett_intervals(
                    pd.DataFrame(noise(random, (seeds, 10)) + noise(random, (seeds, 1))), level
                )
            )
            for _ in range(STUDIES)
        ]
        print(f"{level}, {seeds} seeds, {name}: t {np.mean(one):.4f}, Dunnett {np.mean(nine):.4f}")
        if name == "normal":
            # Three standard errors of the rate.
            allowed = 1 - level + 3 * np.sqrt((1 - level) * level / STUDIES)
            assert np.mean(one) <= allowed and np.mean(nine) <= allowed


@pytest.mark.parametrize("level", [0.95, 0.9989])
def test_dunnetts_intervals_bear_the_unlike_scatter_of_sparsities(level):
    """Its model has one scatter. Here each sparsity has that found at full length."""
    scatter = np.array(
        [shipped_errors(sparsity=sparsity).std(ddof=1) for sparsity in range(0, 100, 10)]
    )
    random = np.random.default_rng(0)
    found = [
        wrong(dunnett_intervals(pd.DataFrame(scatter * random.standard_normal((20, 10))), level))
        for _ in range(STUDIES)
    ]
    print(f"{level}, 20 seeds, normal, unlike scatter: Dunnett {np.mean(found):.4f}")
    assert np.mean(found) <= 1 - level + 3 * np.sqrt((1 - level) * level / STUDIES)


def test_pairs_of_seeds_are_wrong_no_more_often_than_promised():
    random = np.random.default_rng(0)
    found = []
    for _ in range(STUDIES):
        features = random.standard_normal((20, 40))

        def statistic(chosen, features=features):
            products = features[chosen] @ features[chosen].T / 40
            others = len(chosen) * (len(chosen) - 1)
            return pd.Series({"": (products.sum() - np.trace(products)) / others})

        found.append(
            wrong(Pairs(statistic, list(range(20)), 1e-9).intervals(list(range(20)), 0.95))
        )
    print(f"0.95, 20 seeds, pairs: {np.mean(found):.4f}")
    assert np.mean(found) <= 0.05
