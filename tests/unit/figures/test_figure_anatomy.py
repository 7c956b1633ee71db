import pytest

import drawings
from snip.figures import anatomy


def test_a_panel_per_layer_and_kind_has_a_line_per_criterion_sensitivity_first():
    table = drawings.table_of_anatomies(["force", "random", "snip"])
    figure, shown = anatomy.plot(table, drawings.ORIGIN)
    upper, lower = figure.axes[:2], figure.axes[2:]
    assert [axis.get_title(loc="left") for axis in upper] == [
        "LeNet-300-100, fc1",
        "LeNet-300-100, fc2",
    ]
    for axes, share in ((upper, 1), (lower, 0.5)):
        for axis, empty in zip(axes, (1, anatomy.FLOOR), strict=True):
            lines = [line for line in axis.get_lines() if len(line.get_xdata()) == 3]
            assert len(lines) == 3
            kept = [max(empty * share, anatomy.FLOOR), 10 * share, 50 * share]
            assert lines[0].get_xdata().tolist() == [1, 10, 50]
            assert lines[0].get_ydata() == pytest.approx(kept)
    assert {axis.get_xlabel() for axis in lower} == {"Sparsity (%)"}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["connection sensitivity", "FORCE", "random"]
    assert (shown["density"] == 100 * shown["kept"] / 1000).all()
    assert (shown["effective_density"] == 100 * shown["effective"] / 1000).all()
