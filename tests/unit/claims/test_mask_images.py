"""Which mask images a statement finds, and with which it compares them: they are paired by name."""

import numpy as np
import pytest

from paper_study import MASKED, SCORING, SEEDS, class_masks, file_of, row_of, table_of
from snip.claims.evidence import mask_images
from snip.claims.evidence.mask_images import variant_name
from snip.masks.mask_files import MaskFileError
from snip.study.settings import SettingsError
from snip.tables.collect import TableError


def test_figures_with_other_sparsities_are_compared_at_the_common_ones(paper):
    same = table_of(paper(), "5")
    changed = paper(
        fig2=[{**MASKED, "sparsities": [10, 50, 70, 90]}],
        fig5=[{**MASKED, "datasets": ["generated-inverted"], "sparsities": [90, 95, 50]}],
    )
    one = row_of(table_of(changed, "5"), "5")
    assert "(50, 90 %)" in one["statement"] and one["verdict"] == "supported"
    assert row_of(same, "5")["statement"] == one["statement"]
    nothing = paper(fig5=[{**MASKED, "datasets": ["generated-inverted"], "sparsities": [95]}])
    one = row_of(table_of(nothing, "5"), "5")
    assert one["n"] == 0 and "figures.fig2 and figures.fig5 have no sparsity" in one["note"]


def test_masks_of_other_pruning_batches_are_not_compared(paper):
    other = {**MASKED, "datasets": ["generated-inverted"], "batch_sizes": [20]}
    one = row_of(table_of(paper(fig5=[other]), "5"), "5")
    assert one["n"] == 0 and "no network or batch size or reading in common" in one["note"]


def test_seeds_are_paired_by_name(paper):
    shifted = {**MASKED, "datasets": ["generated-inverted"], "seeds": [3, 4, 5, 6, 7]}
    assert row_of(table_of(paper(fig5=[shifted]), "5"), "5")["n"] == 3


def test_sparsities_of_other_figures_in_shared_mask_files_change_nothing(paper):
    before = table_of(paper(), "3a")
    # The anatomy shows more sparsities of the files that Figure 3 shows.
    grid = {"datasets": ["generated"], "criteria": ["snip"], "sparsities": [10, 95], "seeds": SEEDS}
    after = table_of(paper(anatomy=[grid]), "3a")
    rows = [row_of(table, "3a")[["value", "lower", "n"]].tolist() for table in (before, after)]
    assert rows[0][2] == rows[1][2] == len(SEEDS)
    assert rows[0][0] == pytest.approx(rows[1][0], abs=0.02)


def test_masks_that_the_claims_cannot_tell_apart_are_refused(paper):
    with pytest.raises(TableError, match=r"figures.fig2 has batch_size \[100, 20\]"):
        table_of(paper(fig2=[{**MASKED, "batch_sizes": [100, 20]}]))


def test_a_missing_mask_file_is_an_error_by_name(paper):
    evidence = paper()
    next(evidence.masks.folder.rglob("snip/*/class-each.npz")).unlink()
    with pytest.raises(MaskFileError, match="class-each.npz does not exist, expected {.*'snip'"):
        table_of(evidence)


def test_a_mask_file_without_a_seed_or_sparsity_or_of_other_settings_is_named(paper):
    evidence = paper()
    [(path, (masks, seeds, sparsities))] = class_masks(evidence).items()
    first = np.ones((len(seeds), 10, 2, 50, 784), bool)
    weights = SCORING | {"prunable": "weights"}
    for kind, content, said in (
        (MaskFileError, (seeds[1:], sparsities, first[1:]), "seeds 1, 2, 3, 4, 5, expected 0"),
        (MaskFileError, (seeds, ["50"], first[:, :, :1]), "sparsities 50, expected 90"),
        (SettingsError, (seeds, sparsities, first, weights), "made with prunable = 'weights'"),
    ):
        path.write_bytes(file_of(masks, *content))
        with pytest.raises(
            kind, match=f"class-each.npz (has|was) {said}.*; (delete it|--forcerun prune)"
        ):
            table_of(evidence)


def test_a_mask_file_is_read_once_for_all_its_seeds_and_figures(paper, monkeypatch):
    evidence, opened = paper(), []
    read = mask_images.read_masks
    monkeypatch.setattr(
        mask_images, "read_masks", lambda *given: opened.append(given[1]) or read(*given)
    )
    table_of(evidence)
    assert len(opened) == len(set(opened)) == 1 + 1 + 4 + 3  # Figures 2, 5, 6 and 3


def test_variants_are_named():
    assert variant_name("mnist-20", inverted=True) == "mnist-inverted-20"
    assert variant_name("mnist-inverted-20", inverted=False) == "mnist-20"
