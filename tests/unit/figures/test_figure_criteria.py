import numpy as np
import pandas as pd
import pytest
from scipy import stats

import extra_drawings
from made_up_evidence import layers_of
from snip.figures import criteria


def errors_at_90(**errors):
    """Runs at 90 % with these errors by criterion, one per seed."""
    runs = extra_drawings.runs_of_criteria(list(errors), seeds=3).query("sparsity == 90")
    return runs.assign(test_error=np.concatenate([np.asarray(e, float) for e in errors.values()]))


def of_criteria(compared, column):
    return compared.set_index("criterion")[column].to_dict()


def test_criteria_are_ranked_by_their_mean_error():
    runs = errors_at_90(a=[1, 2, 6], snip=[2, 2, 2], b=[2, 3, 4], c=[4, 3, 2])
    ranks = of_criteria(criteria.compare(runs, "test_error"), "rank")
    assert ranks == {"snip": 1, "a": 2, "b": 2, "c": 2}
    runs = errors_at_90(a=[1, 2, 3], snip=[2, 2, 5], b=[2, 4, 0.1])
    assert of_criteria(criteria.compare(runs, "test_error"), "rank") == {"a": 1, "b": 2, "snip": 3}


def test_an_outlier_moves_the_rank_by_mean_and_not_that_by_median():
    runs = errors_at_90(snip=[2, 2, 2], a=[1, 1, 70])
    compared = criteria.compare(runs, "test_error")
    assert of_criteria(compared, "rank") == {"a": 2, "snip": 1}
    assert of_criteria(compared, "median_rank") == {"a": 1, "snip": 2}


def test_differences_have_the_intervals_of_the_paired_t_test_at_once():
    errors = {"snip": [2.0, 3.1, 2.4], "a": [2.5, 3.2, 3.1], "b": [40, 90, 20]}
    runs = errors_at_90(**errors)
    runs = pd.concat([runs, runs.assign(network="another")])
    compared = criteria.compare(runs, "test_error")
    assert compared["difference"].notna().sum() == 4
    compared = compared[compared["network"] == "another"].set_index("criterion")
    for name in "ab":
        test = stats.ttest_rel(errors[name], errors["snip"])
        # Bonferroni over both networks, for this sparsity and two criteria.
        limits = test.confidence_interval(1 - 0.05 / 4)
        found = compared.loc[name, ["difference_lower", "difference_upper"]].tolist()
        np.testing.assert_allclose(found, limits)
        assert compared.loc[name, "difference"] == pytest.approx(
            np.subtract(errors[name], errors["snip"]).mean()
        )
    assert compared.loc["snip", criteria.DIFFERENCE].isna().all()


def test_seeds_with_a_higher_error_are_counted():
    runs = errors_at_90(snip=[2, 3, 2], a=[2, 3.1, 60], b=[1, 1, 1])
    compared = criteria.compare(runs, "test_error")
    assert of_criteria(compared.dropna(), "worse") == {"a": 2, "b": 0}
    assert of_criteria(compared.dropna(), "n") == {"a": 3, "b": 3}


def test_a_criterion_without_one_of_the_seeds_has_a_rank_and_no_difference():
    runs = errors_at_90(snip=[2, 3, 2], a=[1, 2, 1], b=[4, 5, 6])
    runs = runs[(runs["criterion"] != "a") | (runs["seed"] > 0)]
    compared = criteria.compare(runs, "test_error").set_index("criterion")
    assert compared["rank"].to_dict() == {"a": 1, "snip": 2, "b": 3}
    assert compared["difference"].notna().to_dict() == {"a": False, "snip": False, "b": True}
    without = criteria.compare(runs[runs["criterion"] != "snip"], "test_error")
    assert without["difference"].isna().all()


def lines_of(axis):
    """The lines of means, with as many points as sparsities."""
    return [
        line for line in axis.get_lines() if line.get_linestyle() == "-" and line.get_linewidth()
    ]


def test_single_runs_are_drawn_and_means_have_their_intervals():
    runs = errors_at_90(snip=[2, 2.1, 2.05], a=[2, 3, 4])
    for axis in extra_drawings.figure_of_criteria(runs, layers_of(runs))[0].axes:
        errors = axis.collections[0].get_offsets()[:, 1]
        np.testing.assert_allclose(np.sort(errors), [2, 2, 2.05, 2.1, 3, 4])
        bars = [bar for bars in axis.containers for bar in bars[2]]
        ends = [segment[:, 1] for bar in bars for segment in bar.get_segments()]
        exact = [stats.ttest_1samp(e, 0).confidence_interval() for e in ([2, 2.1, 2.05], [2, 3, 4])]
        np.testing.assert_allclose(ends, exact)
        assert axis.get_ylim()[0] > 0


def test_points_lie_at_the_sparsity_asked_for_and_at_the_mean_effective_one():
    runs = extra_drawings.runs_of_criteria(["snip"], seeds=2)
    layers = layers_of(runs, 0.5)
    at_99 = (layers["sparsity"] == 99) & (layers["seed"] == 0)
    layers.loc[at_99, "effective"] = 0
    figure, shown = extra_drawings.figure_of_criteria(runs, layers)
    left, right = figure.axes
    # Half of the kept is effective: 5 %, and of two runs one has 0.4 (2 of 500), the other none.
    for axis, remaining in ((left, [1, 10]), (right, [0.2, 5])):
        [line] = [line for line in lines_of(axis) if len(line.get_xdata()) == 2]
        np.testing.assert_allclose(line.get_xdata(), remaining)
        [cross] = [line for line in axis.get_lines() if line.get_marker() == "x"]
        np.testing.assert_allclose(cross.get_xdata(), remaining[:1])
    assert shown.query("sparsity == 99")["no_path"].tolist() == [True, False]
    assert shown.query("sparsity == 99")["effective_sparsity"].tolist() == [100, 99.6]


def test_the_table_has_a_row_per_run():
    runs = extra_drawings.runs_of_criteria()
    _, shown = extra_drawings.figure_of_criteria(runs)
    assert len(shown) == len(runs)
    reference = shown["sparsity"] == 0
    assert shown["rank"].notna().tolist() == (~reference).tolist()
    assert shown.loc[reference, "effective_sparsity"].eq(0).all()
    means = runs.groupby(["criterion", "sparsity"])["test_error"].mean()
    for row in shown.itertuples():
        assert row.mean == pytest.approx(means[row.criterion, row.sparsity])


@pytest.mark.parametrize("count", [1, 9, 23])
def test_every_criterion_has_its_own_look(count):
    names = [f"criterion-{number}" for number in range(count)]
    figure, _ = extra_drawings.figure_of_criteria(extra_drawings.runs_of_criteria(names))
    handles = figure.legends[0].legend_handles
    assert sorted(handle.get_label() for handle in handles if handle.get_marker() != "x") == sorted(
        names
    )
    looks = {(str(h.get_color()), h.get_marker(), h.get_linestyle()) for h in handles}
    assert len(looks) == len(handles)
    if count == 9:
        assert len({h.get_color() for h in handles}) == len({h.get_marker() for h in handles}) == 10


@pytest.mark.parametrize("emptied", ["lenet-300-100", "lenet-5-caffe"])
def test_every_point_lies_within_the_scales_also_where_one_network_reaches_further(emptied):
    runs = extra_drawings.runs_of_criteria(networks=["lenet-300-100", "lenet-5-caffe"])
    layers = layers_of(runs)
    nothing = (layers["network"] == emptied) & (layers["sparsity"] == 99)
    layers.loc[nothing & (layers["criterion"] == "random"), "effective"] = 0
    figure, _ = extra_drawings.figure_of_criteria(runs, layers)
    assert len(figure.axes) == 4
    for axis in figure.axes:
        right, left = sorted(axis.get_xlim())
        for line in axis.get_lines():
            if line.get_marker() not in ("None", "", None):
                assert all(right <= x <= left for x in line.get_xdata())
    crosses = [
        line for axis in figure.axes for line in axis.get_lines() if line.get_marker() == "x"
    ]
    assert len(crosses) == 2
