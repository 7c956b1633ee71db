import numpy as np
import pytest

import drawings
from snip.figures import masks, style


def test_mask_images_stand_upright_in_their_places():
    figure, shown = masks.plot(drawings.table_of_masks(sparsities=(50, 90)), drawings.ORIGIN)
    axis = figure.axes[0]
    [image] = axis.get_images()
    assert image.origin == "upper"
    canvas = image.get_array()
    assert canvas.shape == (2 * 29 + 1, 10 * 29 + 1)
    for row, sparsity in enumerate((50, 90)):
        for class_ in range(10):
            mask = shown[(shown["sparsity"] == sparsity) & (shown["classes"] == str(class_))]
            drawn = canvas[1 + row * 29 : 29 + row * 29, 1 + class_ * 29 : 29 + class_ * 29]
            np.testing.assert_array_equal(drawn, mask[masks.PIXELS].to_numpy().reshape(28, 28))
    assert canvas[0].mask.all() and canvas[:, 29].mask.all()  # the gaps
    figure.draw_without_rendering()
    lower = figure.axes[1]
    labels = [text.get_text() for text in lower.get_yticklabels()]
    places = [drawings.on_screen(text).y0 for text in lower.get_yticklabels()]
    assert labels == ["50", "90"] and places[0] > places[1]


def test_the_upper_masks_have_one_scale_and_the_lower_ones_each_its_own():
    table = drawings.table_of_masks(sparsities=(70, 90))
    table[masks.PIXELS] += 0.1 * np.random.default_rng(0).random((len(table), 784))
    figure, _ = masks.plot(table, drawings.ORIGIN)
    highest = table[masks.PIXELS].to_numpy().max()
    for axis in figure.axes[:2]:
        assert axis.get_images()[0].get_clim() == (0, pytest.approx(highest))
    canvas = figure.axes[1].get_images()[0].get_array()[1:, 1:].reshape(2, 29, 10, 29)
    tiles = canvas[:, :28, :, :28].transpose(0, 2, 1, 3).reshape(20, 784)
    images = table.sort_values(["sparsity", "classes"])[masks.PIXELS].to_numpy()
    lowest, span = images.min(1, keepdims=True), np.ptp(images, 1, keepdims=True)
    np.testing.assert_allclose(tiles, highest * (images - lowest) / span, atol=1e-12)


def test_blank_masks_are_crossed_out_and_explained():
    table = drawings.table_of_masks(sparsities=(10, 50))
    table[masks.PIXELS] += 0.01 * np.random.default_rng(0).random((len(table), 784))
    assert "crossed out" not in masks.plot(table, drawings.ORIGIN)[0]._supxlabel.get_text()
    blank = (table["classes"] == "7") & (table["sparsity"] == 10)
    table.loc[blank, masks.PIXELS] = 0.9
    table.loc[blank, masks.PIXELS[:84]] = 0.9033  # a unit that is removed in part
    figure, _ = masks.plot(table, drawings.ORIGIN)
    assert "crossed out: blank" in figure._supxlabel.get_text()
    # Where masks are stretched a blank one has no range: it is neither dark nor bright.
    [stretched] = figure.axes[1].get_images()
    tile = stretched.get_array()[1:29, 7 * masks.CELL + 1 : 8 * masks.CELL]
    assert tile.min() == tile.max() and 0 < tile.min() < stretched.get_clim()[1]
    for axis in figure.axes[:2]:
        [cross] = axis.get_lines()
        assert np.transpose(cross.get_data()).tolist() == [[7.5 * 29, 0.5 * 29]]


def test_figure_6_has_a_titled_block_per_criterion_on_one_page():
    figure, _ = masks.plot(drawings.table_of_masks(**drawings.FIGURE6), drawings.ORIGIN)
    figure.draw_without_rendering()
    panels = [axis for axis in figure.axes if axis.get_images()]
    data = ["MNIST", "inverted MNIST", "Fashion-MNIST", "inverted Fashion-MNIST"]
    data = [*data, *["stretched"] * len(data)] * 2
    titles = [axis.get_title(loc="left") for axis in panels]
    assert sorted(titles) == [
        f"({letter}) {name}" for letter, name in zip("abcdefghijklmnop", data, strict=True)
    ]
    width, height = figure.get_size_inches()
    assert width == style.PAGE and height <= style.PAGE_HEIGHT
    assert [block._suptitle.get_text() for block in figure.subfigs] == [
        "signed gradient ∂L/∂w, largest kept",
        "size of the gradient |∂L/∂w|",
    ]
    boxes = [drawings.on_screen(axis) for axis in panels]
    assert np.ptp([box.width for box in boxes]) < 1
    assert drawings.none_over_another([axis._left_title for axis in panels])
