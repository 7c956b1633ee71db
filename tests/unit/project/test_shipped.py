"""What ships in results/paper/runs: whole, of the paper study, named in config/shipped.yaml."""

from collections import Counter

import pandas as pd

from helpers import REPOSITORY
from snip.jobs.files import unsealed
from snip.study.figures import STUDIED
from snip.study.grids import figure_runs, settings
from snip.study.runs import KEY
from studies import load

RUNS = REPOSITORY / "results/paper/runs"
FILES = sorted(str(path.relative_to(RUNS).with_suffix("")) for path in RUNS.rglob("*.json"))
PAPER, SHIPPED = load("paper"), load("paper", "shipped")


def test_each_file_is_sealed_and_has_its_runs_key_and_settings():
    wanted = {run.path: run for run in figure_runs(PAPER, *STUDIED)}
    assert FILES and set(FILES) <= set(wanted)
    for path in FILES:
        content, run = unsealed((RUNS / f"{path}.json").read_bytes()), wanted[path]
        assert {name: content[name] for name in KEY} == run.key, path
        assert content["settings"] == settings(PAPER, run.network, run.dataset), path
        assert content["iterations"] == 100_000, path


def test_the_shipped_study_is_the_settings_that_have_all_their_seeds():
    """A setting is a run but for its seed: what is named is there, what is whole is named."""
    named = {run.path for run in figure_runs(SHIPPED, *STUDIED)}
    assert named and named <= set(FILES)
    seeds = Counter(path.rpartition("/")[0] for path in FILES)
    whole = {path for path in FILES if seeds[path.rpartition("/")[0]] == 20}
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
