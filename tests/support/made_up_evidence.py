"""Statements about made-up numbers, and the verdicts on them."""

import math

import numpy as np
import pandas as pd

from snip.claims.verdicts import Means, Pairs, Statement, judge

CONFIRMING_FROM = 100


def statement(evidence, low=-math.inf, high=math.inf, **more):
    return Statement("x", "fig1", "It is so.", "mean", lambda: evidence, low, high, **more)


def means(values, resolution=0.0, of=Means):
    values = np.asarray(values, float)
    values = values[:, None] if values.ndim == 1 else values
    return of(pd.DataFrame(values, columns=[f"c{i}" for i in range(values.shape[1])]), resolution)


def pairs(matrices, seeds, resolution=0.0):
    """A statistic like that of claims 5 and 6: the mean over pairs of different seeds."""

    def statistic(chosen):
        index = [seeds.index(seed) for seed in chosen]
        parts = [matrix[np.ix_(index, index)] for matrix in matrices]
        n = len(index)
        values = [(part.sum() - np.trace(part)) / (n * (n - 1)) for part in parts]
        return pd.Series(values, [f"c{i}" for i in range(len(values))])

    return Pairs(statistic, seeds, resolution)


def verdicts(*statements, alpha=0.05):
    return judge(list(statements), alpha, CONFIRMING_FROM)["verdict"].tolist()


def judged(one, confirming_from=CONFIRMING_FROM):
    """The row of the table of one statement."""
    [row] = judge([one], 0.05, confirming_from).itertuples()
    return row
