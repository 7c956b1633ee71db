"""Figures that are targets of their own: readings, criteria, controls."""

import pandas as pd
import pytest

from small import CONFIGS, digests, planned, small_project, snakemake
from snip.study.figures import EXTRAS

pytestmark = pytest.mark.workflow


def test_figures_of_their_own_add_to_the_study_and_change_nothing_of_it(clone):
    before = digests(clone)
    for name in EXTRAS:
        snakemake(clone, "--cores", "2", target=f"figures/{name}")
    after = digests(clone)
    assert before.items() <= after.items()
    runs = {path for path in after.keys() - before.keys() if "/runs/" in path}
    assert {tuple(path.split("/")[-3:-1]) for path in runs} == {
        ("reading-paper", "control-none"),
        ("reading-keep", "control-none"),
        ("reading-keep", "control-inverted"),
    }
    assert planned(clone) == {}
    for name in EXTRAS:
        assert planned(clone, target=f"figures/{name}") == {}
        for form in ("pdf", "png", "csv"):
            assert (clone / f"figures/small/{name}.{form}").stat().st_size
    verdicts = pd.read_csv(clone / "results/small/tables/readings.csv")
    assert set(verdicts["reading"]) == {"paper", "keep", "best", "unit"}
    controls = pd.read_csv(clone / "results/small/tables/controls.csv")
    assert len(controls) == 6 and (controls["n"] > 0).sum() == 2  # nothing was shuffled


def test_a_switch_retrains_the_runs_of_its_reading_alone(clone):
    snakemake(clone, "--cores", "2", target="figures/readings.pdf")
    (clone / "config/other.yaml").write_text("readings: {keep: {momentum: 0.5}}\n")
    plan = planned(clone, configs=[*CONFIGS, "config/other.yaml"], target="figures/readings.pdf")
    assert plan["train"] == 4 and "prune" not in plan  # two sparsities, two seeds


def test_two_readings_of_one_name_stop_before_any_job(tmp_path):
    folder = small_project(tmp_path / "project")
    (folder / "config/twice.yaml").write_text(
        "readings:\n  mine: {prunable: weights}\n  mine: {initialisation: he}\n"
    )
    configs = [*CONFIGS, "config/twice.yaml"]
    done = snakemake(folder, "--cores", "1", configs=configs, check=False)
    assert done.returncode != 0
    assert "config/twice.yaml cannot be read: the key 'mine' stands twice" in done.stdout
    assert not (folder / "results/datasets").exists()
