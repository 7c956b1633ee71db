"""Small inputs for every figure, and the figures that they give.

As a program, with scripts/ on PYTHONPATH, it saves one: `python tests/support/drawings.py FOLDER`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from extra_drawings import ORIGIN, figure_of_controls, figure_of_criteria
from snip.figures import anatomy, batch_sizes, errors, forest, losses, masks, readings, style
from snip.study.runs import MASK_KEY

RUN = {
    "dataset": "mnist",
    "network": "lenet-300-100",
    "criterion": "snip",
    "sparsity": 90,
    "batch_size": 100,
    "labels": "correct",
    "weight_decay": 0.0005,
    "seed": 0,
    "reading": "paper",
    "control": "none",
    "iterations": 20,
}


def table_of_runs(criteria=("snip",), networks=("lenet-300-100", "lenet-5-caffe"), seeds=2):
    """Runs at 0, 50 and 90 %, the reference once, with errors that differ."""
    rows = [
        RUN | {"network": network, "criterion": criterion, "sparsity": sparsity, "seed": seed}
        for network in networks
        for number, criterion in enumerate(criteria)
        for sparsity in ((0, 50, 90) if number == 0 else (50, 90))
        for seed in range(seeds)
    ]
    spread = np.random.default_rng(0).random(len(rows))
    return pd.DataFrame(rows).assign(test_error=2 + spread.round(2))


TABLE1 = pd.DataFrame(
    [["lenet-300-100", 0, 100, 1.7], ["lenet-300-100", 98, 100, 2.4]],
    columns=["network", "sparsity", "batch_size", "published"],
)
FIGURE3 = pd.DataFrame({"batch_size": [1, 100], "published": [1.94, 1.64]})


LEVEL = 0.999  # of the claims


def figure1(table=None, margins=None, error="test_error", origin=ORIGIN, published=TABLE1):
    table = table_of_runs() if table is None else table
    margins = {"lenet-300-100": 0.25} if margins is None else margins
    return errors.plot(table, error, published, margins, LEVEL, origin)


def table_of_masks(
    datasets=("mnist",), criteria=("snip",), sparsities=(50, 90), seeds=(0,), classes=range(10)
):
    """Mask images that are dark but for their first row of pixels, less so the sparser."""
    rows = []
    for dataset in datasets:
        for criterion in criteria:
            for class_ in classes:
                for seed in seeds:
                    for sparsity in sparsities:
                        key = [dataset, "lenet-300-100", criterion, 20, str(class_), "paper", seed]
                        image = np.zeros(784)
                        image[:28] = (1 - sparsity / 100) * (int(class_) + 1) / 10
                        rows.append([*key, sparsity, *image])
    return pd.DataFrame(rows, columns=MASK_KEY + masks.PIXELS)


FIGURE6 = {
    "datasets": ["mnist", "mnist-inverted", "fashion-mnist", "fashion-mnist-inverted"],
    "criteria": ["gradient-signed", "gradient"],
    "sparsities": range(10, 100, 10),
}


def table_of_batches(sizes=("1", "100", "all"), criteria=("snip",)):
    """Runs of three seeds for each size of the pruning batch."""
    rows = [
        RUN | {"criterion": criterion, "batch_size": size, "seed": seed}
        for criterion in criteria
        for size in sizes
        for seed in range(3)
    ]
    spread = np.random.default_rng(1).random(len(rows))
    return pd.DataFrame(rows).assign(test_error=2 + spread.round(2))


def masks_of_batches(sizes=("1", "100", "all"), criteria=("snip",), seeds=(0,)):
    """The mask image of each size: dark but for the first row of pixels, at most 0.3."""
    images = [
        table_of_masks(criteria=[criterion], classes=[0], sparsities=[90], seeds=[seed]).assign(
            batch_size=size, **dict.fromkeys(masks.PIXELS[:28], 0.1 * (number % 3 + 1))
        )
        for criterion in criteria
        for number, size in enumerate(sizes)
        for seed in seeds
    ]
    return pd.concat(images, ignore_index=True)


def figure3(table=None, images=None, example=8, published=FIGURE3):
    mean_image = np.zeros((28, 28))
    mean_image[0] = 0.5
    return batch_sizes.plot(
        table_of_batches() if table is None else table,
        "test_error",
        masks_of_batches() if images is None else images,
        mean_image,
        example,
        published,
        ORIGIN,
    )


FIGURE4 = {  # (labels, decay, sparsity): the last loss
    ("correct", 0, 0): 7e-4,
    ("correct", 0, 99): 1e-2,
    ("random", 0, 0): 7.1e-4,
    ("random", 0.0005, 0): 7.2e-4,
    ("random", 0, 99): 2.2,
}
FIGURE7 = {("random", 0.0005, s): loss for s, loss in ((0, 0.01), (50, 0.009), (90, 0.5))}


def table_of_curves(ends=None, **others):
    """Curves of two seeds that fall from 2.3 to their ends."""
    rows = []
    for (labels, decay, sparsity), end in (FIGURE4 if ends is None else ends).items():
        setting = {"labels": labels, "weight_decay": decay, "sparsity": sparsity}
        for seed in range(2):
            for iteration, part in ((5, 0), (10, 0.5), (15, 1)):
                loss = 2.3 ** (1 - part) * (end * (1 + 0.1 * seed)) ** part
                point = {"iteration": iteration, "train_loss": loss, "seed": seed}
                rows.append(RUN | setting | point | others)
    return pd.DataFrame(rows)


def table_of_anatomies(criteria=("snip", "random"), layers=("fc1", "fc2"), seeds=(0,)):
    """Layers of 1,000 weights, of which the last is empty at 99 %."""
    rows = [
        RUN
        | {"criterion": criterion, "sparsity": sparsity, "seed": seed, "layer": f"{layer}.weight"}
        | {"parameters": 1000, "kept": left, "effective": left // 2}
        for criterion in criteria
        for seed in seeds
        for layer in layers
        for sparsity, left in ((50, 500), (90, 100), (99, 0 if layer == layers[-1] else 10))
    ]
    return pd.DataFrame(rows)


def table_of_claims(rows=6):
    """Statements with every verdict, kind of region and lack of data, in turn."""
    nan = np.nan
    kinds = [
        ("fig1", 0.1, 0.0, 0.2, -0.25, 0.25, "supported", 5, "exploratory"),
        ("fig1", 0.9, 0.7, 1.1, -0.25, 0.25, "contradicted", 5, "confirmatory"),
        ("fig2", 0.6, 0.4, 0.8, 0.5, nan, "inconclusive", 20, "confirmatory"),
        ("fig4", 0.01, 0.005, 0.02, nan, 0.1, "supported", 3, "exploratory"),
        ("fig4", 0.01, nan, nan, nan, 0.1, "inconclusive", 1, "exploratory"),
        ("fig7", nan, nan, nan, 0.0, nan, "inconclusive", 0, "exploratory"),
    ]
    columns = ["figure", "value", "lower", "upper", "low", "high", "verdict", "n", "seeds"]
    table = pd.DataFrame([kinds[i * len(kinds) // rows] for i in range(rows)], columns=columns)
    statement = "Fashion-MNIST, signed gradient: at a sparsity the pattern changes differently "
    statement += "between classes, as the caption says of its example."
    names = [f"6b-fashion-mnist-signed-gradient-{number}" for number in range(rows)]
    table.insert(0, "name", names)
    return table.assign(claim="6b", statement=statement, statistic="a mean")


def table_of_readings(names=("paper", "he", "unit", "keep")):
    """Each statement under each reading; `he` has the baseline's numbers, `unit` other verdicts."""
    table = table_of_claims(5)
    tables = [table.assign(reading=name, paper=table["verdict"], differs=False) for name in names]
    for each in tables[2:]:
        each["value"] += 1
    tables[2]["verdict"] = tables[2]["verdict"].map(
        {"supported": "contradicted", "contradicted": "inconclusive", "inconclusive": "supported"}
    )
    tables[2]["differs"] = np.arange(5) % 2 == 0
    return pd.concat(tables, ignore_index=True)


def figure_of_readings(names=("paper", "he", "unit", "keep")):
    columns = {name: {"initialisation": "he"} if name == "he" else {} for name in names}
    return readings.plot(table_of_readings(names), columns, ORIGIN)


def on_screen(artist):
    """The box that a drawn artist takes, dots."""
    return artist.get_window_extent()


def none_over_another(texts) -> bool:
    boxes = [on_screen(text) for text in texts]
    return not any(
        one.overlaps(other) for index, one in enumerate(boxes) for other in boxes[:index]
    )


# Every figure, drawn when it is called.
FIGURES = {
    "fig1": figure1,
    "fig2": lambda: masks.plot(table_of_masks(), ORIGIN),
    "fig3": figure3,
    "fig4": lambda: losses.plot(table_of_curves(), ORIGIN),
    "fig6": lambda: masks.plot(table_of_masks(**FIGURE6), ORIGIN),
    "fig7": lambda: losses.plot(table_of_curves(FIGURE7), ORIGIN),
    "anatomy": lambda: anatomy.plot(table_of_anatomies(), ORIGIN),
    "criteria": figure_of_criteria,
    "controls": figure_of_controls,
    "claims": lambda: forest.plot(table_of_claims(), ORIGIN),
    "readings": figure_of_readings,
}


def save(folder: Path) -> None:
    """Save a figure of lines, points, images and a legend."""
    figure, numbers = figure3()
    style.save(figure, numbers, ORIGIN, folder / "fig3")


if __name__ == "__main__":
    save(Path(sys.argv[1]))
