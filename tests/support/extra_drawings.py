"""Small inputs for the figures that are targets of their own, and the figures that they give."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from made_up_evidence import layers_of, runs_of_controls, spec_of_controls
from snip.claims.controls import read_verdicts, statements, with_variants
from snip.claims.verdicts import judge
from snip.figures import controls, criteria
from snip.figures.provenance import Origin
from snip.tables.paths import add_paths

ORIGIN = Origin("tiny", "0" * 64)


def runs_of_criteria(names=("magnitude", "random", "snip"), networks=("lenet-300-100",), seeds=3):
    """Runs at 0, 90 and 99 %, the reference once, with errors that differ."""
    setting = {"dataset": "mnist", "batch_size": 100, "labels": "correct", "weight_decay": 0.0005}
    setting |= {"reading": "paper", "control": "none", "iterations": 20}
    rows = [
        setting | {"network": network, "criterion": name, "sparsity": sparsity, "seed": seed}
        for network in networks
        for number, name in enumerate(names)
        for sparsity in ((0, 90, 99) if number == 0 else (90, 99))
        for seed in range(seeds)
    ]
    spread = np.random.default_rng(0).random(len(rows))
    return pd.DataFrame(rows).assign(test_error=2 + spread.round(2))


def figure_of_criteria(runs=None, layers=None):
    """By default of two networks; half of what pruning keeps is on a path, in one run nothing."""
    if runs is None:
        runs = runs_of_criteria(networks=["lenet-300-100", "lenet-5-caffe"])
    if layers is None:
        layers = layers_of(runs, 0.5)
        layers.loc[layers.index % len(runs) == len(runs) - 1, "effective"] = 0
    return criteria.plot(runs, layers, "test_error", ORIGIN)


def figure_of_controls(rises=None, pathless=(), **changed):
    """By default shuffling within layers, and inverting, raise the error.

    Args:
        pathless: controls whose networks have no path.
        rises: see `made_up_evidence.runs_of_controls`.
        changed: keys of the grids.
    """
    rises = {("keep", "shuffled"): 0.5, ("keep", "inverted"): 80} if rises is None else rises
    spec = spec_of_controls(**{"seeds": [0, 1, 2, 3]} | changed)
    runs = runs_of_controls(spec, rises, 0.05, np.random.default_rng(0))
    layers = layers_of(runs)
    layers.loc[layers["control"].isin(pathless), "effective"] = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "controls.csv"
        judge(list(statements(spec, runs, layers)), 0.05, 100).to_csv(path, index=False)
        judged = read_verdicts(path, spec)
    runs = with_variants(add_paths(runs, layers), spec)
    return controls.plot(runs, judged, "test_error", ORIGIN)
