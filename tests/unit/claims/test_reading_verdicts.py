"""Verdicts by reading: each on its own runs and masks, and on its own column of errors."""

import numpy as np
import pandas as pd
import pytest

from paper_study import SEEDS, configuration, write_masks
from snip.claims.readings import TABLE, _difference, readings, table
from snip.claims.verdicts import Means, Statement
from snip.study.axes import KEY
from snip.study.grids import expand_masks, expand_runs
from snip.study.settings import ERRORS
from snip.study.slices import slice_of
from snip.tables.collect import OUTCOME, SETTINGS, csv_bytes

FIGURE1 = {
    "figure": "fig1",
    "datasets": ["generated"],
    "sparsities": [0, 90],
    "readings": ["paper", "keep", "best", "validation"],
    "seeds": SEEDS,
}


def judged(folder, data, grids, error, **more):
    """The table of verdicts on the grids of a study whose errors are made up.

    Args:
        error: maps a run and a column of errors to an error, percent.
    """
    config = configuration(readings=grids, **more)
    part = slice_of(config, ["readings"])
    rows = []
    for run in expand_runs(part["grids"]["readings"]):
        row = dict.fromkeys(OUTCOME, 1) | {name: error(run, name) for name in ERRORS}
        rows.append(run.key | row)
    tables = folder / "results/tables/readings"
    tables.mkdir(parents=True)
    (tables / "runs.csv").write_bytes(csv_bytes(pd.DataFrame(rows, columns=[*KEY, *OUTCOME])))
    lines = [
        [network, dataset, reading, name, repr(value).lower().replace("'", '"')]
        for network, by_dataset in part["settings"].items()
        for dataset, by_reading in by_dataset.items()
        for reading, values in by_reading.items()
        for name, value in values.items()
    ]
    (tables / "settings.csv").write_bytes(csv_bytes(pd.DataFrame(lines, columns=SETTINGS)))
    return part, table(part, folder / "results", data)


def noisy(run):
    return np.random.default_rng([run.seed, int(run.sparsity)]).normal(0, 0.001)


def test_each_reading_is_judged_on_its_own_runs_and_errors(tmp_path, generated):
    def error(run, column):
        pruned = run.sparsity != "0"
        if column == "best_test_error":  # read from the runs of the paper's reading
            return 2 - pruned + noisy(run)
        return 2 + (pruned and run.reading == "keep") + noisy(run)

    part, verdicts = judged(tmp_path, generated, [FIGURE1], error)
    assert list(verdicts.columns) == TABLE
    assert readings(part) == ["paper", "keep", "best", "validation"]
    found = verdicts.set_index("reading")
    assert found["verdict"].to_dict() == {
        "paper": "supported",
        "keep": "contradicted",
        "best": "contradicted",
        "validation": "supported",
    }
    assert found["value"].round(2).to_dict() == {
        "paper": 0,
        "keep": 1,
        "best": -1,
        "validation": 0,
    }
    assert set(found["paper"]) == {"supported"} and set(found["claim"]) == {"1a"}
    # Seed by seed: the noise is the same, so the differences are exact.
    assert found["difference"].round(6).fillna(9).to_dict() == {
        "paper": 9,
        "keep": 1,
        "best": -1,
        "validation": 0,
    }
    assert found["differs"].to_dict() == {
        "paper": False,
        "keep": True,
        "best": True,
        "validation": False,
    }
    # Each column is judged as a study is, by all of its statements.
    assert found["level"].nunique() == 1
    own = found.loc["paper", ["value", "lower", "upper"]].tolist()
    assert found.loc["validation", ["value", "lower", "upper"]].tolist() == own


def test_a_statement_without_runs_under_a_reading_has_no_row(tmp_path, generated):
    grids = [FIGURE1 | {"readings": ["paper"]}, FIGURE1 | {"readings": ["he"], "sparsities": [0]}]
    part, verdicts = judged(tmp_path, generated, grids, lambda run, column: 2 + noisy(run))
    assert readings(part) == ["paper", "he"]
    assert verdicts["reading"].tolist() == ["paper"]


def test_masks_are_read_under_the_reading_that_they_were_scored_under(tmp_path, generated):
    grid = {"datasets": ["generated"], "sparsities": [50, 90], "seeds": SEEDS}
    grid |= {"figure": "fig2", "readings": ["paper", "keep", "unit"]}
    config = configuration(readings=[grid])
    part = slice_of(config, ["readings"])
    masks = expand_masks("readings", part["grids"]["readings"])
    assert {mask.reading for mask in masks} == {"paper", "unit"}  # `keep` scores the same
    write_masks(config, tmp_path / "results/masks", generated)
    _, verdicts = judged(tmp_path, generated, [grid], lambda run, column: 2)
    assert set(verdicts["reading"]) == {"paper", "keep", "unit"}
    by_reading = dict(list(verdicts.groupby("reading")))
    numbers = ["claim", "number", "value", "lower", "upper", "verdict"]
    pd.testing.assert_frame_equal(
        by_reading["paper"][numbers].reset_index(drop=True),
        by_reading["keep"][numbers].reset_index(drop=True),
    )


def test_rows_hold_one_statement_at_one_level_whatever_a_readings_grids_have(tmp_path, generated):
    labels = {"datasets": ["generated"], "networks": ["lenet-5-caffe"], "seeds": SEEDS}
    labels |= {"figure": "fig4", "labels": ["correct", "random"], "sparsities": [0, 99]}
    grids = [
        FIGURE1 | {"readings": ["paper"]},
        labels | {"readings": ["paper", "decay"], "weight_decays": [0, 0.0005]},
        labels | {"readings": ["uniform"], "weight_decays": [0], "labels": ["random"]},
    ]
    _, verdicts = judged(tmp_path, generated, grids, lambda run, column: 2 + noisy(run))
    assert set(verdicts["reading"]) == {"paper", "decay", "uniform"}
    assert verdicts["level"].nunique() == 1
    subject = verdicts["statement"].str.replace(r",? with(out)? L2( \([\d.]+\))?", "", regex=True)
    assert (
        verdicts.assign(subject=subject).groupby(["claim", "number"])["subject"].nunique() == 1
    ).all()


def test_differences_are_wrongly_seen_in_few_studies():
    """Paired t intervals of noise, of the level that they state."""
    random, wrong = np.random.default_rng(3), 0
    for _ in range(400):
        one, other = (
            Statement("x", "fig1", "", "", lambda numbers=numbers: Means(numbers, 0.0))
            for numbers in (pd.DataFrame(random.normal(size=(6, 1))) for _ in range(2))
        )
        wrong += _difference(one, other, {"claims": {"confirming_from": 100}}, 0.9)[-1]
    assert 15 < wrong < 70  # 40 expected; the deviation is 6


@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7"])
def test_any_figure_may_be_judged_alone(tmp_path, generated, figure):
    config = configuration()
    grids = [{**grid, "figure": figure} for grid in config["figures"][figure]]
    write_masks(configuration(readings=grids), tmp_path / "results/masks", generated)
    _, verdicts = judged(tmp_path, generated, grids, lambda run, column: 2 + noisy(run))
    assert set(verdicts["figure"]) <= {figure}
    assert len(verdicts) or figure in ("fig5", "fig6")  # which are compared with Figure 2
