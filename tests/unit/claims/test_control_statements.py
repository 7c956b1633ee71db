import numpy as np
import pytest
from scipy import stats

from made_up_evidence import layers_of, runs_of_controls, spec_of_controls
from snip.claims import controls
from snip.claims.verdicts import judge
from snip.tables.collect import TableError, csv_bytes

SEEDS = list(range(6))
# By reading and control. Of the reading `redraw` the runs are the study's own; it redraws.
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


def verdicts(spec, runs, alpha=0.05, layers=None):
    layers = layers_of(runs) if layers is None else layers
    return judge(list(controls.statements(spec, runs, layers)), alpha, 100)


def simulated(noise=0.1, rises=RISES, criteria=("snip",), **changed):
    spec = spec_of_controls(seeds=SEEDS, criteria=list(criteria), **changed)
    return spec, runs_of_controls(spec, rises, noise, np.random.default_rng(0))


def test_intervals_are_those_of_the_paired_t_test():
    spec, runs = simulated(sparsities=[90, 99.5], criteria=["snip", "magnitude"])
    table = verdicts(spec, runs)
    masks = [(c, s) for c in ("snip", "magnitude") for s in (90, 99.5)]
    assert table["name"].tolist() == [
        f"{claim}-lenet-300-100-{criterion}-{f'{sparsity:g}'.replace('.', '-')}"
        for criterion, sparsity in masks
        for claim in CLAIMS
    ]
    rows = [mask for mask in masks for _ in CLAIMS]
    for row, (criterion, sparsity) in zip(table.itertuples(), rows, strict=True):
        of_mask = runs[runs["criterion"].eq(criterion) & runs["sparsity"].eq(sparsity)]
        errors = of_mask.pivot(index="seed", columns=["reading", "control"], values="test_error")
        test = stats.ttest_rel(*(errors[pair] for pair in CLAIMS[row.claim]))
        limits = test.confidence_interval(1 - 0.05 / 24)
        assert row.level == 1 - 0.05 / 24 and row.n == 6 and row.seeds == "exploratory"
        np.testing.assert_allclose([row.lower, row.upper], limits, rtol=1e-3, atol=1e-3)
        assert f"{sparsity:g} %" in row.statement


def test_a_known_rise_is_found_whatever_the_seeds_share():
    wanted = ["inconclusive", "contradicted", "supported", "supported", "contradicted", "supported"]
    assert verdicts(*simulated())["verdict"].tolist() == wanted


@pytest.mark.parametrize(
    ("variant", "absent"), [(INVERTED, [3]), (REDRAWN, [0, 4, 5]), (AS_IS, [0, 1, 2, 3])]
)
def test_missing_runs_are_named(variant, absent):
    spec, runs = simulated()
    gone = runs["reading"].eq(variant[0]) & runs["control"].eq(variant[1])
    table = verdicts(spec, runs[~gone])
    assert table.index[table["n"] == 0].tolist() == absent
    for note in table.loc[absent, "note"]:
        assert note.startswith(
            f"missing: figures.controls has no runs with control {variant[1]} and initial_weights "
        )


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
    spec, runs = simulated()
    table = verdicts(spec, runs, layers=without_path(runs, variant))
    assert table.index[table["n"] == 0].tolist() == absent
    said = f"missing: {name}, no network has a path from input to output, so all output a constant"
    assert set(table.loc[absent, "note"]) == {said}


def test_networks_without_a_path_are_counted():
    spec, runs = simulated()
    table = verdicts(spec, runs, layers=without_path(runs, INVERTED)).set_index("claim")
    note = "inverted, no path from input to output in 6 of 6; on a path: 0 % of the kept, "
    assert table["note"].tolist() == [""] * 3 + [note + "100 % in the baseline"] + [""] * 2
    table = verdicts(spec, runs, layers=without_path(runs, REDRAWN, [1, 4])).set_index("claim")
    found = "redrawn, no path from input to output in 2 of 6"
    for claim in ("control-redrawn", "mask-inputs", "mask-layers"):
        assert table.loc[claim, "note"].startswith(found) and table.loc[claim, "n"] == 6


def test_a_note_says_which_share_of_the_connections_is_on_a_path():
    spec, runs = simulated()
    layers = layers_of(runs)
    shuffled = layers["control"] == "shuffled-inputs"
    # Of 50 connections in each of two layers 30 or, in the first seed, 20 are on a path.
    layers.loc[shuffled, "effective"] = 30
    layers.loc[shuffled & (layers["seed"] == 0), "effective"] = 20
    notes = verdicts(spec, runs, layers=layers).set_index("claim")["note"]
    wanted = "on a path: 57 % of the kept, 100 % in the baseline"
    assert notes[notes != ""].to_dict() == {"control-inputs": wanted, "mask-inputs": wanted}


def test_the_table_from_files_says_what_each_row_compares(tmp_path):
    spec, runs = simulated(sparsities=[0, 90], criteria=["snip", "magnitude"])
    folder = tmp_path / "tables/controls"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_bytes(csv_bytes(runs))
    (folder / "layers.csv").write_bytes(csv_bytes(layers_of(runs)))
    table = controls.table(spec, folder, tmp_path / "no masks", tmp_path / "no data")
    path = tmp_path / "tables/controls.csv"
    path.write_bytes(csv_bytes(table))
    judged = controls.read_verdicts(path, spec)
    assert judged["verdict"].tolist() == table["verdict"].tolist()
    assert set(judged["sparsity"]) == {90}  # nothing is said of the reference
    assert judged["criterion"].tolist() == ["snip"] * 6 + ["magnitude"] * 6
    compared = list(zip(judged["variant"], judged["baseline"], strict=True))
    names = dict(zip(RISES, controls.VARIANTS, strict=True))
    assert compared == [(names[one], names[other]) for one, other in CLAIMS.values()] * 2
    with pytest.raises(TableError, match="has other statements"):
        controls.read_verdicts(path, spec_of_controls(sparsities=[95]))
