import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from made_up_evidence import runs_of_controls, slice_of_controls
from snip.claims import controls
from snip.claims.verdicts import judge
from snip.tables.collect import SETTINGS, TableError, csv_bytes

SEEDS = list(range(6))
# Of the reading `redraw` the runs are the study's own; it redraws.
RISES = {
    ("keep", "none"): 0.0,
    ("paper", "none"): 0.02,
    ("keep", "shuffled-inputs"): -1.0,
    ("keep", "shuffled"): 0.5,
    ("keep", "inverted"): 80.0,
}
CLAIMS = ["control-redrawn", "control-inputs", "control-layers", "control-inverted"]


def verdicts(part, runs, alpha=0.05):
    return judge(list(controls.statements(part, runs)), alpha, 100)


def simulated(noise=0.1, rises=RISES, seeds=SEEDS, random=None, **changed):
    part = slice_of_controls(seeds=seeds, **changed)
    random = random or np.random.default_rng(0)
    return part, runs_of_controls(part, rises, noise, random)


def test_intervals_are_those_of_the_paired_t_test():
    part, runs = simulated(sparsities=[90, 95])
    table = verdicts(part, runs)
    assert len(table) == 2 * 2 * 4 and table["claim"].tolist() == CLAIMS * 4
    # In order: criterion, sparsity, variant.
    pairs = [(c, s, pair) for c in ("snip", "magnitude") for s in (90, 95) for pair in RISES]
    kept = [pair for pair in pairs if pair[2] != ("keep", "none")]
    for row, (criterion, sparsity, pair) in zip(table.itertuples(), kept, strict=True):
        errors = {
            (reading, control): one.sort_values("seed")["test_error"].to_numpy()
            for (reading, control), one in runs[
                (runs["criterion"] == criterion) & (runs["sparsity"] == sparsity)
            ].groupby(["reading", "control"])
        }
        test = stats.ttest_rel(errors[pair], errors["keep", "none"])
        limits = test.confidence_interval(1 - 0.05 / 16)
        assert row.level == 1 - 0.05 / 16 and row.n == 6 and row.seeds == "exploratory"
        np.testing.assert_allclose([row.lower, row.upper], limits, rtol=1e-3, atol=1e-3)
        assert row.lower <= limits.low and limits.high <= row.upper
        assert f"{sparsity} %" in row.statement


def test_a_known_rise_is_found_whatever_the_seeds_share():
    part, runs = simulated()
    wanted = ["inconclusive", "contradicted", "supported", "supported"]
    assert verdicts(part, runs)["verdict"].tolist() == wanted * 2


def test_no_rise_is_seldom_called_one():
    repetitions, alpha = 200, 0.2
    random = np.random.default_rng(0)
    part = slice_of_controls(seeds=SEEDS, criteria=["snip"])
    wrong = sum(
        set(verdicts(part, runs_of_controls(part, {}, 0.1, random), alpha)["verdict"])
        != {"inconclusive"}
        for _ in range(repetitions)
    )
    spread = math.sqrt(repetitions * alpha * (1 - alpha))
    assert repetitions * alpha / 4 < wrong <= repetitions * alpha + 4 * spread


@pytest.mark.parametrize(
    ("control", "reading", "absent"),
    [("inverted", "keep", [3]), ("none", "paper", [0]), ("none", "keep", [0, 1, 2, 3])],
)
def test_missing_runs_are_named(control, reading, absent):
    part, runs = simulated(criteria=["snip"])
    gone = (runs["control"] == control) & (runs["reading"] == reading)
    table = verdicts(part, runs[~gone])
    assert table.index[table["n"] == 0].tolist() == absent
    for note in table.loc[absent, "note"]:
        assert note.startswith(f"missing: figures.controls has no runs with control {control} and ")


def test_a_seed_without_its_pair_does_not_count():
    part, runs = simulated(criteria=["snip"])
    table = verdicts(part, runs[(runs["control"] != "inverted") | (runs["seed"] > 1)])
    assert table["n"].tolist() == [6, 6, 6, 4]


def write_tables(results, part, runs):
    folder = results / "tables/controls"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_bytes(csv_bytes(runs))
    rows = [
        [network, dataset, reading, name, json.dumps(value)]
        for network, by_dataset in part["settings"].items()
        for dataset, by_reading in by_dataset.items()
        for reading, values in by_reading.items()
        for name, value in values.items()
    ]
    (folder / "settings.csv").write_bytes(csv_bytes(pd.DataFrame(rows, columns=SETTINGS)))


def test_the_table_from_files_says_what_each_row_compares(tmp_path):
    part, runs = simulated(sparsities=[0, 90])
    write_tables(tmp_path, part, runs)
    table = controls.table(part, tmp_path, tmp_path / "no data")
    path = tmp_path / "tables/controls.csv"
    path.write_bytes(csv_bytes(table))
    judged = controls.read_verdicts(path, part)
    assert judged["verdict"].tolist() == table["verdict"].tolist()
    assert set(judged["sparsity"]) == {90}  # nothing is said of the reference
    assert judged["criterion"].tolist() == ["snip"] * 4 + ["magnitude"] * 4
    assert (
        judged["variant"].tolist()
        == [
            "redrawn",
            "shuffled within inputs",
            "shuffled within layers",
            "inverted",
        ]
        * 2
    )
    rises = judged.groupby("variant")["value"].mean()
    assert rises["inverted"] == pytest.approx(80, abs=0.3)
    assert rises["shuffled within inputs"] == pytest.approx(-1, abs=0.3)
    with pytest.raises(TableError, match="has other statements"):
        controls.read_verdicts(path, slice_of_controls(sparsities=[95]))
