"""A made-up study whose runs and masks do what the paper says, and the table of its claims."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from snip.claims.evidence import Evidence, abs_z, examples
from snip.claims.statements import statements
from snip.claims.verdicts import judge
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.study.config import Config
from snip.study.figures import CLAIMED, MASKED, STUDIED
from snip.study.load import parse
from snip.study.runs import KEY, MASK_KEY, MaskSet, Run
from snip.study.spec import Spec
from snip.tables.collect import OUTCOME
from studies import content

SEEDS = list(range(6))
SCORED = {"datasets": ["generated"], "sparsities": [50, 90], "seeds": SEEDS}
BOTH = ["generated", "generated-inverted"]
RANDOM = {
    "datasets": ["generated"],
    "networks": ["lenet-5-caffe"],
    "labels": ["random"],
    "seeds": SEEDS,
}
FIGURES = {
    "fig1": [{"datasets": ["generated"], "sparsities": [0, 50, 90], "seeds": SEEDS}],
    "fig2": [SCORED],
    "fig3": [{"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": SEEDS}],
    "fig4": [
        {**RANDOM, "labels": ["correct"], "sparsities": [0, 99], "weight_decays": [0]},
        {**RANDOM, "sparsities": [0, 99], "weight_decays": [0]},
        {**RANDOM, "sparsities": [0], "weight_decays": [0.0005]},
    ],
    "fig5": [{**SCORED, "datasets": ["generated-inverted"]}],
    "fig6": [{**SCORED, "datasets": BOTH, "criteria": ["gradient-signed"]}],
    "gradient": [{**SCORED, "datasets": BOTH, "criteria": ["gradient"]}],
    "fig7": [{**RANDOM, "sparsities": [0, 50, 90, 99], "weight_decays": [0]}],
}
CONTROL = [{**RANDOM, "controls": ["shuffled"], "sparsities": [90, 99], "weight_decays": [0]}]
UNITS = 50  # of the first layer
SHOWN: dict[tuple, np.ndarray] = {}  # mask images, which are the same in every test


def configuration(claims=CONTROL, **changed) -> Config:
    """The study's configuration; figures may be given other grids, the claims other runs."""
    config = content()
    config["figures"] |= FIGURES | changed
    config["claims"]["runs"] = claims
    return parse(config)


def outcome(run: Run) -> dict:
    """What the paper and our measurements say of a run, with some noise."""
    random = np.random.default_rng([run.seed, len(run.path), int(run.sparsity)])
    noise = random.normal(size=2)
    loss = 0.001
    if run.labels == "random" and run.sparsity > 0:
        loss = {50: 0.01, 90: 0.03, 99: 2}.get(run.sparsity, 1)
        loss *= 1.2 if run.control == "shuffled" else 1
    batch = examples(run.batch_size, run.dataset, 0.1)
    error = 2 - 0.3 * math.log10(batch / 100) + 0.01 * noise[1]
    return {
        "iterations": 800,
        "kept": 10,
        "test_error": error,
        "train_loss": loss * 10 ** (noise[0] / 500),
    }


def shows(masks: MaskSet, seed: int, digit: int, sparsity: float, data) -> np.ndarray:
    """What a mask shows: its class or its batch, and under the signed gradient another picture."""
    if masks.criterion == "gradient-signed":
        # Some classes are bright on their strokes and others dark; another picture when inverted.
        size = abs_z("generated", data)[digit] / 5
        other = np.random.default_rng([digit, int(sparsity), len(masks.dataset)])
        return other.random(784) + (size if digit % 2 else size.max() - size)
    if masks.classes == "each":
        return abs_z("generated", data)[digit]
    opened = load_dataset("generated", data)
    training, _ = opened.split(seed, 0.1)
    batch = draw_pruning_batch(opened.train_labels, training, masks.batch_size, seed)
    return opened.train_images[batch].mean(0).reshape(-1) / 255


def images(masks: MaskSet, seed: int, sparsity: float, data) -> np.ndarray:
    """Mask images, (classes, 784): patterns, the more sharply the sparser."""
    if (masks, seed, sparsity) not in SHOWN:
        random = np.random.default_rng([seed, len(masks.path), int(sparsity)])
        shares = []
        for digit in range(10 if masks.classes == "each" else 1):
            shown = shows(masks, seed, digit, sparsity, data) ** (sparsity / 40)
            kept = shown / shown.max() * (1 - sparsity / 100)
            shares.append((random.random((UNITS, 784)) < kept).mean(0))
        SHOWN[masks, seed, sparsity] = np.stack(shares).round(4)
    return SHOWN[masks, seed, sparsity]


def evidence_of(spec: Spec, data, of_run=outcome) -> Evidence:
    """The evidence of a specification's runs and masks."""
    runs = [
        {"figure": figure, **run.key, **of_run(run)}
        for figure in STUDIED
        for run in spec.runs(figure)
        if run.criterion == "snip" or run.sparsity == 0
    ]
    masks = [
        {"figure": figure, **masks.key, "seed": seed}
        | {"sparsity": sparsity, "images": images(masks, seed, sparsity, data)}
        for figure in set(MASKED) & set(CLAIMED)
        for masks, by_seed in spec.masks(figure).items()
        for seed, sparsities in by_seed.items()
        for sparsity in sparsities
    ]
    runs = pd.DataFrame(runs, columns=["figure", *KEY, *OUTCOME])
    masks = pd.DataFrame(masks, columns=["figure", *MASK_KEY, "images"])
    error, margins = spec.reported_error, spec.judging.margins
    return Evidence(spec.grids, runs, masks, error, margins, 0.1, data)


def with_images(evidence: Evidence, change) -> Evidence:
    """The same evidence with the images of Figure 2 changed."""
    shown = evidence.masks["figure"] == "fig2"
    masks = evidence.masks.copy()
    masks.loc[shown, "images"] = masks.loc[shown, "images"].map(change)
    return replace(evidence, masks=masks)


def table_of(evidence: Evidence, *names: str) -> pd.DataFrame:
    """The table of claims, or of some of them, by name."""
    chosen = [each for each in statements(evidence) if not names or each.name in names]
    return judge(chosen, 0.05, 100).set_index("name", drop=False)
