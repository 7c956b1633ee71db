"""Small inputs for the figures that are targets of their own, and the figures that they give."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from made_up_evidence import runs_of_controls, slice_of_controls
from snip.claims.controls import read_verdicts, statements, with_variants
from snip.claims.verdicts import judge
from snip.figures import controls, criteria
from snip.figures.provenance import Origin

ORIGIN = Origin("tiny", "0" * 64)


def runs_of_criteria(names=("magnitude", "random", "snip"), networks=("lenet-300-100",), seeds=3):
    """Runs at 0, 90 and 99 %, the reference once, with errors that differ."""
    setting = {"dataset": "mnist", "batch_size": 100, "labels": "true", "weight_decay": 0.0005}
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


def layers_of(runs):
    """Two layers of 500 weights for each run; of what pruning keeps, half is effective."""
    kept = (5 * (100 - runs["sparsity"])).astype(int)
    effective = (kept // 2).where(runs["sparsity"] > 0, kept)
    layer = runs.assign(parameters=500, kept=kept, effective=effective)
    return pd.concat(
        [layer.assign(layer=f"{name}.weight") for name in ("fc1", "fc2")], ignore_index=True
    )


def figure_of_criteria(runs=None, layers=None):
    """By default of two networks, and with an emptied layer."""
    if runs is None:
        runs = runs_of_criteria(networks=["lenet-300-100", "lenet-5-caffe"])
    if layers is None:
        layers = layers_of(runs)
        layers.loc[len(layers) - 1, "effective"] = 0
    return criteria.plot(runs, layers, "test_error", ORIGIN)


def figure_of_controls(rises=None, **changed):
    """By default shuffling within layers, and inverting, raise the error.

    Args:
        rises: see `made_up_evidence.runs_of_controls`.
        changed: keys of the grids.
    """
    rises = {("keep", "shuffled"): 0.5, ("keep", "inverted"): 80} if rises is None else rises
    part = slice_of_controls(**{"seeds": [0, 1, 2, 3]} | changed)
    runs = runs_of_controls(part, rises, 0.05, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "controls.csv"
        judge(list(statements(part, runs)), 0.05, 100).to_csv(path, index=False)
        judged = read_verdicts(path, part)
    return controls.plot(with_variants(runs, part["settings"]), judged, "test_error", ORIGIN)
