import math

import pandas as pd
import pytest

import drawings
from snip.figures import losses

ALIKE = {("random", 0.0005, sparsity): 0.01 + sparsity / 1e6 for sparsity in range(0, 90, 5)}


@pytest.mark.parametrize(
    "ends", [drawings.FIGURE4, drawings.FIGURE7, ALIKE], ids=["fig4", "fig7", "alike"]
)
def test_names_stand_beside_the_ends_of_their_lines_in_their_colours(ends):
    table = drawings.table_of_curves(ends)
    named, look = losses.with_names(table)
    figure, shown = losses.plot(table, drawings.ORIGIN)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    names = dict(zip(ends, named["name"].unique(), strict=True))
    wanted = [names[setting] for setting in sorted(ends, key=ends.get)]
    texts = [text for text in axis.texts if text.get_text() != "guessing"]
    placed = sorted(texts, key=lambda text: drawings.on_screen(text).y0)
    assert [text.get_text() for text in placed] == wanted
    assert all(text.get_color() == look["palette"][text.get_text()] for text in texts)
    assert drawings.none_over_another(texts)
    assert min(drawings.on_screen(text).x0 for text in texts) > drawings.on_screen(axis).x1


def test_strong_lines_are_geometric_means_and_thin_ones_single_runs():
    """The mean of 0.01, 0.1 and 1 is 0.1, and a loss of 0 counts as the smallest."""
    one = drawings.table_of_curves({("random", 0, 90): 1}).query("seed == 0")
    runs = [one.assign(seed=s, train_loss=loss) for s, loss in enumerate([0.01, 0.1, 1])]
    figure, shown = losses.plot(pd.concat(runs), drawings.ORIGIN)
    lines = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 3]
    strong = max(lines, key=lambda line: line.get_linewidth())
    thin = sorted(line.get_ydata()[0] for line in lines if line is not strong)
    assert strong.get_ydata() == pytest.approx([0.1] * 3) and thin == [0.01, 0.1, 1]
    assert shown["geometric_mean"].tolist() == pytest.approx([0.1] * 3)
    assert shown[["lowest", "highest", "n"]].iloc[0].tolist() == [0.01, 1, 3]
    runs[2]["train_loss"] = 0
    _, shown = losses.plot(pd.concat(runs), drawings.ORIGIN)
    assert shown["geometric_mean"].tolist() == pytest.approx([10 ** -(10 / 3)] * 3)


def test_the_loss_of_guessing_is_a_line():
    figure, _ = losses.plot(drawings.table_of_curves(), drawings.ORIGIN)
    [guess] = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 2]
    assert guess.get_ydata() == pytest.approx([-math.log(1 / 10)] * 2)


def test_the_five_lines_of_figure_4():
    _, look = losses.with_names(drawings.table_of_curves())
    assert set(look["palette"]) == {
        "correct, unpruned",
        "correct, 99 %",
        "random, unpruned",
        "random, unpruned, L2",
        "random, 99 %",
    }
    looks = {(look["palette"][name], str(look["dashes"][name])) for name in look["palette"]}
    assert len(looks) == 5


def test_names_say_what_differs_and_nothing_else():
    both = drawings.FIGURE7 | {("random", 0.001, 90): 0.7, ("random", 0, 90): 0.6}
    named, _ = losses.with_names(drawings.table_of_curves(both))
    assert named["name"].unique().tolist() == [
        "unpruned, L2 0.0005",
        "50 %, L2 0.0005",
        "90 %, L2 0.0005",
        "90 %, L2 0.001",
        "90 %",
    ]


def test_networks_and_data_sets_have_panels_of_their_own():
    table = pd.concat(
        [
            drawings.table_of_curves(drawings.FIGURE7, network="lenet-5-caffe"),
            drawings.table_of_curves(drawings.FIGURE7, dataset="fashion-mnist"),
            # The unpruned network is trained under the first criterion's name.
            drawings.table_of_curves({("random", 0.0005, 90): 0.3}, criterion="random"),
            drawings.table_of_curves(drawings.FIGURE7),
        ]
    )
    figure, shown = losses.plot(table, drawings.ORIGIN)
    assert [len(axis.texts) - 1 for axis in figure.axes] == [3, 3, 2, 3]
    assert set(shown["n"]) == {2}
