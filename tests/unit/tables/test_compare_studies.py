import subprocess
import sys

import pandas as pd
import pytest

import drawings
from helpers import REPOSITORY
from snip.study.runs import KEY


def compare(tmp_path, one, other):
    for name, table in (("one", one), ("other", other)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    script = REPOSITORY / "scripts/compare_studies.py"
    command = [sys.executable, script, "one.csv", "other.csv", "--output", "pairs.csv"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)


def test_runs_are_paired_by_their_whole_key(tmp_path):
    runs = drawings.table_of_runs()
    shuffled = runs.assign(test_error=runs["test_error"] + 0.5).sample(frac=1, random_state=0)
    done = compare(tmp_path, runs, shuffled.iloc[1:])
    pairs = pd.read_csv(tmp_path / "pairs.csv", dtype={"batch_size": str})
    assert len(pairs) == len(runs) - 1 and not pairs.duplicated(KEY).any()
    assert pairs["difference"].to_numpy() == pytest.approx(0.5)
    assert f"{len(pairs)} runs in both, 1 in one alone" in done.stderr
    assert done.stdout.count("difference 0.5") == len(
        pairs.drop(columns="seed")[KEY[:-1]].drop_duplicates()
    )


def test_studies_without_a_run_in_common_are_refused(tmp_path):
    runs = drawings.table_of_runs()
    done = compare(tmp_path, runs, runs.assign(seed=runs["seed"] + 1000))
    assert done.returncode != 0
    assert "one.csv and other.csv share no run, expected one or more" in done.stderr
