"""Which runs and masks a statement finds, and with which it compares them: paired by name."""

import numpy as np
import pandas as pd
import pytest

from made_up_results import write_masks
from paper_study import CONTROL, SCORED, SEEDS, configuration, outcome, table_of
from snip.claims.evidence import Kind, gather, variant_name
from snip.claims.verdicts import Missing
from snip.masks.mask_files import MaskFileError
from snip.study.spec import spec_of
from snip.tables.collect import TableError

ORIGINAL, INVERTED = Kind("fig2", "snip", "generated"), Kind("fig5", "snip", "generated-inverted")
INVERTED_GRID = {**SCORED, "datasets": ["generated-inverted"]}


def test_evidence_has_each_figures_runs_and_masks(tmp_path, generated):
    """From the tables and mask files of a study that also has other runs."""
    grid = {"datasets": ["generated"], "seeds": [0, 1]}
    shown = {
        "fig1": [{**grid, "sparsities": [0, 90]}],
        "fig2": [{**grid, "sparsities": [50, 90]}],
        "fig3": [{**grid, "batch_sizes": [1, "all"], "criteria": ["snip", "magnitude"]}],
    }
    spec = spec_of(configuration(**shown), "claims")
    grids = {name: grids if name in shown else [] for name, grids in spec.grids.items()}
    spec = spec.model_copy(update={"grids": grids})
    runs = pd.DataFrame([run.key | outcome(run) for run in spec.runs()])
    masks = tmp_path / "masks"
    counts = write_masks(masks, spec, ["fig2", "fig3"])
    found = gather(spec, pd.concat([runs, runs.assign(dataset="mnist")]), masks, generated)
    assert found.runs.groupby("figure").size().to_dict() == {"fig1": 4, "fig3": 4}
    assert set(found.of("fig3")["batch_size"]) == {1, 540}  # `all` that are trained on
    assert set(found.of("fig1")["sparsity"]) == {0, 90}
    [images] = found.paired(ORIGINAL)
    assert list(images) == [0, 1] and images[0].shape == (10, 2, 784)
    assert images[1] == pytest.approx(counts["fig2"][1].reshape(10, 2, 784) / 300, abs=1e-4)
    assert (found.masks["figure"] == "fig3").sum() == 2 * 2 * 2
    next(masks.rglob("*.npz")).unlink()
    with pytest.raises(MaskFileError, match="does not exist"):
        gather(spec, runs, masks, generated)


def test_masks_are_compared_at_the_sparsities_and_seeds_that_both_have(paper):
    wide = {**SCORED, "sparsities": [10, 50, 70, 90]}
    shifted = {**INVERTED_GRID, "sparsities": [90, 95, 50], "seeds": [3, 4, 5, 6, 7]}
    evidence = paper(fig2=[wide], fig5=[shifted])
    assert evidence.sparsities(ORIGINAL, INVERTED) == [50, 90]
    originals, inverted = evidence.paired(ORIGINAL, INVERTED)
    assert list(originals) == list(inverted) == [3, 4, 5]
    [of_all] = evidence.paired(ORIGINAL)
    assert of_all[3].shape == (10, 4, 784)
    assert np.array_equal(originals[3], of_all[3][:, [1, 3]])
    rows = table_of(evidence, "2b-generated-strokes", "5-generated-same")
    of_one, of_both = rows["statement"]
    assert "(4 sparsities, 10 to 90 %)" in of_one and "(50, 90 %)" in of_both
    assert rows["n"].tolist() == [len(SEEDS), 3]


@pytest.mark.parametrize("other", [{"batch_sizes": [20]}, {"sparsities": [95]}, {"seeds": [6, 7]}])
def test_masks_that_share_nothing_are_not_compared(paper, other):
    evidence = paper(fig5=[INVERTED_GRID | other])
    said = "the masks of figures.fig2 and figures.fig5 have no network, batch_size, .* in common"
    with pytest.raises(Missing, match=said):
        evidence.paired(ORIGINAL, INVERTED)


def test_references_under_two_criteria_count_once(paper):
    grid = {"datasets": ["generated"], "sparsities": [0, 50, 90], "seeds": SEEDS}
    fig1 = [{**grid, "criteria": [criterion]} for criterion in ("magnitude", "snip")]
    [row] = table_of(paper(fig1=fig1), "1a-generated-equal").itertuples()
    assert (row.n, row.verdict) == (len(SEEDS), "supported")


def test_runs_of_claims_alone_that_cannot_be_told_apart_are_refused(paper):
    evidence = paper(claims=[CONTROL[0] | {"weight_decays": [0, 0.0005]}])
    with pytest.raises(TableError, match="claims.runs has several runs at 99 % of a seed"):
        table_of(evidence)


def test_variants_are_named():
    assert variant_name("mnist-20", inverted=True) == "mnist-inverted-20"
    assert variant_name("mnist-inverted-20", inverted=False) == "mnist-20"
