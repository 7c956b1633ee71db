"""Statements about made-up numbers, and the verdicts on them."""

import math

import numpy as np
import pandas as pd

from snip.claims.verdicts import Means, Pairs, Statement, judge
from snip.study.load import check
from snip.study.spec import Spec, spec_of
from studies import content

CONFIRMING_FROM = 100


def statement(evidence, low=-math.inf, high=math.inf, **more):
    return Statement("x-1", "x", "fig1", "It is so.", "mean", lambda: evidence, low, high, **more)


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


def spec_of_controls(**changed) -> Spec:
    """What decides the controls of the tiny study, whose grids are changed alike."""
    config = content("tiny")
    config["figures"]["controls"] = [grid | changed for grid in config["figures"]["controls"]]
    return spec_of(check(config), "controls")


def layers_of(runs, on_path=1.0):
    """Two layers of 500 weights for each run; of what pruning keeps, a share is on a path."""
    kept = (5 * (100 - runs["sparsity"])).astype(int)
    effective = (on_path * kept).astype(int).where(runs["sparsity"] > 0, kept)
    layer = runs.assign(parameters=500, kept=kept, effective=effective)
    return pd.concat(
        [layer.assign(layer=f"{name}.weight") for name in ("fc1", "fc2")], ignore_index=True
    )


def runs_of_controls(spec: Spec, rises=None, noise=0.0, random=None):
    """The runs of the controls, whose errors differ widely by seed.

    Args:
        rises: by reading and control, how much higher the error is than 3 %.
    """
    runs = pd.DataFrame([run.key for run in spec.runs()])
    pairs = zip(runs["reading"], runs["control"], strict=True)
    errors = 3 + runs["seed"] + [(rises or {}).get(pair, 0) for pair in pairs]
    if noise:
        errors += noise * random.normal(size=len(runs))
    return runs.assign(iterations=20, test_error=errors)
