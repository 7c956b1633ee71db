"""Statements on runs and masks that do what the paper says, or the opposite."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import REPOSITORY
from snip.claims.evidence import Evidence, variant_name
from snip.claims.images import sizes
from snip.claims.readable import readable
from snip.claims.statements import statements
from snip.claims.verdicts import COLUMNS, judge
from snip.datasets.dataset import draw_pruning_batch, load_dataset
from snip.datasets.summary import mean_images
from snip.jobs.files import write_atomically
from snip.masks.mask_files import MaskFileError, mask_file, pixel_counts
from snip.study.axes import label
from snip.study.figures import MASKED as MASK_FIGURES
from snip.study.figures import TRAINED
from snip.study.grids import grids as grids_of
from snip.study.grids import settings, study_masks, study_runs
from snip.study.settings import SettingsError, scoring_part
from snip.tables.collect import TableError
from snip.tables.published import PUBLISHED

SEEDS = list(range(6))
MASKED = {"datasets": ["generated"], "sparsities": [50, 90], "seeds": SEEDS}
RANDOM = {
    "datasets": ["generated"],
    "networks": ["lenet-5-caffe"],
    "labels": ["random"],
    "seeds": SEEDS,
}
CONFIG = {
    "fig1": [{"datasets": ["generated"], "sparsities": [0, 50, 90], "seeds": SEEDS}],
    "fig2": [MASKED],
    "fig3": [{"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": SEEDS}],
    "fig4": [
        {**RANDOM, "labels": ["true"], "sparsities": [0, 99], "weight_decays": [0]},
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
CONTROL = [{**RANDOM, "criteria": ["snip-shuffled"], "sparsities": [90, 99], "weight_decays": [0]}]


def text_keys(config):
    """Margins by claim: YAML reads 4, the name of a claim, as a number."""
    return {str(claim): margin for claim, margin in config["claims"]["margins"].items()}


def configuration(**changed):
    config = yaml.safe_load((REPOSITORY / "config/default.yaml").read_text())
    config["figures"] |= CONFIG
    config["claims"]["runs"] = CONTROL
    for figure, grids in changed.items():
        if figure == "claims":
            config["claims"]["runs"] = grids
        else:
            config["figures"][figure] = grids
    return {**config, "claims": {**config["claims"], "margins": text_keys(config)}}


def final_loss(run) -> float:
    """What the paper and our measurements say."""
    if run.labels == "true" or run.sparsity == "0":
        return 0.001
    loss = {"50": 0.01, "90": 0.03, "99": 2}[run.sparsity]
    return loss * (1.2 if run.criterion == "snip-shuffled" else 1)


def runs_of(config):
    random = np.random.default_rng(0)
    rows = []
    for run in study_runs(config):
        noise = random.normal(size=2)
        error = 2 - 0.3 * math.log10(int(run.batch_size) / 100) + 0.01 * noise[1]
        loss = final_loss(run) * 10 ** (0.002 * noise[0])
        row = {**run.key, "parameters": 1000, "kept": 10, "train_loss": loss, "test_error": error}
        rows.append(row)
    return pd.DataFrame(rows)


def pattern(masks, class_, sparsity, data):
    """What a mask shows: its class or its batch, and under the signed gradient another picture."""
    if masks.criterion == "gradient-signed":
        # Some classes are bright on their strokes and others dark; another picture when inverted.
        size = sizes("generated", data)[class_] / 5
        other = np.random.default_rng([class_, int(float(sparsity)), len(masks.dataset)])
        return other.random(784) + (size if class_ % 2 else size.max() - size)
    if masks.class_ == "each":
        return sizes("generated", data)[class_]
    opened = load_dataset("generated", data)
    training, _ = opened.split(masks.seed, 0.1)
    chosen = draw_pruning_batch(opened.train_labels, training, masks.batch_size, masks.seed)
    return opened.train_images[chosen].mean(0).reshape(-1) / 255


CONTENTS = {}  # the same in every test
SCORING = scoring_part(settings(configuration(), "lenet-300-100", "generated"))


def file_of(masks, sparsities, first, scoring=SCORING) -> bytes:
    """A mask file of first layers (classes, sparsities, units, 784)."""
    description = {
        "key": masks.key,
        "settings": scoring,
        "classes": [str(number) for number in range(len(first))],
        "sparsities": sparsities,
        "composition": [],
        "units": first.shape[2],
        "anatomies": [],
    }
    return mask_file(description, {"images": pixel_counts(first)})


def content(masks, sparsities, data) -> bytes:
    """A mask file that shows patterns, the more sharply the sparser."""
    random = np.random.default_rng([masks.seed, len(masks.path)])
    classes = range(10 if masks.class_ == "each" else 1)
    first = np.empty((len(classes), len(sparsities), 50, 784), bool)
    for class_ in classes:
        for index, sparsity in enumerate(sparsities):
            shown = pattern(masks, class_, sparsity, data) ** (float(sparsity) / 40)
            shares = shown / shown.max() * (100 - float(sparsity)) / 100
            first[class_, index] = random.random((50, 784)) < shares
    return file_of(masks, sparsities, first)


def files_of(evidence, config, criterion="snip", class_="each"):
    """The paths of mask files, with what each is of and its sparsities."""
    return {
        evidence.masks / f"{masks.path}.npz": (masks, sparsities)
        for masks, sparsities in study_masks(config).items()
        if masks.criterion == criterion and masks.class_ == class_ and masks.dataset == "generated"
    }


def write_masks(config, folder, data):
    for masks, sparsities in study_masks(config).items():
        if masks.network == "lenet-300-100" and "generated" in masks.dataset:
            known = (masks, *sparsities)
            if known not in CONTENTS:
                CONTENTS[known] = content(masks, sparsities, data)
            write_atomically(folder / f"{masks.path}.npz", CONTENTS[known])


def evidence_of(config, runs, masks, data):
    networks, datasets = config["networks"], ["generated", "generated-inverted"]
    return Evidence(
        runs=runs,
        run_grids={figure: grids_of(config, figure) for figure in (*TRAINED, "claims")},
        mask_grids={figure: grids_of(config, figure) for figure in MASK_FIGURES},
        settings={n: {d: settings(config, n, d) for d in datasets} for n in networks},
        masks=masks,
        data=data,
        error="test_error",
        validation_share=0.1,
        margins=config["claims"]["margins"],
    )


@pytest.fixture
def paper(tmp_path, generated):
    """Makes evidence of runs and masks that do exactly what the paper says, with some noise."""

    def make(**changed):
        config = configuration(**changed)
        write_masks(config, tmp_path / "masks", generated)
        return evidence_of(config, runs_of(config), tmp_path / "masks", generated)

    return make


def table_of(evidence, *claims):
    """The table of some claims, or of all."""
    chosen = [s for s in statements(evidence) if not claims or s.claim in claims]
    return judge(chosen, 0.05, 100)


def row_of(table, claim, *words):
    found = table[table["claim"] == claim]
    for word in words:
        found = found[found["statement"].str.contains(word, regex=False)]
    assert len(found) == 1, found["statement"].tolist()
    return found.iloc[0]


def test_what_the_paper_says_is_supported_by_runs_that_do_it(paper):
    table = table_of(paper())
    assert list(table.columns) == COLUMNS
    wanted = {"1a", "1b", "2a", "2b", "3a", "3b", "3c", "4", "4-capacity", "4-control"}
    assert set(table["claim"]) == wanted | {"5", "6a", "6b", "6c", "7"}
    size = table["statement"].str.contains("size of the gradient")
    # Figure 1 has no lenet-5-caffe here.
    without = table[(table["claim"] != "1b") & ~size]
    assert (without["verdict"] == "supported").all(), without.to_string()
    other = row_of(table, "1b")
    assert (other["verdict"], other["n"]) == ("inconclusive", 0)
    assert "figures.fig1 has no runs with" in other["note"] and "lenet-5-caffe" in other["note"]
    # Under the other reading of Figure 6 its masks here are the sensitivity's.
    other = table[size].groupby("claim")["verdict"].agg(set).to_dict()
    assert other["6a"] == other["6c"] == {"contradicted"} and "supported" not in other["6b"]
    assert (without["n"] == len(SEEDS)).all() and set(without["seeds"]) == {"exploratory"}
    text = readable(table, "made-up", 0.05)
    assert text.count("**supported**") == len(without)
    assert all(statement in text for statement in table["statement"])


def test_notes_say_what_a_reader_asks_next(paper):
    table = table_of(paper())
    row = row_of(table, "1a")
    margin = float(row["note"].removeprefix("equivalence would hold within ±"))
    assert max(-row["lower"], row["upper"]) <= margin < 0.1
    assert "Page" in row_of(table, "3b", "over 1, 100, 200")["note"]
    control = row_of(table, "4-control", "99 %")
    assert control["note"] == "10 parameters for 540 examples: 0.019 each"
    assert control["value"] == pytest.approx(1 / 1.2, rel=0.01) and control["high"] == 1
    rows = table[(table["claim"] == "6c") & table["statement"].str.contains("signed")]
    assert len(rows) == 1 and rows["note"].str.contains("differs most").all()


def test_runs_that_do_the_opposite_contradict_it(paper):
    evidence = paper()
    runs = evidence.runs.copy()
    worse = runs["sparsity"].eq(90) & runs["batch_size"].eq(100)
    runs.loc[worse, "test_error"] += 1
    runs.loc[runs["labels"] == "random", "train_loss"] = 0.05 / runs["train_loss"]
    table = table_of(replace(evidence, runs=runs))
    for claim in ("1a", "7", "4-capacity"):
        assert row_of(table, claim)["verdict"] == "contradicted"
    assert set(table[table["claim"] == "4-control"]["verdict"]) == {"contradicted"}
    assert set(table[table["statement"].str.contains("random labels")]["verdict"]) == {
        "contradicted"
    }
    assert row_of(table, "4", "reference without L2", "true")["verdict"] == "supported"


def test_masks_that_are_not_of_their_class_contradict_it(paper):
    evidence = paper()
    for path, (masks, sparsities) in files_of(evidence, configuration()).items():
        with np.load(path) as archive:
            counts = np.roll(archive["images"], 1, axis=0)
        first = np.arange(50)[:, None] < counts.reshape(10, len(sparsities), 1, 784)
        path.write_bytes(file_of(masks, sparsities, first))
    table = table_of(evidence, "2a")
    assert row_of(table, "2a", "mean images by size")["verdict"] == "contradicted"
    # All seeds made the same mistake, so their masks still tell the classes from one another.
    assert row_of(table, "2a", "other seeds")["verdict"] == "supported"


def test_constant_images_count_as_not_told_and_are_counted(paper):
    evidence = paper()
    kept = np.ones((50, 784), bool)
    kept[49, 300:] = False
    for path, (masks, sparsities) in files_of(evidence, configuration()).items():
        with np.load(path) as archive:
            counts = archive["images"].reshape(10, len(sparsities), 1, 784)
        first = np.arange(50)[:, None] < counts
        first[3] = kept
        path.write_bytes(file_of(masks, sparsities, first))
    row = row_of(table_of(evidence, "2a"), "2a", "mean images by size")
    assert row["value"] == pytest.approx(0.9)
    assert "6 at 50 %, 6 at 90 %, of 60 images each" in row["note"]


# Pairing by name


def test_figures_with_other_sparsities_are_compared_at_the_common_ones(paper):
    same = table_of(paper(), "5")
    changed = paper(
        fig2=[{**MASKED, "sparsities": [10, 50, 70, 90]}],
        fig5=[{**MASKED, "datasets": ["generated-inverted"], "sparsities": [90, 95, 50]}],
    )
    one = row_of(table_of(changed, "5"), "5")
    assert "(50, 90 %)" in one["statement"] and one["verdict"] == "supported"
    assert row_of(same, "5")["statement"] == one["statement"]
    nothing = paper(fig5=[{**MASKED, "datasets": ["generated-inverted"], "sparsities": [95]}])
    one = row_of(table_of(nothing, "5"), "5")
    assert one["n"] == 0 and "figures.fig2 and figures.fig5 have no sparsity" in one["note"]


def test_masks_of_other_pruning_batches_are_not_compared(paper):
    other = {**MASKED, "datasets": ["generated-inverted"], "batch_sizes": [20]}
    one = row_of(table_of(paper(fig5=[other]), "5"), "5")
    assert one["n"] == 0 and "no network and batch size in common" in one["note"]


def test_seeds_are_paired_by_name(paper):
    shifted = {**MASKED, "datasets": ["generated-inverted"], "seeds": [3, 4, 5, 6, 7]}
    assert row_of(table_of(paper(fig5=[shifted]), "5"), "5")["n"] == 3


def test_sparsities_of_other_figures_in_shared_mask_files_change_nothing(paper):
    before = table_of(paper(), "3a")
    # The anatomy shows more sparsities of the files that Figure 3 shows.
    grid = {"datasets": ["generated"], "criteria": ["snip"], "sparsities": [10, 95], "seeds": SEEDS}
    after = table_of(paper(anatomy=[grid]), "3a")
    rows = [row_of(table, "3a")[["value", "lower", "n"]].tolist() for table in (before, after)]
    assert rows[0][2] == rows[1][2] == len(SEEDS)
    assert rows[0][0] == pytest.approx(rows[1][0], abs=0.02)


@pytest.mark.parametrize("decays", [[0, 0.0005], [0.0005, 0]])
def test_two_decays_never_count_a_seed_twice(paper, decays):
    grid = {**RANDOM, "labels": ["true", "random"], "sparsities": [0, 99]}
    table = table_of(paper(fig4=[{**grid, "weight_decays": decays}]), "4")
    rows = table[table["claim"] == "4"]
    assert (rows["n"] == len(SEEDS)).all() and (rows["verdict"] == "supported").all()
    assert rows["statement"].tolist() == [
        "The reference without L2 fits true labels.",
        "The reference with L2 (0.0005) fits true labels.",
        "The network pruned to 99 % without L2 fits true labels.",
        "The network pruned to 99 % with L2 (0.0005) fits true labels.",
        "The reference without L2 fits random labels.",
        "The reference with L2 (0.0005) fits random labels.",
        "The network pruned to 99 % without L2 does not fit random labels.",
        "The network pruned to 99 % with L2 (0.0005) does not fit random labels.",
    ]


def test_what_the_claims_cannot_tell_apart_is_refused(paper):
    twice = [{**RANDOM, "sparsities": [0, 99], "weight_decays": [0, 0.0005]}]
    with pytest.raises(TableError, match=r"figures.fig7 has weight_decay \[0.0, 0.0005\]"):
        table_of(paper(fig7=twice))
    with pytest.raises(TableError, match=r"figures.fig2 has batch_size \[100, 20\]"):
        table_of(paper(fig2=[{**MASKED, "batch_sizes": [100, 20]}]))


def test_references_under_two_criteria_count_once(paper):
    grids = [{**CONFIG["fig1"][0], "criteria": [criterion]} for criterion in ("magnitude", "snip")]
    row = row_of(table_of(paper(fig1=grids), "1a"), "1a")
    assert (row["n"], row["verdict"]) == (len(SEEDS), "supported")


def test_data_sets_of_figure_1_are_judged_apart(paper):
    grid = {**CONFIG["fig1"][0], "datasets": ["generated", "generated-inverted"]}
    table = table_of(paper(fig1=[grid]), "1a")
    rows = table[table["claim"] == "1a"]
    assert (rows["n"] == len(SEEDS)).all() and (rows["verdict"] == "supported").all()
    assert len(rows) == 2 and rows["statement"].str.contains("inverted").sum() == 1


def test_the_control_is_found_in_all_runs_of_the_study(paper):
    # At 90 % the runs to compare with are Figure 7's, at 95 % there are none.
    control = [{**CONTROL[0], "sparsities": [90, 95, 99], "weight_decays": [0]}]
    shown = {**RANDOM, "sparsities": [0, 90, 99], "weight_decays": [0]}
    config = configuration(claims=control, fig7=[shown])
    evidence = paper(fig7=[shown], claims=CONTROL)
    extra = evidence.runs[evidence.runs["criterion"] == "snip-shuffled"].assign(sparsity=95)
    extra = extra.drop_duplicates("seed")
    evidence = replace(
        evidence,
        runs=pd.concat([evidence.runs, extra]),
        run_grids=evidence.run_grids | {"claims": grids_of(config, "claims")},
    )
    table = table_of(evidence, "4-control")
    assert row_of(table, "4-control", "90 %")["verdict"] == "supported"
    missing = row_of(table, "4-control", "95 %")
    assert missing["n"] == 0 and "criterion snip" in missing["note"]


def test_all_examples_are_the_largest_batch(paper):
    grid = {"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": SEEDS}
    evidence = paper(fig3=[grid])
    runs = evidence.runs.assign(batch_size=evidence.runs["batch_size"].replace(200, "all"))
    grids = [{**evidence.run_grids["fig3"][0], "batch_sizes": [1, 100, "all"]}]
    found = replace(evidence, runs=runs, run_grids=evidence.run_grids | {"fig3": grids})
    row = row_of(table_of(found, "3b"), "3b", "over 1, 100, 540")
    assert (row["verdict"], row["n"]) == ("supported", len(SEEDS))


# What a study does not have


def test_missing_files_are_errors_by_name(paper):
    evidence = paper()
    with pytest.raises(TableError, match="lacks .*'seed': 0.*figures.fig. needs"):
        table_of(replace(evidence, runs=evidence.runs[evidence.runs["seed"] > 0]))
    next(evidence.masks.rglob("snip/*/class-each/seed-1.npz")).unlink()
    with pytest.raises(MaskFileError, match="seed-1.npz cannot be read"):
        table_of(evidence)


def test_a_mask_file_without_a_sparsity_or_of_other_settings_is_named(paper):
    evidence = paper()
    path, (masks, _) = next(iter(files_of(evidence, configuration()).items()))
    first = np.ones((10, 1, 50, 784), bool)
    path.write_bytes(file_of(masks, ["50"], first))
    with pytest.raises(MaskFileError, match=r"seed-0.npz has sparsities 50, expected 90"):
        table_of(evidence)
    path.write_bytes(file_of(masks, ["50", "90"], first, SCORING | {"prunable": "weights"}))
    with pytest.raises(SettingsError, match=r"seed-0.npz was made with prunable = 'weights'"):
        table_of(evidence)


def test_a_study_with_one_seed_is_inconclusive_throughout(paper):
    def first(grids):
        return {
            f: [{**g, "seeds": [0], "mask_seeds": [0]} for g in blocks]
            for f, blocks in grids.items()
        }

    evidence = paper()
    one = replace(
        evidence, run_grids=first(evidence.run_grids), mask_grids=first(evidence.mask_grids)
    )
    table = table_of(one)
    assert set(table["verdict"]) == {"inconclusive"} and set(table["n"]) == {0, 1}
    assert table["note"].str.contains("seeds, found 1|missing").all()


def test_confirming_seeds_are_used_where_a_statement_has_them(paper):
    seeds = [0, 1, 100, 101, 102, 103, 104, 105]
    table = table_of(paper(fig2=[{**MASKED, "seeds": seeds}]), "2b", "5")
    row = row_of(table, "2b")
    assert (row["n"], row["seeds"], row["verdict"]) == (6, "confirmatory", "supported")
    # Figure 5 has none of them.
    assert row_of(table, "5")["seeds"] == "exploratory"


@pytest.mark.parametrize(
    ("changed", "claim", "words", "named"),
    [
        (
            {"fig4": [{**RANDOM, "sparsities": [0], "weight_decays": [0]}]},
            "4",
            ["pruned", "random"],
            "figures.fig4 has no runs with criterion snip, sparsity above 0",
        ),
        (
            {"fig4": [{**RANDOM, "sparsities": [0, 99], "weight_decays": [0]}]},
            "4",
            ["reference with L2"],
            "labels random, sparsity 0, weight decay above 0",
        ),
        (
            {"claims": [{**RANDOM, "sparsities": [90], "weight_decays": [0]}]},
            "4-control",
            [],
            "criterion snip-shuffled, labels random",
        ),
        ({"fig7": [{**RANDOM, "sparsities": [90]}]}, "7", [], "figures.fig7 has one sparsity"),
        (
            {"fig3": [{"datasets": ["generated"], "batch_sizes": [10, 100], "seeds": SEEDS}]},
            "3c",
            [],
            "figures.fig3 has no masks with batch size 1",
        ),
        (
            {"fig6": [{**MASKED, "criteria": ["gradient"]}]},
            "6a",
            ["signed"],
            "figures.fig6 has no masks with criterion gradient-signed, generated",
        ),
        (
            {"fig6": [{**MASKED, "criteria": ["gradient"]}]},
            "6c",
            ["size"],
            "figures.fig6 has no masks with criterion gradient, generated-inverted",
        ),
    ],
)
def test_settings_that_a_study_lacks_are_named(paper, changed, claim, words, named):
    row = row_of(table_of(paper(**changed), claim), claim, *words)
    assert (row["verdict"], row["n"]) == ("inconclusive", 0)
    assert named in row["note"]


def test_a_study_without_the_papers_criterion_is_inconclusive(paper):
    criteria = {"criteria": ["magnitude"]}
    changed = {
        figure: [{**grid, **criteria} for grid in grids]
        for figure, grids in CONFIG.items()
        if figure != "fig6"
    }
    table = table_of(paper(**changed))
    # References are not pruned, and some statements are about the gradient or the control alone.
    known = table["statement"].str.startswith("The reference")
    known |= table["claim"].isin(["6c", "4-capacity"])
    assert set(table[~known]["verdict"]) == {"inconclusive"}
    assert "supported" in set(table[known]["verdict"])


def test_sizes_are_those_of_standardised_images(generated):
    data = load_dataset("generated", generated)
    for name in ("generated", "generated-inverted"):
        variant = load_dataset(name, generated)
        images = variant.standardise(data.train_images).numpy().reshape(-1, 784)
        means = [images[data.train_labels == number].mean(0) for number in range(10)]
        assert sizes(name, generated) == pytest.approx(np.abs(means), abs=1e-5)
    assert variant_name("generated-20", inverted=True) == "generated-inverted-20"
    assert mean_images("generated", generated).shape == (11, 28, 28)


def test_margins_follow_their_rule():
    # Two standard errors of the published error on 10,000 test images.
    margins = configuration()["claims"]["margins"]
    for claim, network in (("1a", "lenet-300-100"), ("1b", "lenet-5-caffe")):
        [error] = [p.test_error for p in PUBLISHED if (p.network, p.sparsity) == (network, 0)]
        share = error / 100
        assert margins[claim] == round(200 * math.sqrt(share * (1 - share) / 10_000), 2)
        assert label(error) in ("1.7", "0.9")
