"""Verdicts by reading: each on its own runs and masks, and on its own column of errors."""

import numpy as np
import pytest

from paper_study import FIGURES, SCORED, SEEDS, configuration, evidence_of
from snip.claims import readings
from snip.study.spec import spec_of

FIGURE1 = {
    "figure": "fig1",
    "datasets": ["generated"],
    "sparsities": [0, 90],
    "readings": ["paper", "keep", "best", "validation"],
    "seeds": SEEDS,
}
LABELS = {
    "figure": "fig4",
    "datasets": ["generated"],
    "networks": ["lenet-5-caffe"],
    "labels": ["correct", "random"],
    "sparsities": [0, 99],
    "seeds": SEEDS,
}


def outcome(run):
    """Errors of about 2; under `keep` that of the pruned is 1 more, and its best is 1 less."""
    noise = np.random.default_rng([run.seed, int(run.sparsity)]).normal()
    pruned = run.sparsity > 0
    error = 2 + 0.001 * noise
    return {
        "iterations": 800,
        "kept": 10,
        "train_loss": 1,
        "test_error": error + (pruned and run.reading == "keep"),
        "best_test_error": error - pruned,
        "best_validation_test_error": error,
    }


@pytest.fixture
def judged(generated, monkeypatch):
    """Judges the grids of a study whose runs and masks are made up."""

    def table(*grids):
        spec = spec_of(configuration(readings=list(grids)), "readings")
        monkeypatch.setattr(readings, "read_checked", lambda *_: None)
        monkeypatch.setattr(
            readings, "gather", lambda spec, *_: evidence_of(spec, generated, outcome)
        )
        return readings.table(spec, generated, generated, generated)

    return table


def test_each_reading_is_judged_on_its_own_runs_and_errors(judged):
    table = judged(FIGURE1)
    assert list(table.columns) == readings.TABLE and set(table["name"]) == {"1a-generated-equal"}
    found = table.set_index("reading")
    assert found["verdict"].to_dict() == {
        "paper": "supported",
        "keep": "contradicted",
        "best": "contradicted",
        "validation": "supported",
    }
    assert found["value"].round(2).tolist() == [0, 1, -1, 0]
    assert set(found["paper"]) == {"supported"}
    # Seed by seed: the noise is the same, so the differences are exact.
    assert found["difference"].round(6).fillna(9).tolist() == [9, 1, -1, 0]
    assert found["differs"].tolist() == [False, True, True, False]
    # Three differences share the 5 % of wrong ones: Student's t of a step of 0.01, six seeds.
    half = 3.5341 * 0.01 / 6**0.5
    assert found.loc["keep", "difference_upper"] == pytest.approx(1 + half, abs=1e-3)


def test_the_level_is_that_of_a_study_of_all_statements_whatever_a_readings_grids_have(judged):
    alike = LABELS | {"weight_decays": [0]}
    table = judged(
        FIGURE1,
        alike | {"readings": ["paper", "decay"]},
        alike | {"readings": ["uniform"], "labels": ["random"]},
    )
    # Of Figure 1 two statements, of Figure 4 five, the capacity, and a control at its sparsity.
    assert set(table["level"]) == {1 - 0.05 / 9}
    of_figure4 = table[table["claim"] == "4"].groupby("reading")["name"].agg(list).to_dict()
    curves = ["4-reference-correct", "4-pruned-correct", "4-reference-random", "4-pruned-random"]
    assert of_figure4 == {
        "paper": curves,
        "decay": [name + "-l2" * (name == "4-reference-random") for name in curves],
        "uniform": curves[2:],
    }


def test_a_statement_without_runs_under_a_reading_has_no_row(judged):
    lacking = FIGURE1 | {"readings": ["he"], "sparsities": [0]}
    assert judged(FIGURE1 | {"readings": ["paper"]}, lacking)["reading"].tolist() == ["paper"]


def test_readings_that_score_alike_have_the_same_masks(judged):
    grid = SCORED | {"figure": "fig2", "readings": ["paper", "keep", "unit"]}
    numbers = ["name", "value", "lower", "upper", "verdict"]
    by_reading = {name: one[numbers].to_numpy() for name, one in judged(grid).groupby("reading")}
    assert set(by_reading) == {"paper", "keep", "unit"}
    assert (by_reading["paper"] == by_reading["keep"]).all()
    assert (by_reading["paper"] != by_reading["unit"]).any()


@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7"])
def test_any_figure_may_be_judged_alone(judged, figure):
    grids = [{**grid, "figure": figure} for grid in FIGURES[figure]]
    table = judged(*grids)
    assert set(table["figure"]) <= {figure}
    assert len(table) or figure == "fig5"  # which is compared with Figure 2
