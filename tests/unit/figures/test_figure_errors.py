import numpy as np
import pandas as pd
import pytest
from scipy import stats

import drawings
from snip.figures import errors
from snip.tables.intervals import differences_from_reference


def segments(axis):
    """The ends of the error bars in a panel, bottom and top, from left to right."""
    bars = [bar for bars in axis.containers for bar in bars[2]]
    ends = [segment[:, 1] for bar in bars for segment in bar.get_segments()]
    return np.array(ends)


def test_figure_1_shows_errors_and_differences_of_the_same_seeds_with_their_intervals():
    table = drawings.table_of_runs(networks=["lenet-5-caffe"], seeds=4)
    figure, shown = drawings.figure1(table, margins={"lenet-5-caffe": 0.2})
    upper, lower = figure.axes
    by_seed = table.pivot(index="seed", columns="sparsity", values="test_error")
    differences = by_seed[[50, 90]].sub(by_seed[0], axis=0)
    plain = stats.ttest_1samp(by_seed, 0).confidence_interval()
    expected = sorted(zip(plain.low, plain.high, strict=True))
    np.testing.assert_allclose(sorted(map(tuple, segments(upper))), expected)
    assert not len(segments(lower))  # one interval each: that of the claim
    at_once = differences_from_reference(table, "test_error", drawings.LEVEL)
    bars = [line.get_ydata() for line in lower.get_lines() if line.get_marker() == "_"]
    np.testing.assert_allclose(bars, at_once[["lower", "upper"]])
    of_points = shown.query("sparsity > 0 and published != published").drop_duplicates("sparsity")
    np.testing.assert_allclose(of_points["difference"], differences.mean())
    np.testing.assert_allclose(
        shown.query("sparsity == 90")["less_unpruned"], differences[90], atol=1e-9
    )
    assert shown.query("sparsity == 0")["less_unpruned"].isna().all()
    band = lower.patches[0].get_extents().transformed(lower.transData.inverted())
    np.testing.assert_allclose([band.y0, band.y1], [-0.2, 0.2])
    assert [text.get_text() for text in lower.texts] == ["±0.2"]


@pytest.mark.parametrize(
    ("fewer", "said"), [(3, " 3 runs per mean,"), (2, " 3 runs in (a), 2 runs in (b) per mean,")]
)
def test_small_print_of_figure_1_says_how_many_runs_each_panel_has(fewer, said):
    table = drawings.table_of_runs(seeds=3)
    kept = (table["network"] == "lenet-300-100") | (table["seed"] < fewer)
    figure, _ = drawings.figure1(table[kept])
    assert said in " ".join(figure._supxlabel.get_text().split())


def test_differences_are_those_of_the_claim_beside_sparser_runs():
    """Claim 1 ends at 90 %: sparser networks have errors, but no part in its intervals."""
    table = drawings.table_of_runs(networks=["lenet-5-caffe"], seeds=4)
    sparser = table[table["sparsity"] == 90].assign(sparsity=98, test_error=[5.0, 6, 7, 8])
    figure, shown = drawings.figure1(pd.concat([table, sparser]))
    _, alone = drawings.figure1(table)
    upper, lower = figure.axes
    assert upper.get_ylim()[1] > 8 > 2 > lower.get_ylim()[1]
    bars = [line for line in lower.get_lines() if line.get_marker() == "_"]
    assert [line.get_xdata()[0] for line in bars] == [50, 90]
    columns = ["sparsity", "difference", "difference_lower", "difference_upper"]
    kept = shown.query("sparsity != 98 or published == published")
    pd.testing.assert_frame_equal(kept[columns], alone[columns], check_index_type=False)
    rows = shown[shown["test_error"] >= 5]
    assert len(rows) == 4 and rows[[*columns[1:], "less_unpruned"]].isna().all(axis=None)
    figure, shown = drawings.figure1(pd.concat([table[table["sparsity"] == 0], sparser]))
    assert shown["difference"].isna().all() and not figure.axes[1].get_lines()[1:]


@pytest.mark.parametrize("sparser", [[], [95, 98], [91]])
def test_single_runs_stand_nearer_to_their_own_sparsity_than_to_another(sparser):
    table = drawings.table_of_runs(["snip", "random"], ["lenet-5-caffe"])
    pruned = table[table["sparsity"] == 90]
    more = [pruned.assign(sparsity=sparsity, test_error=4 + sparsity / 100) for sparsity in sparser]
    figure, shown = drawings.figure1(pd.concat([table, *more]))
    sparsities = shown["sparsity"].unique()
    places = errors.on_axis(sparsities, errors.STRETCH if sparser else 1)
    for x, error in figure.axes[0].collections[0].get_offsets():
        nearest = sparsities[np.abs(places - x).argmin()]
        assert nearest in shown.loc[np.isclose(shown["test_error"], error), "sparsity"].values


def test_single_runs_stand_beside_the_means_and_criteria_beside_each_other():
    figure, shown = drawings.figure1(drawings.table_of_runs(["snip", "random"], ["lenet-5-caffe"]))
    upper = figure.axes[0]
    runs = upper.collections[0].get_offsets()
    drawn = {round(x, 6) for x in runs[:, 0]}
    means = {round(x, 6) for line in upper.get_lines() for x in np.ravel(line.get_xdata())}
    assert len(drawn) == 1 + 2 * 2 and not drawn & means
    np.testing.assert_allclose(np.sort(runs[:, 1]), np.sort(shown["test_error"].dropna()))


def test_published_errors_are_open_marks_also_at_sparsities_without_runs():
    figure, shown = drawings.figure1()
    for axis, expected in ((figure.axes[0], [[0, 1.7], [98, 2.4]]), (figure.axes[1], [])):
        marks = [dots for dots in axis.collections if dots.get_label() == errors.PUBLISHED]
        assert marks[0].get_offsets().tolist() == expected
        assert marks[0].get_facecolor().size == 0
    assert shown["published"].dropna().tolist() == [1.7, 2.4]


@pytest.mark.parametrize(("error", "limits"), [(2, (0, 10)), (89.9, (80, 100))])
def test_scales_end_where_errors_do(error, limits):
    table = drawings.table_of_runs(networks=["lenet-5-caffe"])
    table["test_error"] = error + table["seed"]  # two seeds: intervals of some 12 points
    figure, _ = drawings.figure1(table, published=drawings.TABLE1[:0])
    low, high = figure.axes[0].get_ylim()
    assert limits[0] <= low < high <= limits[1]


@pytest.mark.parametrize("count", [1, 11, 23])
def test_every_criterion_is_drawn_and_named_once(count):
    criteria = [f"criterion-{number}" for number in range(count)]
    figure, _ = drawings.figure1(drawings.table_of_runs(criteria))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == sorted(
        [
            *criteria,
            errors.UNPRUNED,
            errors.PUBLISHED,
            "differences that count as none",
        ]
    )
    assert not any(axis.get_legend() for axis in figure.axes)


def test_panels_have_their_own_networks_and_data_sets():
    other = drawings.table_of_runs(networks=["lenet-5-caffe"]).assign(dataset="fashion-mnist")
    figure, _ = drawings.figure1(pd.concat([drawings.table_of_runs(), other]))
    titles = [axis.get_title(loc="left") for axis in figure.axes if axis.get_title(loc="left")]
    networks = ["LeNet-300-100, MNIST", "LeNet-5-Caffe, MNIST", "LeNet-5-Caffe, Fashion-MNIST"]
    assert titles == [f"({letter}) {name}" for letter, name in zip("abc", networks, strict=True)]
    assert sum(axis.get_visible() for axis in figure.axes) == 6


def test_the_axis_is_stretched_above_the_sparsities_of_the_caption_where_there_are_runs():
    table = drawings.table_of_runs(networks=["lenet-300-100"])
    sparser = table[table["sparsity"] == 90].assign(sparsity=98)
    figure, _ = drawings.figure1(pd.concat([table, sparser]))
    upper, lower = figure.axes
    labels = [text.get_text() for text in lower.get_xticklabels()]
    ticks = dict(zip(labels, lower.get_xticks(), strict=True))
    assert [ticks[label] for label in ("80", "90", "95", "100")] == [80, 90, 110, 130]
    rings = [dots for dots in upper.collections if dots.get_label() == errors.PUBLISHED]
    assert rings[0].get_offsets().tolist() == [[0, 1.7], [122, 2.4]]
    means = next(line for line in upper.get_lines() if len(line.get_xdata()) == 3)
    assert means.get_xdata().tolist() == [50, 90, 122]
    said = "the axis is stretched above 90"
    assert said in " ".join(figure._supxlabel.get_text().split())
    assert said not in " ".join(drawings.figure1()[0]._supxlabel.get_text().split())


def test_a_line_joins_a_published_error_and_our_mean_of_its_sparsity():
    table = drawings.table_of_runs(networks=["lenet-300-100"], seeds=3)
    figure, _ = drawings.figure1(table)  # no run at the published 98 %
    [lines] = [each for each in figure.axes[0].collections if each.get_label() == "_joined"]
    unpruned = table.query("sparsity == 0")["test_error"].mean()
    [drawn] = [part for part in lines.get_segments() if len(part)]
    np.testing.assert_allclose(drawn, [[0, 1.7], [0, unpruned]])
