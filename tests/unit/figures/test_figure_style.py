import os
import subprocess
import sys
from collections.abc import Iterator

import matplotlib
import numpy as np
import pandas as pd
import pytest

import drawings
import extra_drawings
from helpers import REPOSITORY
from snip.figures import anatomy, losses, masks, style
from snip.figures.provenance import Origin
from snip.study.runs import KEY

# What a user's matplotlibrc may say: each line alone spoils a figure or changes its bytes.
HOSTILE = """
axes.facecolor: yellow
axes.formatter.use_mathtext: True
axes.titlelocation: right
errorbar.capsize: 9
figure.autolayout: True
figure.dpi: 33
font.family: serif
font.size: 30
image.interpolation: bicubic
image.origin: lower
lines.markersize: 20
path.sketch: 5, 20, 2
pdf.compression: 0
savefig.bbox: tight
savefig.dpi: 50
text.usetex: True
xtick.minor.visible: True
"""


def variants() -> Iterator[tuple]:
    """Beside the figures of a study, those of studies that are smaller or larger; each by name."""
    yield from drawings.FIGURES.items()
    many = [f"criterion-{number}" for number in range(11)]
    runs, batches = drawings.table_of_runs, drawings.table_of_batches
    unlike = Origin("another", "", tuple(f"another setting {number}" for number in range(30)))
    curves = drawings.table_of_curves
    several = pd.concat(curves(criterion=name) for name in many[:3])
    one_class = drawings.table_of_masks(classes=[3])
    masks_of_many = drawings.masks_of_batches(criteria=many)
    of_criteria, criteria = extra_drawings.runs_of_criteria, extra_drawings.figure_of_criteria
    one_run = of_criteria(["snip"], seeds=1).query("sparsity > 0")
    controls = extra_drawings.figure_of_controls
    yield from {
        "fig1, one panel": lambda: drawings.figure1(runs(networks=["lenet-5-caffe"])),
        "fig1, small print": lambda: drawings.figure1(origin=unlike),
        "fig4, small print": lambda: losses.plot(curves(), unlike),
        "fig1, three": lambda: drawings.figure1(runs(networks=["a", "b", "c"])),
        "fig1, criteria": lambda: drawings.figure1(runs(criteria=many)),
        "fig2, one class": lambda: masks.plot(one_class, drawings.ORIGIN),
        "fig3, criteria": lambda: drawings.figure3(batches(criteria=many), masks_of_many),
        "fig4, criteria": lambda: losses.plot(several, drawings.ORIGIN),
        "anatomy, criteria": lambda: anatomy.plot(
            drawings.table_of_anatomies(many), drawings.ORIGIN
        ),
        "criteria, many": lambda: criteria(of_criteria(many)),
        "criteria, one run": lambda: criteria(one_run),
        "controls, reference": lambda: controls(sparsities=[0, 90, 95]),
        "controls, one run": lambda: controls(seeds=[0], criteria=["snip"]),
        "readings, many": lambda: drawings.figure_of_readings([*"abcdefghij", "paper", "he"]),
    }.items()


def texts_of(figure):
    return [t for t in figure.findobj(style.plt.Text) if t.get_visible() and t.get_text()]


def test_figures_have_our_style_a_journals_widths_and_legible_text_within_them(tmp_path):
    style.use_style()
    ours = matplotlib.rcParams.copy()
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    hostile = matplotlib.rc_params_from_file(tmp_path / "matplotlibrc")
    for name, draw in variants():
        matplotlib.rcParams.update(hostile)
        figure, _ = draw()
        assert matplotlib.rcParams == ours, name
        figure.draw_without_rendering()
        width, height = figure.get_size_inches()
        assert width in (style.COLUMN, style.PAGE), name
        many = ", criteria" in name or "small print" in name  # more than a study of the paper's
        assert many or height <= style.PAGE_HEIGHT, name
        box = figure.get_tightbbox()
        outside = max(-box.x0, box.x1 - width, -box.y0, box.y1 - height)
        assert outside < 1e-6, f"{name} of {width} x {height} inches is drawn over {box.extents}"
        assert min(text.get_fontsize() for text in texts_of(figure)) >= 6, name
        assert not any(sign in t.get_text() for t in texts_of(figure) for sign in "×$"), name
        foot = figure._supxlabel.get_window_extent().y1
        for axis in figure.axes:
            assert not axis.get_visible() or axis.get_tightbbox().y0 >= foot, name
        for legend in figure.legends:
            assert not any(
                drawings.on_screen(legend).overlaps(drawings.on_screen(axis))
                for axis in figure.axes
            ), name
        style.plt.close(figure)


def test_small_print_says_what_is_not_the_papers_and_takes_no_room_from_the_panels():
    unlike = tuple(f"another setting {number}" for number in range(30))
    heights = []
    for origin in (Origin("s", ""), Origin("s", "", unlike)):
        figure, _ = drawings.figure1(origin=origin)
        figure.draw_without_rendering()
        heights.append(drawings.on_screen(figure.axes[0]).height)
    words = " ".join(figure._supxlabel.get_text().split())
    assert words.startswith(f"Study: s; {'; '.join(unlike)}; 2 runs per mean")
    assert heights[1] > 0.95 * heights[0]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (2, 3, ["2", "2.25", "2.5", "2.75", "3"]),
        (2, 90, ["2", "5", "10", "20", "50"]),
        (1e-3, 3, ["0.001", "0.01", "0.1", "1"]),
    ],
)
def test_labels_of_logarithmic_scales_are_plain_numbers(low, high, labels):
    figure, axis = style.plt.subplots()
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    style.plain_log(axis.yaxis, low, high)
    figure.draw_without_rendering()
    shown = [t.get_text() for t in axis.get_yticklabels() if low <= t.get_position()[1] <= high]
    assert shown == labels


def test_series_stand_beside_each_other_within_their_room():
    x = pd.Series([1.0, 1, 1, 2])
    places = style.dodged(x, pd.Series(list("cabb")), "abc", 0.9)
    np.testing.assert_allclose(places["middle"], [1.3, 0.7, 1, 2])
    np.testing.assert_allclose(places["beside"] - places["middle"], 0.12)


def test_scales_name_the_reported_error():
    for error, name in [
        ("test_error", "Test error (%)"),
        ("best_validation_test_error", "Test error at the best validation error (%)"),
    ]:
        table = drawings.table_of_runs().rename(columns={"test_error": error})
        figure, shown = drawings.figure1(table, error=error)
        assert " ".join(figure.axes[0].get_ylabel().split()) == name
        assert set(KEY) | {error} <= set(shown)


def test_a_users_matplotlibrc_changes_no_byte(tmp_path):
    drawings.save(tmp_path)
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    (tmp_path / "hostile").mkdir()
    environment = os.environ | {
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as a notebook sets it
        "PYTHONPATH": str(REPOSITORY / "scripts"),
    }
    program = [sys.executable, "tests/support/drawings.py", str(tmp_path / "hostile")]
    subprocess.run(program, env=environment, check=True, cwd=REPOSITORY)
    drawn = list((tmp_path / "hostile").iterdir())
    assert len(drawn) == 3
    for path in drawn:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_more_series_than_colours_are_told_apart():
    look = style.looks(f"criterion-{number}" for number in range(90))
    pairs = {(look["palette"][name], look["markers"][name]) for name in look["palette"]}
    assert len(pairs) == 90
