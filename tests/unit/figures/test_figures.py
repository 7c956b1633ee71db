import numpy as np
import pandas as pd
import pytest

import drawings
from helpers import REPOSITORY
from snip.figures import anatomy, batch_sizes, forest, losses, masks, style
from snip.figures.source import Source
from snip.jobs.files import write_atomically
from snip.masks.mask_files import mask_file
from snip.study.config import load_config
from snip.study.grids import scoring_part, slice_masks, slice_of


@pytest.fixture(autouse=True)
def closed():
    """No figure stays open."""
    yield
    style.plt.close("all")


def on_screen(artist):
    return artist.get_window_extent()


def none_over_another(texts) -> bool:
    boxes = [on_screen(text) for text in texts]
    return not any(
        one.overlaps(other) for index, one in enumerate(boxes) for other in boxes[:index]
    )


# Figure 1


def test_figure_1_has_one_legend_outside_of_the_panels():
    figure, _ = drawings.figure1()
    figure.draw_without_rendering()
    assert len(figure.legends) == 1 and not any(axis.get_legend() for axis in figure.axes)
    legend = on_screen(figure.legends[0])
    assert not any(legend.overlaps(on_screen(axis)) for axis in figure.axes)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(labels) == len(set(labels)) == 4


def test_figure_1_shows_differences_of_the_same_seeds_below_the_errors():
    table = drawings.table_of_runs()
    figure, shown = drawings.figure1(table, margins={"lenet-5-caffe": 0.2})
    assert len(figure.axes) == 4
    below = figure.axes[3]  # of the second network
    errors = table.query("network == 'lenet-5-caffe'").pivot(
        index="seed", columns="sparsity", values="test_error"
    )
    wanted = [(errors[sparsity] - errors[0]).mean() for sparsity in (50, 90)]
    bars = below.containers[0]
    assert bars[0].get_ydata().tolist() == pytest.approx(wanted)
    assert 0 in [line.get_ydata()[0] for line in below.get_lines()]
    band = below.patches[0].get_extents().transformed(below.transData.inverted())
    np.testing.assert_allclose([band.y0, band.y1], [-0.2, 0.2])
    assert not figure.axes[2].patches  # no margin is known of the first network
    rows = shown.query("network == 'lenet-5-caffe' and sparsity == 90")
    np.testing.assert_allclose(rows["difference"], wanted[1])
    assert shown.query("sparsity == 0")["difference"].isna().all()


def test_figure_1_without_reference_has_errors_alone():
    table = drawings.table_of_runs().query("sparsity > 0")
    figure, shown = drawings.figure1(table)
    assert len(figure.axes) == 2
    assert len(shown) == len(table) and shown["difference"].isna().all()


@pytest.mark.parametrize("count", [1, 11, 23])
def test_every_criterion_is_drawn(count):
    criteria = [f"criterion-{number}" for number in range(count)]
    figure, _ = drawings.figure1(drawings.table_of_runs(criteria, networks=["lenet-5-caffe"]))
    for axis in figure.axes:
        assert len(axis.containers) == count
        looks = {
            (bars[0].get_color(), bars[0].get_marker(), bars[0].get_linestyle())
            for bars in axis.containers
        }
        assert len(looks) == count
    assert len(figure.legends[0].get_texts()) == count + 2  # the reference, one run


# Figures 2, 5 and 6


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
    places = [on_screen(text).y0 for text in figure.axes[0].get_yticklabels()]
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
    dots = [on_screen(axis).width / figure.dpi * style.DPI / 291 for axis in panels]
    assert dots == pytest.approx([2] * 8)  # of the PNG, per pixel of a mask
    readings = [text for text in figure.texts if text is not figure._supxlabel]
    assert [text.get_text() for text in readings] == [
        "signed gradient ∂L/∂w, largest kept",
        "size of the gradient |∂L/∂w|",
    ]
    tops = [on_screen(axis).y1 for axis in panels]
    assert on_screen(readings[0]).y0 > max(tops)
    assert min(tops[:4]) > on_screen(readings[1]).y0 > max(tops[4:])
    assert none_over_another(readings + [axis._left_title for axis in panels])


def test_mask_images_are_of_the_lowest_seed():
    table = drawings.table_of_masks(seeds=(7, 3, 5))
    figure, shown = masks.plot(table, drawings.ORIGIN)
    assert set(shown["seed"]) == {3}
    assert "seed 3" in figure._supxlabel.get_text()


# Figure 3


@pytest.mark.parametrize(
    ("examples", "shown"),
    [({3: 8, 1: 8, 0: 5}, (1, 8)), ({3: 2, 1: 7}, (1, 7)), ({}, (4, None))],
)
def test_figure_3_shows_a_seed_whose_single_example_is_an_8(tmp_path, examples, shown):
    """Where a study has one; else its lowest seed, and the class that its example has."""
    config = load_config(REPOSITORY / "config/default.yaml")
    grid = {"batch_sizes": [1, 100] if examples else [100], "seeds": sorted(examples) or [4]}
    config["figures"]["fig3"] = [grid]
    part = slice_of(config, ["fig3"])
    settings = scoring_part(part["settings"]["lenet-300-100"]["mnist"])
    for masks_of in slice_masks(part, "fig3"):
        composition = [0] * 10
        composition[examples.get(masks_of.seed, 0)] = masks_of.batch_size
        description = {"key": masks_of.key, "settings": settings, "classes": ["all"]}
        description |= {"sparsities": ["90"], "composition": [composition]}
        description |= {"units": 1, "anatomies": [{}]}
        write_atomically(tmp_path / "masks" / f"{masks_of.path}.npz", mask_file(description, {}))
    source = Source("fig3", part, tmp_path, tmp_path)
    assert batch_sizes.shown_seed(source) == shown


def test_figure_3_has_all_examples_last():
    sizes = ["10", "all", "1", "1000"]
    figure, shown = drawings.figure3(
        drawings.table_of_batches(sizes), drawings.masks_of_batches(sizes)
    )
    errors = figure.axes[1]
    labels = [text.get_text() for text in errors.get_xticklabels()]
    assert labels == ["1", "10", "1,000", "all", "mean training\nimage"]
    drawn = errors.containers[0][0].get_ydata().tolist()
    means = drawings.table_of_batches(sizes).groupby("batch_size")["test_error"].mean()
    assert drawn == pytest.approx(means[["1", "10", "1000", "all"]].tolist())
    assert shown.query("batch_size == '1'")["published"].dropna().unique() == [1.94]


def test_figure_3_shows_each_mask_upright_above_its_error():
    figure, _ = drawings.figure3()
    images, errors, _ = figure.axes
    figure.draw_without_rendering()
    *shown, mean_image = images.get_images()
    assert len(shown) == 3
    for place, image in enumerate(shown):
        assert image.origin == "upper"
        left, right, bottom, top = image.get_extent()
        middle = images.transData.transform(((left + right) / 2, 0))[0]
        assert middle == pytest.approx(errors.transData.transform((place, 0))[0])
        assert bottom < top and not images.yaxis_inverted()  # so the first row is on top
        assert image.get_array()[0].max() == pytest.approx(0.1 * (place + 1))
        assert image.get_clim() == (0, pytest.approx(0.3))
    assert mean_image.get_clim() == (0, 0.5)


@pytest.mark.parametrize(
    ("example", "phrase"),
    [(8, "whose single example is an 8;"), (5, "whose single example is a 5;"), (None, "seed 0;")],
)
def test_figure_3_names_the_single_example(example, phrase):
    figure, _ = drawings.figure3(example=example)
    words = " ".join(figure._supxlabel.get_text().split())
    assert phrase in words and ("single example" in words) == (example is not None)


def test_figure_3_refuses_masks_of_several_seeds():
    with pytest.raises(style.FigureError, match=r"seeds \[0, 4\] given, expected one"):
        drawings.figure3(images=drawings.masks_of_batches(seeds=(0, 4)))


# Figures 4 and 7


@pytest.mark.parametrize("ends", [drawings.FIGURE4, drawings.FIGURE7], ids=["fig4", "fig7"])
def test_lines_are_labelled_in_the_order_in_which_they_end(ends):
    figure, shown = losses.plot(drawings.table_of_curves(ends), drawings.ORIGIN)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    looks = losses.line_looks(drawings.table_of_curves(ends))
    wanted = [looks[setting]["label"] for setting in sorted(ends, key=ends.get)]
    placed = sorted(axis.texts, key=lambda text: on_screen(text).y0)
    assert [text.get_text() for text in placed] == wanted
    assert none_over_another(axis.texts)
    assert min(on_screen(text).x0 for text in axis.texts) > on_screen(axis).x1
    last = shown[shown["iteration"] == 15]
    assert sorted(last["mean"]) == pytest.approx([1.05 * end for end in sorted(ends.values())])


def test_the_five_lines_of_figure_4():
    looks = losses.line_looks(drawings.table_of_curves())
    assert {look["label"] for look in looks.values()} == {
        "true labels, reference",
        "true labels, pruned 99 %",
        "random labels, reference",
        "random labels, reference, L2",
        "random labels, pruned 99 %",
    }
    assert len({(look["color"], str(look["linestyle"])) for look in looks.values()}) == 5


def test_labels_name_what_differs_and_nothing_else():
    both = drawings.FIGURE7 | {("random", 0.001, 90): 0.7, ("random", 0, 90): 0.6}
    labels = [look["label"] for look in losses.line_looks(drawings.table_of_curves(both)).values()]
    assert labels == [
        "reference, L2 0.0005",
        "pruned 50 %, L2 0.0005",
        "pruned 90 %, L2 0.0005",
        "pruned 90 %, L2 0.001",
        "pruned 90 %",
    ]
    figure, _ = losses.plot(drawings.table_of_curves(drawings.FIGURE7), drawings.ORIGIN)
    assert "weight decay 0.0005 in all" in figure._supxlabel.get_text()


def test_many_lines_that_end_alike_have_labels_apart():
    ends = {("random", 0.0005, sparsity): 0.01 for sparsity in range(0, 100, 5)}
    figure, _ = losses.plot(drawings.table_of_curves(ends), drawings.ORIGIN)
    figure.draw_without_rendering()
    assert len(figure.axes[0].texts) == 20 and none_over_another(figure.axes[0].texts)


def test_networks_and_data_sets_have_panels_of_their_own():
    table = pd.concat(
        [
            drawings.table_of_curves(drawings.FIGURE7, network="lenet-5-caffe"),
            drawings.table_of_curves(drawings.FIGURE7, dataset="fashion-mnist"),
            # The reference is trained under the first criterion's name.
            drawings.table_of_curves({("random", 0.0005, 90): 0.3}, criterion="random"),
            drawings.table_of_curves(drawings.FIGURE7),
        ]
    )
    figure, shown = losses.plot(table, drawings.ORIGIN)
    lines = [len(axis.texts) for axis in figure.axes]
    assert lines == [3, 3, 2, 3]
    assert set(shown["n"]) == {2}


# The anatomy


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
    columns = {round(on_screen(axis).x0) for axis in panels}
    labelled = [axis for axis in panels if axis.get_xlabel()]
    assert len(labelled) == len(columns)
    for axis in labelled:
        assert any(text.get_visible() and text.get_text() for text in axis.get_xticklabels())


# The forest plot


def test_the_forest_plot_of_many_statements_is_legible_on_a_page():
    figure, _ = forest.plot(drawings.table_of_claims(35), drawings.ORIGIN)
    assert figure.get_figwidth() == style.PAGE and figure.get_figheight() <= style.PAGE_HEIGHT
    (axis,) = figure.axes
    assert none_over_another([*axis.texts, figure._supxlabel])
    assert min(text.get_fontsize() for text in axis.texts) >= 6
    statements = [text for text in axis.texts if text.get_position()[0] == forest.STATEMENT]
    assert max(on_screen(text).x1 for text in statements) < forest.PLOT * figure.dpi


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
