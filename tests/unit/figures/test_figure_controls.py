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


def points_of(axis):
    """The markers below: the lines that have one point and a marker."""
    return [line for line in axis.get_lines() if len(line.get_xdata()) == 1]


def test_the_intervals_below_are_those_that_decide_and_filled_points_are_decided():
    _, lower, _, shown = of_one_criterion()
    rows = shown.drop_duplicates("variant").set_index("variant").loc[list(VERDICTS)]
    assert rows["verdict"].to_dict() == VERDICTS
    bars = [line.get_ydata() for line in lower.get_lines() if line.get_linewidth() == 0.8][1:]
    np.testing.assert_allclose(bars, rows[["difference_lower", "difference_upper"]])
    for point, (variant, row) in zip(points_of(lower), rows.iterrows(), strict=True):
        assert point.get_ydata()[0] == row["difference"]
        assert (point.get_markerfacecolor() == "w") == (VERDICTS[variant] == "inconclusive")


def test_the_lowest_panel_compares_the_shuffles_with_redrawn_weights():
    *_, lowest, shown = of_one_criterion()
    shuffled = shown[shown["from_redrawn"].notna()].drop_duplicates("variant")
    assert shuffled["variant"].tolist() == ["shuffled within inputs", "shuffled within layers"]
    assert [point.get_ydata()[0] for point in points_of(lowest)] == [*shuffled["from_redrawn"]]
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
    values = [[point.get_ydata()[0] for point in points_of(axis)] for axis in below]
    assert [np.isfinite(each).sum() for each in values] == counts


def test_the_errors_above_are_means_and_single_runs_of_every_variant():
    upper, *_, shown = of_one_criterion(sparsities=[0, 90])
    # The unpruned network is that of the mask as is.
    unpruned = shown[shown["sparsity"] == 0]
    assert set(unpruned["variant"]) == {"as is"} and len(unpruned) == 4
    dashed = [line for line in upper.get_lines() if line.get_linestyle() == "--"]
    assert dashed[0].get_ydata()[0] == pytest.approx(unpruned["test_error"].mean())
    pruned = shown[shown["sparsity"] > 0]
    runs = upper.collections[0].get_offsets()[:, 1]
    np.testing.assert_allclose(np.sort(runs), np.sort(pruned["test_error"]))
    drawn = {line.get_ydata()[0] for line in points_of(upper)}
    means = pruned.groupby("variant")["test_error"].mean()
    assert all(min(abs(mean - each) for each in drawn) < 1e-9 for mean in means)
    assert list(means.index.sort_values()) == sorted(VARIANTS)


@pytest.mark.parametrize("networks", [["lenet-300-100"], ["lenet-300-100", "lenet-5-caffe"]])
@pytest.mark.parametrize("criteria", [["snip"], ["snip", "magnitude", "gradient-signed", "random"]])
def test_panels_and_their_names_do_not_overlap(networks, criteria):
    figure, _ = extra_drawings.figure_of_controls(networks=networks, criteria=criteria)
    figure.draw_without_rendering()
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert len(visible) == 3 * len(networks) * len(criteria)
    titles = [axis._left_title for axis in visible if axis._left_title.get_text()]
    assert len(titles) == len(networks) * len(criteria) and drawings.none_over_another(titles)
    assert drawings.none_over_another(visible)
