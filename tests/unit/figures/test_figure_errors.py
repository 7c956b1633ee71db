import numpy as np
import pytest

import drawings


def test_figure_1_has_one_legend_outside_of_the_panels():
    figure, _ = drawings.figure1()
    figure.draw_without_rendering()
    assert len(figure.legends) == 1 and not any(axis.get_legend() for axis in figure.axes)
    legend = drawings.on_screen(figure.legends[0])
    assert not any(legend.overlaps(drawings.on_screen(axis)) for axis in figure.axes)
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
