"""What ships in results: runs of the paper study that config/shipped.yaml names, and Table 3."""

import itertools

import pandas as pd
import pytest

from helpers import REPOSITORY
from snip.jobs.files import unsealed
from snip.study.figures import STUDIED
from snip.study.grids import figure_runs, settings
from snip.study.runs import KEY
from studies import load

RUNS = REPOSITORY / "results/paper/runs"
SHIPPED = load("paper", "shipped")
# Iterations of a run, by its data (docs/preregistration.md).
LENGTHS = {"mnist": 100_000, "mnist-54000": 60_000}
# How many seeds make a setting whole, the lowest first (docs/preregistration.md).
WHOLE = {"lenet-300-100": 20, "lenet-5-caffe": 5}


def shipped(study: str) -> list[str]:
    """The paths of a study's run files below its folder of runs, without their endings."""
    runs = REPOSITORY / f"results/{study}/runs"
    return sorted(str(path.relative_to(runs).with_suffix("")) for path in runs.rglob("*.json"))


FILES = shipped("paper")


@pytest.mark.parametrize(
    "configs", [("paper",), ("paper", "table3"), ("paper", "table3", "table3-he")]
)
def test_each_file_is_sealed_and_has_its_runs_key_and_settings(configs):
    study = load(*configs)
    wanted = {run.path: run for run in figure_runs(study, *STUDIED)}
    found = shipped(configs[-1])
    assert found and set(found) <= set(wanted)
    assert configs == ("paper",) or set(found) == set(wanted)
    for path in found:
        file = REPOSITORY / f"results/{configs[-1]}/runs/{path}.json"
        content, run = unsealed(file.read_bytes()), wanted[path]
        assert {name: content[name] for name in KEY} == run.key, path
        assert content["settings"] == settings(study, run.network, run.dataset), path
        assert content["iterations"] == LENGTHS[run.dataset], path


def test_the_shipped_study_is_the_settings_that_have_all_their_seeds():
    """A setting is a run but for its seed: what is named is there, what is whole is named.

    Figures 4 and 7 are each named once all their settings are whole.
    """
    named = {run.path for run in figure_runs(SHIPPED, *STUDIED)}
    assert named and named <= set(FILES)
    whole = set()
    for setting, paths in itertools.groupby(FILES, lambda path: path.rpartition("/")[0]):
        [needed] = (seeds for network, seeds in WHOLE.items() if f"-{network}/" in setting)
        lowest = {f"{setting}/seed-{seed}" for seed in range(200, 200 + needed)}
        whole |= lowest if lowest <= set(paths) else set()
    random = [
        {r.path for r in figure_runs(load("paper"), figure) if r.seed < 200 + WHOLE[r.network]}
        for figure in ("fig4", "fig7")
    ]
    shown = [runs for runs in random if runs <= set(FILES)]
    whole -= set().union(*random).difference(*shown)
    assert named == whole


def test_the_errors_that_pages_show_of_the_paper_study_are_those_of_its_files():
    table = pd.read_csv(REPOSITORY / "workflow/report/shipped.csv")
    shown = table[table["study"] == "paper"]
    for figure in ("fig1", "fig3"):
        rows = shown[shown["figure"] == figure].itertuples()
        axes = ("network", "sparsity", "batch_size", "seed")
        found = {tuple(str(getattr(row, a)) for a in axes): row.test_error for row in rows}
        runs = figure_runs(SHIPPED, figure)
        content = [unsealed((RUNS / f"{run.path}.json").read_bytes()) for run in runs]
        assert found == {tuple(str(each[a]) for a in axes): each["test_error"] for each in content}
