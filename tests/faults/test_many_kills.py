"""A training run that is killed twenty times (about a minute for each seed)."""

import random
from pathlib import Path

import pytest

from inflict import SETTINGS, last_words, logged, start_run
from small import small_project, snakemake


def killed_runs(folder: Path, output: str, kills: int, seed: int) -> tuple[int, list[str]]:
    """Start a run again and again, killing it at random iterations, then let it end.

    Returns:
        How many times it was killed, and what the log of each start said.
    """
    moments = random.Random(seed)
    said, killed = [], 0
    while killed < kills:
        process = start_run(folder, output)
        log = logged(process, moments.randrange(SETTINGS["iterations"]))
        process.kill()
        said.append(log + last_words(process))
        killed += process.returncode != 0
        # It may have been killed after its last write: then that is whole, and made again.
        (folder / output).unlink(missing_ok=True)
    process = start_run(folder, output)
    said.append(last_words(process))
    assert process.returncode == 0, said[-1]
    return killed, said


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
