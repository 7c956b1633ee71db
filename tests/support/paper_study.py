"""A made-up study whose runs and masks do what the paper says, and the table of its claims."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import yaml

from helpers import REPOSITORY
from snip.claims.evidence.gather import Evidence
from snip.claims.evidence.mask_images import MaskImages
from snip.claims.evidence.run_table import RunTable
from snip.claims.evidence.training_images import sizes
from snip.claims.statements import statements
from snip.claims.verdicts import judge
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.jobs.files import write_atomically
from snip.masks.mask_files import mask_file, pixel_counts
from snip.study import figures
from snip.study.grids import grids, settings, study_masks, study_runs
from snip.study.settings import scoring_part

SEEDS = list(range(6))
MASKED = {"datasets": ["generated"], "sparsities": [50, 90], "seeds": SEEDS}
RANDOM = {
    "datasets": ["generated"],
    "networks": ["lenet-5-caffe"],
    "labels": ["random"],
    "seeds": SEEDS,
}
FIGURES = {
    "fig1": [{"datasets": ["generated"], "sparsities": [0, 50, 90], "seeds": SEEDS}],
    "fig2": [MASKED],
    "fig3": [{"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": SEEDS}],
    "fig4": [
        {**RANDOM, "labels": ["correct"], "sparsities": [0, 99], "weight_decays": [0]},
        {**RANDOM, "sparsities": [0, 99], "weight_decays": [0]},
        {**RANDOM, "sparsities": [0], "weight_decays": [0.0005]},
    ],
    "fig5": [{**MASKED, "datasets": ["generated-inverted"]}],
    "fig6": [
        {
            **MASKED,
            "datasets": ["generated", "generated-inverted"],
            "criteria": ["gradient-signed", "gradient"],
        }
    ],
    "fig7": [{**RANDOM, "sparsities": [0, 50, 90, 99], "weight_decays": [0]}],
}
CONTROL = [{**RANDOM, "controls": ["shuffled"], "sparsities": [90, 99], "weight_decays": [0]}]


def configuration(claims=CONTROL, **changed) -> dict:
    """The study's configuration; figures may be given other grids, the claims other runs."""
    config = yaml.safe_load((REPOSITORY / "config/default.yaml").read_text())
    config["figures"] |= FIGURES | changed
    config["claims"]["runs"] = claims
    # YAML reads 4, the name of a claim, as a number.
    margins = {str(claim): margin for claim, margin in config["claims"]["margins"].items()}
    return {**config, "claims": {**config["claims"], "margins": margins}}


# Runs


def final_loss(run) -> float:
    """What the paper and our measurements say."""
    if run.labels == "correct" or run.sparsity == "0":
        return 0.001
    loss = {"50": 0.01, "90": 0.03, "99": 2}[run.sparsity]
    return loss * (1.2 if run.control == "shuffled" else 1)


def table_of_runs(config) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = []
    for run in study_runs(config):
        noise = random.normal(size=2)
        error = 2 - 0.3 * math.log10(int(run.batch_size) / 100) + 0.01 * noise[1]
        loss = final_loss(run) * 10 ** (0.002 * noise[0])
        row = {**run.key, "parameters": 1000, "kept": 10, "train_loss": loss, "test_error": error}
        rows.append(row)
    return pd.DataFrame(rows)


# Masks

SCORING = scoring_part(settings(configuration(), "lenet-300-100", "generated"))
WRITTEN = {}  # the contents of mask files, which are the same in every test


def pattern(masks, seed, class_, sparsity, data) -> np.ndarray:
    """What a mask shows: its class or its batch, and under the signed gradient another picture."""
    if masks.criterion == "gradient-signed":
        # Some classes are bright on their strokes and others dark; another picture when inverted.
        size = sizes("generated", data)[class_] / 5
        other = np.random.default_rng([class_, int(float(sparsity)), len(masks.dataset)])
        return other.random(784) + (size if class_ % 2 else size.max() - size)
    if masks.class_ == "each":
        return sizes("generated", data)[class_]
    opened = load_dataset("generated", data)
    training, _ = opened.split(seed, 0.1)
    batch = draw_pruning_batch(opened.train_labels, training, masks.batch_size, seed)
    return opened.train_images[batch].mean(0).reshape(-1) / 255


def file_of(masks, seeds, sparsities, first, scoring=SCORING) -> bytes:
    """A mask file of first layers (seeds, classes, sparsities, units, 784)."""
    description = {
        "key": masks.key,
        "settings": scoring,
        "seeds": seeds,
        "classes": [str(number) for number in range(first.shape[1])],
        "sparsities": sparsities,
        "composition": [[] for _ in seeds],
        "units": first.shape[3],
        "anatomies": [],
    }
    return mask_file(description, {"images": pixel_counts(first)})


def content(masks, seeds, sparsities, data, scoring) -> bytes:
    """A mask file that shows patterns, the more sharply the sparser."""
    classes = range(10 if masks.class_ == "each" else 1)
    first = np.empty((len(seeds), len(classes), len(sparsities), 50, 784), bool)
    for row, seed in enumerate(seeds):
        random = np.random.default_rng([seed, len(masks.path)])
        for class_ in classes:
            for index, sparsity in enumerate(sparsities):
                shown = pattern(masks, seed, class_, sparsity, data) ** (float(sparsity) / 40)
                shares = shown / shown.max() * (100 - float(sparsity)) / 100
                first[row, class_, index] = random.random((50, 784)) < shares
    return file_of(masks, seeds, sparsities, first, scoring)


def write_masks(config, folder, data) -> None:
    for masks, (seeds, sparsities) in study_masks(config).items():
        if masks.network == "lenet-300-100" and "generated" in masks.dataset:
            key = (masks, *seeds, *sparsities)
            if key not in WRITTEN:
                scoring = scoring_part(
                    settings(config, masks.network, masks.dataset, masks.reading)
                )
                WRITTEN[key] = content(masks, seeds, sparsities, data, scoring)
            write_atomically(folder / f"{masks.path}.npz", WRITTEN[key])


def class_masks(evidence) -> dict:
    """The paths of Figure 2's mask files, with what each is of, its seeds and its sparsities."""
    return {
        evidence.masks.folder / f"{masks.path}.npz": (masks, *wanted)
        for masks, wanted in study_masks(configuration()).items()
        if (masks.criterion, masks.class_, masks.dataset) == ("snip", "each", "generated")
    }


# Evidence and claims


def make_evidence(config, folder, data) -> Evidence:
    """Evidence of the runs of a configuration, and of its masks, which are written."""
    write_masks(config, folder / "masks", data)
    networks, datasets = config["networks"], ["generated", "generated-inverted"]
    return Evidence(
        RunTable(
            table=table_of_runs(config),
            grids={figure: grids(config, figure) for figure in (*figures.TRAINED, "claims")},
            error="test_error",
            validation_share=0.1,
        ),
        MaskImages(
            folder=folder / "masks",
            grids={figure: grids(config, figure) for figure in figures.MASKED},
            settings={
                n: {d: {"paper": settings(config, n, d)} for d in datasets} for n in networks
            },
            validation_share=0.1,
        ),
        data=data,
        margins=config["claims"]["margins"],
    )


def with_runs(evidence, **changed) -> Evidence:
    """The same evidence with another table or other grids of runs."""
    return replace(evidence, runs=replace(evidence.runs, **changed))


def table_of(evidence, *claims) -> pd.DataFrame:
    """The table of some claims, or of all."""
    wanted = [s for s in statements(evidence) if not claims or s.claim in claims]
    return judge(wanted, 0.05, 100)


def row_of(table, claim, *words):
    """The one row of a claim whose statement has all the words."""
    rows = table[table["claim"] == claim]
    for word in words:
        rows = rows[rows["statement"].str.contains(word, regex=False)]
    assert len(rows) == 1, rows["statement"].tolist()
    return rows.iloc[0]
