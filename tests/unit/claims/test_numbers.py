"""What each statement measures: on small tables made by hand, against definitions written anew."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from snip.claims.evidence import Evidence
from snip.claims.statements import statements
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.study.config import Grid
from snip.study.figures import CLAIMED

pytestmark = pytest.mark.usefixtures("generated")
SEEDS, CLASSES = [0, 1, 2], range(10)
MARGINS = {"1a": 0.26, "1b": 0.19, "2a": 0.5, "2a-told": 0.6, "3c": 0.4, "4": 0.1, "5": 0.02}
GRID = Grid(
    datasets=["generated"],
    networks=["lenet-5-caffe"],
    batch_sizes=[1, 100, "all"],
    sparsities=[0, 99],
    seeds=SEEDS,
)
GRIDS = {figure: [GRID] for figure in CLAIMED}
GRIDS["claims"] = [GRID.model_copy(update={"sparsities": [99]})]
BASE = {
    **{"figure": "fig1", "dataset": "generated", "network": "lenet-5-caffe", "criterion": "snip"},
    **{"sparsity": 0.0, "batch_size": 100, "labels": "correct", "weight_decay": 0.0},
    **{"seed": 0, "reading": "paper", "control": "none"},
    **{"iterations": 7, "kept": 40, "test_error": math.nan, "train_loss": math.nan},
}


def judged(data, runs=(), masks=()):
    """The statements by name, on some runs and masks."""
    tables = pd.DataFrame(runs, columns=list(BASE)), pd.DataFrame(masks, columns=[*MASK, "images"])
    evidence = Evidence(GRIDS, *tables, "test_error", MARGINS, 0.1, data)
    return {each.name: each for each in statements(evidence)}


def mean(statement):
    """The printed mean of each comparison."""
    measured = statement.number()
    means = measured.numbers(measured.seeds).mean()
    return {name: statement.scale(value) for name, value in means.items()}


def curve(column, numbers, **axes):
    """A run per seed whose numbers in a column are these."""
    return [BASE | axes | {"seed": seed, column: value} for seed, value in enumerate(numbers)]


@pytest.mark.parametrize(
    ("name", "network"),
    [("1a-generated-equal", "lenet-300-100"), ("1b-generated-equal", "lenet-5-caffe")],
)
def test_claim_1_is_about_the_difference_from_the_reference_up_to_90(name, network):
    axes = {"network": network, "dataset": "generated"}
    runs = [
        *curve("test_error", [2, 3], sparsity=0.0, **axes),
        *curve("test_error", [2.5, 3.3], sparsity=50.0, **axes),
        *curve("test_error", [1.9, 3.0], sparsity=90.0, **axes),
        *curve("test_error", [9, 9], sparsity=90.5, **axes),
        *curve("test_error", [9, 9], sparsity=90.0, **axes | {"network": "x"}),
        *curve("test_error", [9, 9], sparsity=90.0, **axes | {"dataset": "mnist"}),
    ]
    statement = judged(None, runs)[name]
    assert mean(statement) == pytest.approx({"50 %": 0.4, "90 %": -0.05})
    margin = MARGINS[statement.claim]
    assert (statement.low, statement.high) == (-margin, margin)


def test_claim_3b_is_about_the_fall_with_the_batch():
    batches = {1: 0, 100: 2, 540: math.log10(540)}
    runs = [
        BASE
        | {"figure": "fig3", "batch_size": batch, "seed": seed, "sparsity": 90.0}
        | {"test_error": 3 - slope * decades}
        for batch, decades in batches.items()
        for seed, slope in enumerate([0.1, 0.3])
    ]
    found = judged(None, runs)
    assert mean(found["3b-trend"]) == pytest.approx({"": -0.2}) and found["3b-trend"].high == 0
    assert mean(found["3b-fall-1-540"]) == pytest.approx({"": 0.2 * math.log10(540)})
    assert mean(found["3b-fall-100-540"]) == pytest.approx({"": 0.2 * math.log10(5.4)})
    assert found["3b-fall-1-540"].low == found["3b-fall-100-540"].low == 0


def test_claim_4_is_about_the_geometric_mean_of_each_curve():
    curves = {
        "reference-correct": ({"labels": "correct"}, [1e-2, 1e-4], 1e-3),
        "pruned-correct": ({"labels": "correct", "sparsity": 99.0}, [1, 1e-2], 1e-1),
        "reference-random": ({"labels": "random"}, [1e-3, 1e-3], 1e-3),
        "reference-random-l2": ({"labels": "random", "weight_decay": 0.1}, [1e-5, 1e-3], 1e-4),
        "pruned-random": ({"labels": "random", "sparsity": 99.0}, [1, 100], 10),
    }
    runs = [curve("train_loss", c[1], figure="fig4", **c[0]) for c in curves.values()]
    found = judged(None, sum(runs, []))
    for name, (_, _, expected) in curves.items():
        statement = found[f"4-{name}"]
        assert mean(statement) == pytest.approx({"": expected})
        region = (0.1, math.inf) if name == "pruned-random" else (-math.inf, 0.1)
        assert (statement.low, statement.high) == region


def test_claim_4s_controls_are_the_random_masks_and_the_ratio_to_them():
    random = {"labels": "random", "sparsity": 99.0}
    runs = [
        *curve("train_loss", [1, 100], figure="claims", control="shuffled", **random),
        # The same run may be shown by two figures, and one of another setting is no pair.
        *curve("train_loss", [0.5, 2], figure="fig7", **random),
        *curve("train_loss", [0.5, 2], figure="fig4", **random),
        *curve("train_loss", [7, 7], figure="fig4", **random | {"weight_decay": 0.1}),
        *curve("train_loss", [7, 7], figure="fig4", **random | {"batch_size": 20}),
    ]
    found = judged(None, runs)
    assert mean(found["4-capacity"]) == pytest.approx({"": 10}) and found["4-capacity"].low == 0.1
    ratio = found["4-control-99"]
    assert mean(ratio) == pytest.approx({"": 0.1}) and ratio.high == 1  # √(0.5 · 0.02)
    assert ratio.note([0, 1], []) == "40 parameters for 540 examples: 0.074 each"


def test_claim_7_is_about_the_ratio_of_losses_at_neighbouring_sparsities():
    losses, axes = {90.0: [8, 2], 0.0: [1, 1], 50.0: [2, 2]}, {"figure": "fig7", "labels": "random"}
    runs = [curve("train_loss", losses[s], sparsity=s, **axes) for s in losses]
    rises = judged(None, sum(runs, []))["7-rise"]
    assert mean(rises) == pytest.approx({"0 to 50 %": 2, "50 to 90 %": 2}) and rises.low == 1


# Masks

MASK = ["figure", "dataset", "criterion", "network", "batch_size", "reading", "seed", "sparsity"]
SPARSITIES = [50.0, 70.0, 90.0]
KINDS = {
    "snip": ("fig2", "generated", "snip"),
    "inverted snip": ("fig5", "generated-inverted", "snip"),
    "signed": ("fig6", "generated", "gradient-signed"),
    "inverted signed": ("fig6", "generated-inverted", "gradient-signed"),
    "size": ("gradient", "generated", "gradient"),
    "inverted size": ("gradient", "generated-inverted", "gradient"),
}


def corr(one, other):
    """Pearson's correlation of images, pair by pair."""
    one, other = np.broadcast_arrays(one, other)
    pairs = zip(one.reshape(-1, 784), other.reshape(-1, 784), strict=True)
    return np.reshape([np.corrcoef(*pair)[0, 1] for pair in pairs], one.shape[:-1])


@pytest.fixture
def study(generated):
    """The data set, its classes' mean images and |z|, masks of each kind and batch, statements."""
    data = load_dataset("generated", generated)
    pixels = data.train_images.reshape(-1, 784) / 255
    bright = np.stack([pixels[data.train_labels == number].mean(0) for number in CLASSES])
    abs_z = np.abs((bright - pixels.mean()) / pixels.std())
    random, masks, rows = np.random.default_rng(0), {}, []
    for kind, place in KINDS.items():
        masks[kind] = random.random((3, 3, 10, 784)) + abs_z / 5 * random.random((3, 3, 10, 1))
        for seed, row in np.ndindex(3, 3):
            key = [*place, "lenet-300-100", 20, "paper", seed, SPARSITIES[row]]
            rows.append([*key, masks[kind][seed, row]])
    for batch in (1, 100, 540):
        masks[batch] = random.random((3, 784))
        key = ["fig3", "generated", "snip", "lenet-300-100", batch, "paper"]
        rows += [[*key, seed, 90.0, masks[batch][[seed]]] for seed in SEEDS]
    return data, bright, abs_z, masks, judged(generated, masks=rows)


def test_claim_2a_is_about_the_own_class_at_each_sparsity(study):
    _, bright, abs_z, masks, found = study
    likeness = corr(masks["snip"][:, :, :, None], abs_z)  # the last axis: of which class |z| is
    expected = {
        "told": likeness.argmax(-1) == CLASSES,
        "like-size": corr(masks["snip"], abs_z),
        "like-bright": corr(masks["snip"], bright),
    }
    for name, numbers in expected.items():
        statement = found[f"2a-generated-{name}"]
        means = dict(zip(["50 %", "70 %", "90 %"], numbers.mean((0, 2)), strict=True))
        assert mean(statement) == pytest.approx(means)
        assert statement.low == (0.6 if name == "told" else 0.5)


def test_claim_2a_is_told_by_the_mean_masks_of_the_other_seeds(study):
    *_, masks, found = study
    told = []
    for seed in SEEDS:
        others = np.delete(masks["snip"], seed, axis=0).mean(0)
        likeness = corr(masks["snip"][seed][:, :, None], others[:, None])
        told.append((likeness.argmax(-1) == CLASSES).mean(-1))
    statement = found["2a-generated-told-by-masks"]
    shares = statement.number().statistic(SEEDS)
    assert shares.to_numpy() == pytest.approx(np.mean(told, axis=0)) and statement.low == 0.6


def test_claim_2b_is_about_the_share_on_the_quarter_of_the_pixels_where_z_is_largest(study):
    _, _, abs_z, masks, found = study
    size = abs_z.round(9)  # some pixels are equal
    strokes = size >= np.sort(size, axis=1)[:, [-196]]
    shares = (masks["snip"] * strokes).sum(-1) / masks["snip"].sum(-1)
    first, second = np.diff(shares.mean((0, 2)))
    expected = {"50 to 70 %": first, "70 to 90 %": second}
    assert mean(found["2b-generated-strokes"]) == pytest.approx(expected)
    assert found["2b-generated-strokes"].low == 0


def test_claims_3a_and_3c_are_about_the_images_of_single_batches(study):
    data, *_, masks, found = study
    average = data.train_images.reshape(-1, 784).mean(0)
    rise = corr(masks[540], average) - corr(masks[1], average)
    assert mean(found["3a-approach"]) == pytest.approx({"": rise.mean()})
    batches = [draw_pruning_batch(data.train_labels, data.split(i, 0.1)[0], 1, i) for i in SEEDS]
    own = corr(masks[1], data.train_images[np.concatenate(batches)].reshape(3, 784))
    assert mean(found["3c-own-example"]) == pytest.approx({"": own.mean()})
    assert found["3c-own-example"].low == 0.4


@pytest.mark.parametrize(
    ("name", "these", "those", "low", "high"),
    [
        ("5-generated-same", "snip", "inverted snip", -0.02, math.inf),
        ("6a-generated-signed-differ", "snip", "signed", -math.inf, -0.02),
        ("6a-generated-size-differ", "snip", "size", -math.inf, -0.02),
        ("6c-generated-signed-inverted", "signed", "inverted signed", -math.inf, -0.02),
        ("6c-generated-size-inverted", "size", "inverted size", -math.inf, -0.02),
    ],
)
def test_two_kinds_of_masks_are_compared_over_different_seeds(study, name, these, those, low, high):
    *_, masks, found = study

    def alike(one, other):
        pairs = itertools.permutations(SEEDS, 2)
        return np.mean([corr(masks[one][i], masks[other][j]) for i, j in pairs])

    expected = alike(these, those) - (alike(these, these) + alike(those, those)) / 2
    assert found[name].number().statistic(SEEDS)[""] == pytest.approx(expected)
    assert (found[name].low, found[name].high) == (low, high)


@pytest.mark.parametrize("gradient", ["signed", "size"])
def test_claim_6b_is_about_changes_with_sparsity_and_between_classes(study, gradient):
    _, _, abs_z, masks, found = study

    def changes(kind):
        low, middle, high = np.moveaxis(masks[kind], 1, 0)
        ends = corr(low, high).mean()
        return ends, (ends + corr(low, middle).mean() + corr(middle, high).mean()) / 3

    def spread(kind):
        return corr(masks[kind], abs_z).std(-1, ddof=1).mean()

    less = np.subtract(changes("snip"), changes(gradient))
    changing, between = (found[f"6b-generated-{gradient}-by-{by}"] for by in ("sparsity", "class"))
    assert list(mean(changing).values()) == pytest.approx(list(less))
    assert mean(between)[""] == pytest.approx(spread(gradient) - spread("snip"))
    assert changing.low == between.low == 0.02
