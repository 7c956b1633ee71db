"""Figures that are targets of their own: readings, criteria, controls."""

import pandas as pd

from small import digests, overlaid, planned, snakemake
from snip.study.figures import EXTRAS


def test_figures_of_their_own_add_to_the_study_and_change_nothing_of_it(clone):
    before, targets = digests(clone), [f"figures/{name}" for name in EXTRAS]
    snakemake(clone, "--cores", "2", target=targets)
    after = digests(clone)
    assert before.items() <= after.items()
    runs = {path for path in after.keys() - before.keys() if "/runs/" in path}
    assert {tuple(path.split("/")[-3:-1]) for path in runs} == {
        ("reading-paper", "control-none"),
        ("reading-keep", "control-none"),
        ("reading-keep", "control-inverted"),
    }
    assert planned(clone, target=["figures/all", *targets]) == {}
    for name in EXTRAS:
        for form in ("pdf", "png", "csv"):
            assert (clone / f"figures/small/{name}.{form}").stat().st_size
    verdicts = pd.read_csv(clone / "results/small/tables/readings.csv")
    assert set(verdicts["reading"]) == {"paper", "keep", "best", "unit"}
    controls = pd.read_csv(clone / "results/small/tables/controls.csv")
    assert len(controls) == 6 and (controls["n"] > 0).sum() == 2  # nothing was shuffled
    # A switch retrains the runs of its reading alone: two sparsities, two seeds.
    configs = overlaid(clone, {"readings": {"keep": {"momentum": 0.5}}})
    plan = planned(clone, configs=configs, target="figures/readings.pdf")
    assert plan["train"] == 4 and "prune" not in plan
