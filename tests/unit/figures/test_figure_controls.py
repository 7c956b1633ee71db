import numpy as np
import pytest

import drawings
import extra_drawings
from snip.claims.controls import VARIANTS

# Redrawing is contradicted, shuffling within inputs undecided, the others are supported.
RISES = {("paper", "none"): -0.7, ("keep", "shuffled"): 0.5, ("keep", "inverted"): 80}
VERDICTS = {
    "redrawn": "contradicted",
    "shuffled within inputs": "inconclusive",
    "shuffled within layers": "supported",
    "inverted": "supported",
}


def of_one_criterion(**changed):
    figure, shown = extra_drawings.figure_of_controls(RISES, criteria=["snip"], **changed)
    return *figure.axes, shown


def test_the_intervals_below_are_those_that_decide_and_filled_points_are_decided():
    _, lower, _, shown = of_one_criterion()
    rows = shown.drop_duplicates("variant").set_index("variant").loc[list(VERDICTS)]
    assert rows["verdict"].to_dict() == VERDICTS
    assert len(lower.containers) == len(rows)
    for bars, (variant, row) in zip(lower.containers, rows.iterrows(), strict=True):
        point, _, (interval,) = bars
        assert point.get_ydata().item() == row["difference"]
        limits = interval.get_segments()[0][:, 1]
        np.testing.assert_allclose(limits, [row["difference_lower"], row["difference_upper"]])
        hollow = point.get_markerfacecolor() == "white"
        assert hollow == (VERDICTS[variant] == "inconclusive")
        assert hollow == (limits[0] <= 0 <= limits[1])


def test_the_lowest_panel_compares_the_shuffles_with_redrawn_weights():
    *_, lowest, shown = of_one_criterion()
    shuffled = shown[shown["from_redrawn"].notna()].drop_duplicates("variant")
    assert shuffled["variant"].tolist() == ["shuffled within inputs", "shuffled within layers"]
    assert [bars[0].get_ydata().item() for bars in lowest.containers] == [*shuffled["from_redrawn"]]
    errors = shown.groupby("variant")["test_error"].mean()
    for row in shuffled.itertuples():
        rise = errors[row.variant] - errors["redrawn"]
        assert row.from_redrawn == pytest.approx(rise, rel=1e-3)
        assert row.from_redrawn_verdict == "supported"  # the error is lowest of redrawn weights


@pytest.mark.parametrize(
    ("pathless", "crossed", "counts"),
    [
        ([], [], [4, 2]),
        (["inverted"], ["inverted"], [4, 2]),
        (["none"], ["as is", "redrawn"], [0, 0]),
    ],
)
def test_networks_without_a_path_are_crossed_out_and_nothing_is_compared_with_them(
    pathless, crossed, counts
):
    upper, *below, shown = of_one_criterion(pathless=pathless)
    means = shown[shown["no_path"]].drop_duplicates("variant")
    assert means["variant"].tolist() == crossed
    crosses = [line.get_ydata().tolist() for line in upper.get_lines() if line.get_marker() == "x"]
    assert sum(crosses, []) == means["mean"].tolist()
    values = [[bars[0].get_ydata().item() for bars in axis.containers] for axis in below]
    assert [np.isfinite(each).sum() for each in values] == counts


def test_the_errors_above_are_means_and_single_runs():
    upper, *_, shown = of_one_criterion()
    assert [bars.get_label() for bars in upper.containers] == list(VARIANTS)
    for bars in upper.containers:
        of_variant = shown.loc[shown["variant"] == bars.get_label(), "test_error"]
        assert bars[0].get_ydata().item() == pytest.approx(of_variant.mean())
    points = [dots.get_offsets()[:, 1] for dots in upper.collections if len(dots.get_offsets()) > 1]
    np.testing.assert_allclose(np.sort(np.concatenate(points)), np.sort(shown["test_error"]))


def test_the_table_has_a_row_per_run_and_no_difference_of_the_mask_as_is():
    *_, shown = of_one_criterion(sparsities=[90, 95])
    assert len(shown) == 5 * 2 * 4
    assert shown["difference"].isna().tolist() == (shown["variant"] == "as is").tolist()


def test_the_reference_is_that_of_the_mask_as_is():
    upper, *_, lowest, shown = of_one_criterion(sparsities=[0, 90])
    reference = shown[shown["sparsity"] == 0]
    assert set(reference["variant"]) == {"as is"} and len(reference) == 4
    dashed = [line for line in upper.get_lines() if "reference" in line.get_label()]
    assert dashed[0].get_ydata()[0] == pytest.approx(reference["test_error"].mean())
    assert [text.get_text() for text in lowest.get_xticklabels()] == ["90"]


@pytest.mark.parametrize("networks", [["lenet-300-100"], ["lenet-300-100", "lenet-5-caffe"]])
@pytest.mark.parametrize("criteria", [["snip"], ["snip", "magnitude", "gradient-signed", "random"]])
def test_panels_and_their_names_do_not_overlap(networks, criteria):
    figure, _ = extra_drawings.figure_of_controls(networks=networks, criteria=criteria)
    figure.draw_without_rendering()
    count = len(networks) * len(criteria)
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert len(visible) == 3 * count
    titles = [axis.title for axis in visible] + [axis._left_title for axis in visible]
    titles = [title for title in titles if title.get_text()]
    assert len(titles) == count and drawings.none_over_another(titles)
    assert drawings.none_over_another(visible)
