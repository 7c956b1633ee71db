import math

import pandas as pd
import pytest

import drawings
from snip.figures import losses


@pytest.mark.parametrize("ends", [drawings.FIGURE4, drawings.FIGURE7], ids=["fig4", "fig7"])
def test_lines_are_labelled_in_the_order_in_which_they_end(ends):
    figure, shown = losses.plot(drawings.table_of_curves(ends), drawings.ORIGIN)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    looks = losses.line_looks(drawings.table_of_curves(ends))
    wanted = [looks[setting]["label"] for setting in sorted(ends, key=ends.get)]
    placed = sorted(axis.texts, key=lambda text: drawings.on_screen(text).y0)
    assert [text.get_text() for text in placed] == wanted
    assert drawings.none_over_another(axis.texts)
    assert min(drawings.on_screen(text).x0 for text in axis.texts) > drawings.on_screen(axis).x1
    last = shown[shown["iteration"] == 15]
    middle = math.sqrt(1 * 1.1)  # of two seeds
    drawn = sorted(line.get_ydata()[-1] for line in axis.get_lines()[: len(ends)])
    assert sorted(last["geometric_mean"]) == drawn
    assert drawn == pytest.approx([middle * end for end in sorted(ends.values())])


def test_the_five_lines_of_figure_4():
    looks = losses.line_looks(drawings.table_of_curves())
    assert {look["label"] for look in looks.values()} == {
        "correct labels, reference",
        "correct labels, pruned 99 %",
        "random labels, reference",
        "random labels, reference, L2 0.0005",
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


def test_many_lines_that_end_alike_have_labels_apart():
    ends = {("random", 0.0005, sparsity): 0.01 for sparsity in range(0, 100, 5)}
    figure, _ = losses.plot(drawings.table_of_curves(ends), drawings.ORIGIN)
    figure.draw_without_rendering()
    assert len(figure.axes[0].texts) == 20 and drawings.none_over_another(figure.axes[0].texts)


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


def test_lines_and_claims_have_one_mean():
    """The geometric one: of 0.01, 0.1 and 1 it is 0.1, and of a loss of 0 as of the smallest."""
    table = pd.concat(
        drawings.table_of_curves({("random", 0, 90): 1})
        .query("seed == 0")
        .assign(seed=s, train_loss=loss)
        for s, loss in enumerate([0.01, 0.1, 1])
    )
    figure, shown = losses.plot(table, drawings.ORIGIN)
    assert figure.axes[0].get_lines()[0].get_ydata() == pytest.approx([0.1] * 3)
    assert shown["geometric_mean"].tolist() == pytest.approx([0.1] * 3)
    assert "line: geometric mean, band: range" in figure._supxlabel.get_text()
    _, shown = losses.plot(
        table.assign(train_loss=table["train_loss"].replace(1, 0)), drawings.ORIGIN
    )
    assert shown["geometric_mean"].tolist() == pytest.approx([10 ** -(10 / 3)] * 3)
