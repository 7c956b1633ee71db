import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from helpers import REPOSITORY
from snip import claims, study
from snip.claims import COLUMNS, Comparison, Evidence, Statement, Trend, judge
from snip.datasets import draw_pruning_batch, load_dataset, mean_images
from snip.files import write_atomically
from snip.mask_files import MaskFileError, mask_file
from snip.tables import KEY, TableError

SAMPLES = st.lists(st.floats(-5, 5).map(lambda v: round(v, 3)), min_size=2, max_size=8)


def statement(*comparisons, claim="x"):
    return Statement(claim, "fig1", "It is so.", "mean", "above 0", list(comparisons))


def verdicts(*statements, alpha=0.05):
    return judge(list(statements), alpha)["verdict"].tolist()


@given(SAMPLES, st.floats(0.1, 3))
def test_equivalence_is_two_one_sided_tests(values, margin):
    values = np.array(values)
    if np.ptp(values) < 1e-6:
        return
    expected = ttost_paired(values, np.zeros(len(values)), -margin, margin)[0]
    assert Comparison(values, -margin, margin).p_for == pytest.approx(expected, abs=1e-12)


@given(SAMPLES, st.floats(-3, 3))
def test_a_claim_and_its_opposite_exchange_their_p_values(values, limit):
    above = Comparison(np.array(values), low=limit)
    below = Comparison(np.array(values), high=limit)
    assert above.p_for == below.p_against and above.p_against == below.p_for


@settings(max_examples=40)
@given(SAMPLES, st.sampled_from([0.01, 0.05, 0.2]))
def test_a_verdict_can_be_read_off_the_interval(values, alpha):
    table = judge([statement(Comparison(np.array(values), low=0))], alpha)
    [row] = table.itertuples()
    if row.verdict == "supported":
        assert row.lower >= -1e-6
    elif row.verdict == "not supported":
        assert row.upper <= 1e-6
    else:
        assert row.lower <= 1e-6 and row.upper >= -1e-6


@pytest.mark.parametrize("values", [[], [5.0]])
@pytest.mark.parametrize("region", [(0, math.inf), (-math.inf, 0), (-1, 1)])
def test_one_seed_is_inconclusive_whatever_it_shows(values, region):
    table = judge([statement(Comparison(np.array(values), *region))], 0.05)
    assert table["verdict"].tolist() == ["inconclusive"]
    assert table["n"].tolist() == [len(values)]


def test_many_statements_make_each_harder():
    borderline = np.array([0.6, 1.0, 1.4, 1.2, 0.4]) - 0.4
    p = 2 * stats.ttest_1samp(borderline, 0, alternative="greater").pvalue
    assert 0.05 / 10 < p < 0.05
    one = statement(Comparison(borderline, low=0))
    assert verdicts(one) == ["supported"]
    noise = [statement(Comparison(np.array([-1, 1, 0.1]), low=0)) for _ in range(9)]
    assert verdicts(one, *noise)[0] == "inconclusive"
    # Statements that nobody can test do not count.
    untested = [statement(Comparison(np.array([1.0]), low=0)) for _ in range(9)]
    assert verdicts(one, *untested)[0] == "supported"


def test_wrong_verdicts_are_as_rare_as_promised():
    # Eight statements on the border: any verdict about any of them is wrong.
    random = np.random.default_rng(0)
    families = 150
    wrong = 0
    for _ in range(families):
        family = [statement(Comparison(random.normal(size=4), low=0)) for _ in range(8)]
        wrong += set(verdicts(*family, alpha=0.1)) != {"inconclusive"}
    # Five standard deviations above the promise.
    assert wrong / families < 0.1 + 5 * math.sqrt(0.1 * 0.9 / families)
    assert wrong > 0


def test_all_comparisons_of_a_statement_must_hold():
    good = Comparison(np.array([1.0, 1.1, 0.9, 1.0]), low=0, where="one")
    bad = Comparison(np.array([-1.0, -1.1, -0.9, -1.0]), low=0, where="other")
    assert verdicts(statement(good, good)) == ["supported"]
    table = judge([statement(good, bad)], 0.05)
    assert table["verdict"].tolist() == ["not supported"]
    assert table["value"].tolist() == [-1] and "(other)" in table["statistic"][0]


def test_a_trend_is_pages():
    rising = np.array([[1, 2, 3, 4.0], [1, 3, 2, 4], [1, 2, 3, 4]])
    assert Trend(rising).p_for == stats.page_trend_test(rising, method="exact").pvalue
    assert verdicts(statement(Trend(rising))) == ["supported"]
    assert verdicts(statement(Trend(rising[:, ::-1]))) == ["not supported"]
    assert verdicts(statement(Trend(rising[:1]))) == ["inconclusive"]


@given(st.integers(0, 1000))
def test_correlation_is_pearsons(seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 3, 20))
    expected = [stats.pearsonr(a, b).statistic for a, b in zip(one, other, strict=True)]
    assert claims.correlation(one, other) == pytest.approx(expected)
    assert (claims.correlation(one, 0 * other) == 0).all()


def test_excess_similarity_of_equal_and_of_unrelated_masks():
    random = np.random.default_rng(0)
    shared = random.normal(size=(2, 3, 784))
    these = {seed: shared + random.normal(size=shared.shape) for seed in range(4)}
    assert (claims.excess_similarity(these, these) > 0.3).all()
    unrelated = {seed: random.normal(size=shared.shape) for seed in range(4)}
    assert (claims.excess_similarity(these, unrelated) < -0.3).all()
    others = {seed: shared + random.normal(size=shared.shape) for seed in range(4)}
    assert abs(claims.excess_similarity(these, others).mean()) < 0.05
    assert len(claims.excess_similarity({0: shared}, {0: shared})) == 0


CONFIG = {
    "fig1": [{"datasets": ["generated"], "sparsities": [0, 50, 90], "seeds": [0, 1, 2, 3]}],
    "fig2": [{"datasets": ["generated"], "sparsities": [50, 90], "seeds": [0, 1, 2, 3]}],
    "fig3": [{"datasets": ["generated"], "batch_sizes": [1, 100, 200], "seeds": [0, 1, 2, 3]}],
    "fig4": [
        {
            "datasets": ["generated"],
            "networks": ["lenet-5-caffe"],
            "labels": ["true", "random"],
            "sparsities": [0, 99],
            "weight_decays": [0, 0.0005],
            "seeds": [0, 1, 2, 3],
        }
    ],
    "fig5": [{"datasets": ["generated-inverted"], "sparsities": [50, 90], "seeds": [0, 1, 2, 3]}],
    "fig6": [
        {
            "datasets": ["generated", "generated-inverted"],
            "criteria": ["gradient"],
            "sparsities": [50, 90],
            "seeds": [0, 1, 2, 3],
        }
    ],
    "fig7": [
        {
            "datasets": ["generated"],
            "networks": ["lenet-5-caffe"],
            "labels": ["random"],
            "sparsities": [0, 50, 99],
            "seeds": [0, 1, 2, 3],
        }
    ],
}
CONTROL = [
    {
        "datasets": ["generated"],
        "networks": ["lenet-5-caffe"],
        "criteria": ["snip-shuffled"],
        "labels": ["random"],
        "sparsities": [99],
        "seeds": [0, 1, 2, 3],
    }
]


@pytest.fixture
def paper(tmp_path, generated):
    """Evidence of runs and masks that do exactly what the paper says, with some noise."""
    config = yaml.safe_load((REPOSITORY / "config/default.yaml").read_text())
    config["figures"] |= CONFIG
    config["claims"]["runs"] = CONTROL
    random = np.random.default_rng(0)
    dataset = load_dataset("generated", generated)
    means = mean_images("generated", generated)
    rows = []
    for run in study.expand_runs(study.table_grids(config, "all")):
        fits = run.labels == "true" or run.sparsity != "99" or run.criterion == "snip-shuffled"
        loss = (0.001 if fits else 2) * (1 + float(run.sparsity) / 100)
        error = 2 - 0.3 * math.log10(run.batch_size / 100)
        noise = random.normal(size=2)
        rows.append({**run.key, "parameters": 1, "train_loss": loss * 10 ** (0.01 * noise[0])})
        rows[-1]["test_error"] = error + 0.01 * noise[1]
    for masks, sparsities in study.study_masks(study.mask_grids(config)).items():
        if masks.network != "lenet-300-100" or "generated" not in masks.dataset:
            continue
        # The gradient's masks: another picture for each sparsity, class, and inversion.
        own = np.random.default_rng(len(masks.dataset)).random((2, 28, 28))
        if masks.class_ == "all":
            training, _ = dataset.split(masks.seed, 0.1)
            chosen = draw_pruning_batch(
                dataset.train_labels, training, masks.batch_size, masks.seed
            )
            target = dataset.train_images[chosen].mean(0) / 255
        else:
            target = means[int(masks.class_)]
        found = []
        for index, sparsity in enumerate(sparsities):
            shown = own[index] if masks.criterion == "gradient" else target ** (1 + 5 * index)
            shares = shown / shown.max() * (100 - float(sparsity)) / 100
            drawn = np.random.default_rng(masks.seed).random((100, 784))
            found.append({"fc1.weight": drawn < shares.reshape(-1)})
        content = mask_file(found, sparsities, masks.key, [{}] * len(sparsities))
        write_atomically(tmp_path / "masks" / f"{masks.path}.npz", content)
    figures = (*study.TRAINED_FIGURES, "claims")
    return Evidence(
        runs=pd.DataFrame(rows),
        run_grids={figure: study.grids(config, figure) for figure in figures},
        mask_grids=study.mask_grids(config),
        masks=tmp_path / "masks",
        data=generated,
        error="test_error",
        validation_share=0.1,
        margins=study.margins(config),
    )


def test_what_the_paper_says_is_supported_by_runs_that_do_it(paper):
    table = judge(claims.statements(paper), 0.05)
    assert list(table.columns) == COLUMNS
    wanted = {"1a", "1b", "2a", "2b", "3a", "3b", "3c", "4", "4-control"}
    wanted |= {"5", "6a", "6b", "6c", "7"}
    assert set(table["claim"]) == wanted
    # Figure 1 has no lenet-5-caffe here.
    without = table[table["claim"] != "1b"]
    assert (without["verdict"] == "supported").all(), without.to_string()
    assert table[table["claim"] == "1b"][["verdict", "n"]].values.tolist() == [["inconclusive", 0]]
    assert (without["n"] == 4).all()
    text = claims.readable(table, "made-up", 0.05)
    assert text.count("**supported**") == len(without)


def changed(paper, **values):
    from dataclasses import replace

    return replace(paper, **values)


def test_runs_that_do_the_opposite_do_not_support_it(paper):
    runs = paper.runs.copy()
    worse = runs["sparsity"].eq(90) & runs["batch_size"].eq(100)
    runs.loc[worse, "test_error"] += 1
    random_labels = runs["labels"] == "random"
    runs.loc[random_labels, "train_loss"] = 0.5 / runs["train_loss"]
    table = judge(claims.statements(changed(paper, runs=runs)), 0.05).set_index("claim")
    assert table.loc["1a", "verdict"] == "not supported"
    assert table.loc["7", "verdict"] == "not supported"
    assert table.loc["4-control", "verdict"] == "not supported"
    assert "not supported" in set(table.loc["4", "verdict"])


def test_masks_that_are_not_of_their_class_do_not_support_it(paper):
    for path in (paper.masks / "generated/lenet-300-100/snip").rglob("class-*/*.npz"):
        if "class-all" in str(path):
            continue
        other = path.parents[1] / f"class-{(int(path.parent.name[-1]) + 1) % 10}" / path.name
        shutil.copy(other, path.with_suffix(".new"))
    for path in (paper.masks / "generated/lenet-300-100/snip").rglob("*.new"):
        path.replace(path.with_suffix(".npz"))
    table = judge(claims.statements(paper), 0.05)
    told = table[(table["claim"] == "2a") & table["statement"].str.contains("told")]
    assert told["verdict"].tolist() == ["not supported"]


def test_sparsities_of_other_figures_in_shared_mask_files_change_nothing(paper):
    before = claims.statements(paper)
    for path in paper.masks.rglob("class-all/*.npz"):
        with np.load(path) as file:
            stored = dict(file)
        # What another figure wants stands first and is like nothing.
        empty = np.zeros_like(stored["fc1.weight"][:1])
        stored["fc1.weight"] = np.concatenate([empty, stored["fc1.weight"]])
        stored["sparsity"] = np.insert(stored["sparsity"], 0, 10)
        stored["anatomy"] = np.array(json.dumps([{}, *json.loads(str(stored["anatomy"]))]))
        np.savez(path, **stored)
    pd.testing.assert_frame_equal(
        judge(claims.statements(paper), 0.05), judge(before, 0.05), check_exact=True
    )


def test_missing_evidence_is_named(paper):
    with pytest.raises(TableError, match="lacks .*'seed': 0.*figure fig1"):
        claims.statements(changed(paper, runs=paper.runs[paper.runs["seed"] > 0]))
    path = next(paper.masks.rglob("class-3/seed-1.npz"))
    path.unlink()
    with pytest.raises(MaskFileError, match="seed-1.npz cannot be read"):
        claims.statements(paper)


def test_a_study_with_one_seed_is_inconclusive_throughout(paper):
    def first(grids):
        return {f: [{**g, "seeds": [0]} for g in blocks] for f, blocks in grids.items()}

    one = changed(paper, run_grids=first(paper.run_grids), mask_grids=first(paper.mask_grids))
    table = judge(claims.statements(one), 0.05)
    assert set(table["verdict"]) == {"inconclusive"}
    assert set(KEY) <= set(paper.runs.columns)


def test_a_study_without_the_papers_criterion_is_inconclusive(paper):
    def without(grids):
        return {
            f: [{**g, "criteria": ["magnitude"]} if f != "fig6" else g for g in blocks]
            for f, blocks in grids.items()
        }

    references = paper.runs[paper.runs["sparsity"] == 0].assign(criterion="magnitude")
    others = paper.runs.assign(criterion="magnitude")
    runs = pd.concat([references, others]).drop_duplicates(KEY)
    bare = changed(
        paper,
        runs=runs,
        run_grids=without(paper.run_grids),
        mask_grids=without(paper.mask_grids),
    )
    table = judge(claims.statements(bare), 0.05)
    # References are not pruned, and 6c is about the gradient alone.
    known = table["statement"].str.startswith("The reference") | table["claim"].eq("6c")
    assert set(table[~known]["verdict"]) == {"inconclusive"}
    assert set(table[known]["verdict"]) == {"supported"}
