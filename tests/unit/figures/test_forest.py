import numpy as np
import pytest

import drawings
from snip.figures import forest, style


def test_the_forest_plot_of_many_statements_is_legible_on_a_page():
    figure, _ = forest.plot(drawings.table_of_claims(35), drawings.ORIGIN)
    assert figure.get_figwidth() == style.PAGE and figure.get_figheight() <= style.PAGE_HEIGHT
    (axis,) = figure.axes
    assert drawings.none_over_another([*axis.texts, figure._supxlabel])
    assert min(text.get_fontsize() for text in axis.texts) >= 6
    statements = [text for text in axis.texts if text.get_position()[0] == forest.STATEMENT]
    assert max(drawings.on_screen(text).x1 for text in statements) < forest.PLOT * figure.dpi


def test_the_forest_plot_marks_verdict_seeds_and_missing_runs():
    table = drawings.table_of_claims(6)
    figure, shown = forest.plot(table, drawings.ORIGIN)
    assert shown is table
    (axis,) = figure.axes
    legend = len(forest.LOOKS) + len(forest.SEEDS)
    shapes = [look["marker"] for look in forest.LOOKS.values()]
    points = [line for line in axis.get_lines() if line.get_marker() in [*shapes, "s"]][legend:]
    marks = [forest.LOOKS[v]["marker"] for v in table["verdict"][:5]]  # the sixth has no runs
    assert [line.get_marker() for line in points] == marks
    filled = [line.get_markerfacecolor() == line.get_color() for line in points]
    assert filled == (table["seeds"][:5] == "confirmatory").tolist()
    texts = [text.get_text() for text in axis.texts]
    assert texts.count("no runs") == 1
    assert "0.1 [0, 0.2]" in texts and "−0.25 to 0.25" in texts and "> 0.5" in texts
    assert [text for text in texts if text.startswith("Figure")] == [
        "Figure 1",
        "Figure 2",
        "Figure 4",
        "Figure 7",
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_point_lies_in_its_region_if_its_value_does(number):
    row = list(drawings.table_of_claims(6).itertuples())[number]
    scale = forest.RowScale.of(row)
    left, right = scale.region
    for value in (row.value, row.lower, row.upper):
        if np.isfinite(value):
            above = not value < row.low  # an open region has no limit
            below = not value > row.high
            assert (scale.place(value) >= left - 1e-9) == above
            assert (scale.place(value) <= right + 1e-9) == below


def test_limits_far_outside_become_arrows_at_the_edge():
    table = drawings.table_of_claims(6)[:1].assign(lower=-50.0, upper=0.2)
    figure, _ = forest.plot(table, drawings.ORIGIN)
    (axis,) = figure.axes
    (arrow,) = (line for line in axis.get_lines() if line.get_marker() in "<>")
    assert arrow.get_marker() == "<" and arrow.get_xdata()[0] == pytest.approx(forest.PLOT)
