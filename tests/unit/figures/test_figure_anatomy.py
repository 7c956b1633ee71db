import pytest

import drawings
from snip.figures import anatomy


def test_the_anatomy_shows_every_layer_of_a_deep_network():
    layers = [f"conv{number}" for number in range(20)]
    figure, shown = anatomy.plot(
        drawings.table_of_anatomies(["snip"], layers, seeds=(4, 2)), drawings.ORIGIN
    )
    assert set(shown["seed"]) == {2} and "seed 2" in figure._supxlabel.get_text()
    (axis,) = figure.axes
    colors = {line.get_color() for line in axis.get_lines() if line.get_label() in layers}
    assert len(colors) == 20


@pytest.mark.parametrize("count", [2, 5, 6, 11])
def test_the_lowest_panels_of_the_anatomy_have_the_scale(count):
    criteria = [f"criterion-{number}" for number in range(count)]
    figure, _ = anatomy.plot(drawings.table_of_anatomies(criteria), drawings.ORIGIN)
    figure.draw_without_rendering()
    panels = [axis for axis in figure.axes if axis.get_visible()]
    assert len(panels) == count
    columns = {round(drawings.on_screen(axis).x0) for axis in panels}
    labelled = [axis for axis in panels if axis.get_xlabel()]
    assert len(labelled) == len(columns)
    for axis in labelled:
        assert any(text.get_visible() and text.get_text() for text in axis.get_xticklabels())
