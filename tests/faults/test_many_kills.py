"""A training run that is killed twenty times (about a minute for each seed)."""

import pytest

from inflict import killed_runs, last_words, start_run
from small import small_project, snakemake


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_run_that_is_killed_at_random_moments_ends_with_the_same_bytes(tmp_path, seed):
    folder = small_project(tmp_path / "project")
    snakemake(folder, "--cores", "1", target="results/datasets/generated/summary.npz")
    last_words(start_run(folder, "whole.json"))
    killed, logs = killed_runs(folder, "killed.json", kills=20, seed=seed)
    assert killed == 20
    assert (folder / "killed.json").read_bytes() == (folder / "whole.json").read_bytes()
    resumed = sum("resumed at iteration" in log for log in logs)
    print(f"killed {killed} times, resumed from a checkpoint {resumed} times, same bytes")
