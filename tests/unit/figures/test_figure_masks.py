import numpy as np
import pytest

import drawings
from snip.figures import masks, style


def test_mask_images_stand_upright_in_their_places():
    figure, shown = masks.plot(drawings.table_of_masks(sparsities=(50, 90)), drawings.ORIGIN)
    image = figure.axes[0].get_images()[0]
    assert image.origin == "upper"
    canvas = image.get_array()
    assert canvas.shape == (2 * 29 + 1, 10 * 29 + 1)
    for row, sparsity in enumerate((50, 90)):
        for class_ in range(10):
            mask = shown[(shown["sparsity"] == sparsity) & (shown["class"] == str(class_))]
            drawn = canvas[1 + row * 29 : 29 + row * 29, 1 + class_ * 29 : 29 + class_ * 29]
            np.testing.assert_array_equal(drawn, mask[masks.PIXELS].to_numpy().reshape(28, 28))
    assert canvas[0].mask.all() and canvas[:, 29].mask.all()  # the gaps
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    places = [drawings.on_screen(text).y0 for text in figure.axes[0].get_yticklabels()]
    assert labels == ["50", "90"] and places[0] > places[1]


def test_mask_images_have_a_scale_that_ends_at_the_highest_share():
    table = drawings.table_of_masks(sparsities=(70, 90))
    figure, _ = masks.plot(table, drawings.ORIGIN)
    panel, bar = figure.axes
    highest = table[masks.PIXELS].to_numpy().max()
    assert panel.get_images()[0].get_clim() == (0, highest) and highest == pytest.approx(0.3)
    assert bar.get_yticks()[-1] == highest


def test_figure_6_has_a_titled_block_per_reading_on_one_page():
    figure, _ = masks.plot(drawings.table_of_masks(**drawings.FIGURE6), drawings.ORIGIN)
    *panels, _ = figure.axes
    titles = [axis.get_title(loc="left") for axis in panels]
    data = ["MNIST", "inverted MNIST", "Fashion-MNIST", "inverted Fashion-MNIST"]
    assert titles == [
        f"({letter}) {name}" for letter, name in zip("abcdefgh", data * 2, strict=True)
    ]
    width, height = figure.get_size_inches()
    assert width <= style.PAGE and height <= style.PAGE_HEIGHT
    dots = [drawings.on_screen(axis).width / figure.dpi * style.DPI / 291 for axis in panels]
    assert dots == pytest.approx([2] * 8)  # of the PNG, per pixel of a mask
    readings = [text for text in figure.texts if text is not figure._supxlabel]
    assert [text.get_text() for text in readings] == [
        "signed gradient ∂L/∂w, largest kept",
        "size of the gradient |∂L/∂w|",
    ]
    tops = [drawings.on_screen(axis).y1 for axis in panels]
    assert drawings.on_screen(readings[0]).y0 > max(tops)
    assert min(tops[:4]) > drawings.on_screen(readings[1]).y0 > max(tops[4:])
    assert drawings.none_over_another(readings + [axis._left_title for axis in panels])


def test_mask_images_are_of_the_lowest_seed():
    table = drawings.table_of_masks(seeds=(7, 3, 5))
    figure, shown = masks.plot(table, drawings.ORIGIN)
    assert set(shown["seed"]) == {3}
    assert "seed 3" in figure._supxlabel.get_text()
