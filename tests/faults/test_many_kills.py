"""SIGKILL of a training run at random moments, twenty times over (about a minute a seed)."""

import pytest

from inflict import killed_runs, last_words, start_run
from small import small_project, snakemake


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_twenty_kills(tmp_path, seed):
    folder = small_project(tmp_path / "project")
    snakemake(folder, "--cores", "1", target="results/datasets/generated/summary.npz")
    last_words(start_run(folder, "whole.json"))
    killed, said = killed_runs(folder, "killed.json", kills=20, seed=seed)
    assert killed == 20
    assert (folder / "killed.json").read_bytes() == (folder / "whole.json").read_bytes()
    resumed = sum("resumed at iteration" in text for text in said)
    print(f"killed {killed} times, resumed from a checkpoint {resumed} times, same bytes")
