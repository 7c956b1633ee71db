import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from made_up_evidence import layers_of, runs_of_controls, slice_of_controls
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
AS_IS, REDRAWN, INPUTS, LAYERS, INVERTED = RISES
# In the order of the statements: a variant, and what it is compared with.
CLAIMS = {
    "control-redrawn": (REDRAWN, AS_IS),
    "control-inputs": (INPUTS, AS_IS),
    "control-layers": (LAYERS, AS_IS),
    "control-inverted": (INVERTED, AS_IS),
    "mask-inputs": (INPUTS, REDRAWN),
    "mask-layers": (LAYERS, REDRAWN),
}


def verdicts(part, runs, alpha=0.05, layers=None):
    layers = layers_of(runs) if layers is None else layers
    return judge(list(controls.statements(part, runs, layers)), alpha, 100)


def simulated(noise=0.1, rises=RISES, seeds=SEEDS, random=None, **changed):
    part = slice_of_controls(seeds=seeds, **changed)
    random = random or np.random.default_rng(0)
    return part, runs_of_controls(part, rises, noise, random)


def test_intervals_are_those_of_the_paired_t_test():
    part, runs = simulated(sparsities=[90, 95])
    table = verdicts(part, runs)
    assert len(table) == 2 * 2 * 6 and table["claim"].tolist() == list(CLAIMS) * 4
    masks = [(c, s) for c in ("snip", "magnitude") for s in (90, 95) for _ in CLAIMS]
    for row, (criterion, sparsity) in zip(table.itertuples(), masks, strict=True):
        errors = {
            (reading, control): one.sort_values("seed")["test_error"].to_numpy()
            for (reading, control), one in runs[
                (runs["criterion"] == criterion) & (runs["sparsity"] == sparsity)
            ].groupby(["reading", "control"])
        }
        test = stats.ttest_rel(*(errors[pair] for pair in CLAIMS[row.claim]))
        limits = test.confidence_interval(1 - 0.05 / 24)
        assert row.level == 1 - 0.05 / 24 and row.n == 6 and row.seeds == "exploratory"
        np.testing.assert_allclose([row.lower, row.upper], limits, rtol=1e-3, atol=1e-3)
        assert row.lower <= limits.low and limits.high <= row.upper
        assert f"{sparsity} %" in row.statement


def test_a_known_rise_is_found_whatever_the_seeds_share():
    part, runs = simulated()
    wanted = ["inconclusive", "contradicted", "supported", "supported", "contradicted", "supported"]
    assert verdicts(part, runs)["verdict"].tolist() == wanted * 2


def test_an_effect_of_the_weights_is_none_of_the_mask():
    part, runs = simulated(rises=dict.fromkeys([REDRAWN, INPUTS, LAYERS], -2), criteria=["snip"])
    found = verdicts(part, runs).set_index("claim")["verdict"]
    assert set(found[["control-redrawn", "control-inputs", "control-layers"]]) == {"contradicted"}
    assert set(found[["mask-inputs", "mask-layers"]]) == {"inconclusive"}


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
    [("inverted", "keep", [3]), ("none", "paper", [0, 4, 5]), ("none", "keep", [0, 1, 2, 3])],
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
    assert table["n"].tolist() == [6, 6, 6, 4, 6, 6]


def without_path(runs, variant, seeds=SEEDS):
    """Layers of which the runs of a variant and these seeds have nothing on a path."""
    layers = layers_of(runs)
    of_variant = (layers["reading"] == variant[0]) & (layers["control"] == variant[1])
    layers.loc[of_variant & layers["seed"].isin(seeds), "effective"] = 0
    return layers


@pytest.mark.parametrize(
    ("variant", "name", "absent"), [(AS_IS, "as is", [0, 1, 2, 3]), (REDRAWN, "redrawn", [4, 5])]
)
def test_nothing_is_compared_with_networks_that_all_lack_a_path(variant, name, absent):
    part, runs = simulated(criteria=["snip"])
    table = verdicts(part, runs, layers=without_path(runs, variant))
    assert table.index[table["n"] == 0].tolist() == absent
    assert set(table.loc[absent, "verdict"]) == {"inconclusive"}
    wanted = (
        f"missing: {name}, no network has a path from input to output, so all output a constant"
    )
    assert set(table.loc[absent, "note"]) == {wanted}


def test_networks_without_a_path_are_counted():
    part, runs = simulated(criteria=["snip"])
    table = verdicts(part, runs, layers=without_path(runs, INVERTED)).set_index("claim")
    note = "inverted, no path from input to output in 6 of 6; on a path: 0 % of the kept, "
    assert table["note"].tolist() == [""] * 3 + [note + "100 % in the baseline"] + [""] * 2
    assert table.loc["control-inverted", "verdict"] == "supported"
    table = verdicts(part, runs, layers=without_path(runs, REDRAWN, [1, 4])).set_index("claim")
    found = "redrawn, no path from input to output in 2 of 6"
    for claim in ("control-redrawn", "mask-inputs", "mask-layers"):
        assert table.loc[claim, "note"].startswith(found) and table.loc[claim, "n"] == 6


def test_a_note_says_which_share_of_the_connections_is_on_a_path():
    part, runs = simulated(criteria=["snip"])
    layers = layers_of(runs)
    shuffled = layers["control"] == "shuffled-inputs"
    # Of 50 connections in each of two layers 30 or, in the first seed, 20 are on a path.
    layers.loc[shuffled, "effective"] = 30
    layers.loc[shuffled & (layers["seed"] == 0), "effective"] = 20
    notes = verdicts(part, runs, layers=layers).set_index("claim")["note"]
    wanted = "on a path: 57 % of the kept, 100 % in the baseline"
    assert notes[notes != ""].to_dict() == {"control-inputs": wanted, "mask-inputs": wanted}


def write_tables(results, part, runs):
    folder = results / "tables/controls"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_bytes(csv_bytes(runs))
    (folder / "layers.csv").write_bytes(csv_bytes(layers_of(runs)))
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
    assert judged["criterion"].tolist() == ["snip"] * 6 + ["magnitude"] * 6
    compared = list(zip(judged["variant"], judged["baseline"], strict=True))
    names = dict(zip(RISES, controls.VARIANTS, strict=True))
    assert compared == [(names[one], names[other]) for one, other in CLAIMS.values()] * 2
    rises = judged.groupby(["variant", "baseline"])["value"].mean()
    assert rises["inverted", "as is"] == pytest.approx(80, abs=0.3)
    assert rises["shuffled within inputs", "redrawn"] == pytest.approx(-1.02, abs=0.3)
    with pytest.raises(TableError, match="has other statements"):
        controls.read_verdicts(path, slice_of_controls(sparsities=[95]))
    with pytest.raises(TableError, match="has other statements"):  # about another error
        controls.read_verdicts(path, part | {"reported_error": "best_test_error"})
