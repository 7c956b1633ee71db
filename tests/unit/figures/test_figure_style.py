import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd

import drawings
import extra_drawings
from helpers import REPOSITORY
from snip.figures import anatomy, losses, masks, style
from snip.figures.provenance import Origin, check_table, read
from snip.study.axes import KEY

# What a user's matplotlibrc may say: each line alone spoils a figure or changes its bytes.
HOSTILE = """
axes.facecolor: yellow
axes.formatter.use_mathtext: True
axes.prop_cycle: cycler("color", ["red"])
axes.titlelocation: right
axes.xmargin: 0.4
errorbar.capsize: 9
figure.autolayout: True
figure.dpi: 33
figure.facecolor: green
figure.subplot.left: 0.4
font.family: serif
font.size: 30
image.cmap: jet
image.interpolation: bicubic
image.origin: lower
legend.loc: center
lines.dash_capstyle: round
lines.markersize: 20
path.sketch: 5, 20, 2
pdf.compression: 0
savefig.bbox: tight
savefig.facecolor: red
savefig.transparent: True
scatter.marker: x
text.antialiased: False
text.color: pink
text.usetex: True
xaxis.labellocation: left
xtick.minor.visible: True
"""


def variants() -> Iterator[tuple]:
    """Beside the figures of a study, those of studies that are smaller or larger; each by name."""
    yield from drawings.all_figures().items()
    many = [f"criterion-{number}" for number in range(11)]
    runs, batches = drawings.table_of_runs, drawings.table_of_batches
    yield "fig1, one panel", drawings.figure1(runs(networks=["lenet-5-caffe"]))
    unlike = tuple(f"another setting {number}" for number in range(30))
    yield "fig1, small print", drawings.figure1(origin=Origin("another", "", unlike))
    one = runs(networks=["lenet-5-caffe"])
    yield (
        "fig1, one panel, small print",
        drawings.figure1(one, origin=Origin("another", "", unlike)),
    )
    curves = drawings.table_of_curves()
    yield "fig4, small print", losses.plot(curves, Origin("another", "", unlike))
    yield "fig1, three", drawings.figure1(runs(networks=["a", "b", "c"]))
    yield "fig1, criteria", drawings.figure1(runs(criteria=many))
    yield "fig2, one class", masks.plot(drawings.table_of_masks(classes=[3]), drawings.ORIGIN)
    masks_of_many = drawings.masks_of_batches(criteria=many)
    yield "fig3, criteria", drawings.figure3(batches(criteria=many), masks_of_many)
    curves = pd.concat(drawings.table_of_curves(criterion=name) for name in many[:3])
    yield "fig4, criteria", losses.plot(curves, drawings.ORIGIN)
    yield "anatomy, criteria", anatomy.plot(drawings.table_of_anatomies(many), drawings.ORIGIN)
    of_criteria = extra_drawings.runs_of_criteria
    yield "criteria, many", extra_drawings.figure_of_criteria(of_criteria(many))
    one_run = of_criteria(["snip"], seeds=1).query("sparsity > 0")
    yield "criteria, one run", extra_drawings.figure_of_criteria(one_run)
    yield "controls, reference", extra_drawings.figure_of_controls(sparsities=[0, 90, 95])
    yield "controls, one run", extra_drawings.figure_of_controls(seeds=[0], criteria=["snip"])


def test_everything_lies_inside_the_figure_and_above_its_small_print():
    for name, (figure, _) in variants():
        figure.draw_without_rendering()
        width, height = figure.get_size_inches()
        box = figure.get_tightbbox()
        outside = max(-box.x0, box.x1 - width, -box.y0, box.y1 - height)
        assert outside < 1e-6, f"{name} of {width} x {height} inches is drawn over {box.extents}"
        foot = figure._supxlabel.get_window_extent().y1
        for axis in figure.axes:
            if axis.get_visible() and axis.axison:
                assert axis.get_tightbbox().y0 >= foot, name
        style.plt.close(figure)


def test_small_print_has_lines_as_wide_as_the_figure():
    style.use_style()
    for width in (1.5, 3.4, 7.0):
        figure = style.plt.figure(figsize=(width, 2))
        style.small_print(figure, Origin("a-study", ""), "many words " * 12, "and some more")
        figure.draw_without_rendering()
        extent = figure._supxlabel.get_window_extent()
        assert 0.6 * figure.bbox.width < extent.width < figure.bbox.width
        words = figure._supxlabel.get_text().split()
        assert words[:2] == ["Study:", "a-study;"] and words[-1] == "more."


def test_small_print_says_what_is_not_the_papers_and_takes_no_room_from_the_panels():
    unlike = tuple(f"another setting {number}" for number in range(30))
    heights = []
    for origin in (Origin("s", ""), Origin("s", "", unlike)):
        figure, _ = drawings.figure1(origin=origin)
        figure.draw_without_rendering()
        heights.append(drawings.on_screen(figure.axes[0]).height)
    words = " ".join(figure._supxlabel.get_text().split())
    assert words.startswith(f"Study: s; {'; '.join(unlike)}; 2 runs per point;")
    assert figure._supxlabel.get_fontsize() >= 6
    assert heights[1] > 0.95 * heights[0]


def test_scales_name_the_reported_error():
    for error, name in [
        ("test_error", "Test error (%)"),
        ("best_test_error", "Best test error of all evaluations (%)"),
        ("best_validation_test_error", "Test error at the best validation error (%)"),
    ]:
        table = drawings.table_of_runs().rename(columns={"test_error": error})
        figure, shown = drawings.figure1(table, error=error)
        assert " ".join(figure.axes[0].get_ylabel().split()) == name
        assert set(KEY) | {error} <= set(shown)


def test_a_users_matplotlibrc_changes_no_byte(tmp_path):
    drawings.draw_all(tmp_path)
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    (tmp_path / "hostile").mkdir()
    environment = os.environ | {
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
        "PYTHONPATH": str(REPOSITORY / "scripts"),
    }
    program = [
        sys.executable,
        str(REPOSITORY / "tests/support/drawings.py"),
        str(tmp_path / "hostile"),
    ]
    subprocess.run(program, env=environment, check=True, cwd=REPOSITORY)
    drawn = sorted(path.name for path in (tmp_path / "hostile").iterdir())
    assert len(drawn) == 3 * len(drawings.all_figures())
    for name in drawn:
        same = (tmp_path / "hostile" / name).read_bytes() == (tmp_path / name).read_bytes()
        assert same, f"{name} differs"


def test_more_series_than_colours_are_told_apart():
    looks = style.series_looks(f"criterion-{number}" for number in range(56))
    pairs = {(look["color"], look["marker"]) for look in looks.values()}
    assert len(pairs) == len(looks) == 56


def test_a_scale_of_shares_ends_at_the_highest_shown():
    for highest in (0.03, 0.35, 0.99, 1.0):
        figure, (left, right) = style.plt.subplots(1, 2)
        image = left.imshow(np.array([[0, highest]]), vmin=0, vmax=highest)
        style.share_scale(figure, image, right)
        ticks = right.get_yticks()
        assert ticks[0] == 0 and ticks[-1] == highest
        assert np.diff(ticks).min() > 0.1 * highest


def test_saved_figures_are_the_same_bytes_twice(tmp_path):
    shown = pd.DataFrame({"x": [1, 2], "y": [0.1, 0.2]})
    contents = []
    for prefix in ("one", "two"):
        style.use_style()
        figure, axis = style.plt.subplots(figsize=(2, 2))
        axis.plot(shown["x"], shown["y"], label="line")
        origin = Origin("tiny", "0" * 64)
        style.small_print(figure, origin, "1 run")
        style.save(figure, shown, origin, tmp_path / prefix)
        contents.append([(tmp_path / f"{prefix}.{f}").read_bytes() for f in ("pdf", "png", "csv")])
    assert contents[0] == contents[1]
    assert b"CreationDate" not in contents[0][0]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "one.csv"), shown)
    for form in ("pdf", "png"):
        fields = read(tmp_path / f"one.{form}")
        assert fields["Study"] == "tiny" and fields["Configuration"] == "0" * 64
        assert check_table(tmp_path / f"one.{form}", fields) == tmp_path / "one.csv"
