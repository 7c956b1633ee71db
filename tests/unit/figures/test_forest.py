import numpy as np
import pytest
from matplotlib.collections import PathCollection

import drawings
from snip.figures import forest, readings, style
from snip.study.figures import FIGURES


def test_the_forest_plot_of_many_statements_is_legible_on_a_page():
    figure, _ = forest.plot(drawings.table_of_claims(45), drawings.ORIGIN)
    assert figure.get_figwidth() == style.PAGE and figure.get_figheight() <= style.PAGE_HEIGHT
    figure.draw_without_rendering()
    texts = [text for axis in figure.axes for text in [*axis.texts, *axis.get_yticklabels()]]
    assert drawings.none_over_another([*texts, *(axis.title for axis in figure.axes)])


def test_the_forest_plot_marks_verdict_seeds_and_missing_runs():
    table = drawings.table_of_claims(6)
    figure, shown = forest.plot(table, drawings.ORIGIN)
    assert shown is table
    shapes = [look["marker"] for look in forest.LOOKS.values()]
    points = [
        line
        for axis in figure.axes
        for line in axis.get_lines()
        if line.get_marker() in shapes and len(line.get_xdata())
    ]
    marks = [forest.LOOKS[v]["marker"] for v in table["verdict"][:5]]  # the sixth has no runs
    assert [line.get_marker() for line in points] == marks
    filled = [line.get_markerfacecolor() == line.get_color() for line in points]
    assert filled == (table["seeds"][:5] == "confirmatory").tolist()
    texts = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert texts.count("no runs") == 1
    assert {"0.1 [0, 0.2]", "between −0.25 and 0.25", "above 0.5"} < set(texts)
    names = [text.get_text() for axis in figure.axes for text in axis.get_yticklabels()]
    assert names == table["name"].tolist()
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == [FIGURES[name].title for name in ("fig1", "fig2", "fig4", "fig7")]


@pytest.mark.parametrize("number", range(6))
def test_a_point_lies_in_its_region_if_its_value_does(number):
    row = list(drawings.table_of_claims(6).itertuples())[number]
    places, (left, right) = forest.row_scale(row)
    for value, place in zip((row.value, row.lower, row.upper), places, strict=True):
        if np.isfinite(value):
            above = not value < row.low  # an open region has no limit
            below = not value > row.high
            assert (place >= left - 1e-9) == above
            assert (place <= right + 1e-9) == below


def test_limits_far_outside_become_arrows_at_the_edge():
    table = drawings.table_of_claims(6)[:1].assign(lower=-50.0, upper=0.2)
    figure, _ = forest.plot(table, drawings.ORIGIN)
    [arrow] = [line for line in figure.axes[0].get_lines() if line.get_marker() in "<>"]
    assert arrow.get_marker() == "<" and arrow.get_xdata()[0] == -forest.EDGE


def test_readings_have_a_column_each_and_other_verdicts_a_box():
    figure, shown = drawings.figure_of_readings()
    heads = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert heads == [readings.BASELINE, "he", "unit", "keep"]
    boxes = [box for axis in figure.axes for box in axis.patches]
    # `unit` alone has other verdicts; where its numbers differ, too, the box is solid.
    assert [box.get_x() + 0.42 for box in boxes] == pytest.approx([2] * 5)
    assert [box.get_linestyle() for box in boxes] == ["-", ":", "-", ":", "-"]
    small = [
        offset[0]
        for axis in figure.axes
        for dots in axis.collections
        if isinstance(dots, PathCollection)
        for offset, size in zip(dots.get_offsets(), dots.get_sizes(), strict=True)
        if size < 10
    ]
    assert small == [1] * 5  # `he` has the numbers of the baseline
    assert "he: initialisation he" in " ".join(figure._supxlabel.get_text().split())
    assert len(shown) == 20
