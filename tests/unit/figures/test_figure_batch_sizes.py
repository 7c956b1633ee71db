import numpy as np
import pytest

import drawings
from snip.figures import batch_sizes, style
from snip.figures.inputs import Inputs
from snip.figures.masks import PIXELS
from snip.jobs.files import write_atomically
from snip.masks.mask_files import mask_file
from snip.study.load import check
from snip.study.spec import Spec, spec_of
from studies import content, put


@pytest.mark.parametrize(
    ("examples", "shown"),
    [({3: 8, 1: 8, 0: 5}, (1, 8)), ({3: 2, 1: 7}, (1, 7)), ({}, (4, None))],
)
def test_figure_3_shows_a_seed_whose_single_example_is_an_8(tmp_path, examples, shown):
    """Where a study has one; else its lowest seed, and the class that its example has."""
    grid = {"batch_sizes": [1, 100] if examples else [100], "seeds": sorted(examples) or [4]}
    spec = spec_of(check(put(content(), "figures.fig3", [grid])), "fig3")
    for masks, seeds in spec.masks("fig3").items():
        composition = np.zeros((len(seeds), 1, 10), int)
        for row, seed in enumerate(seeds):
            composition[row, 0, examples.get(seed, 0)] = masks.batch_size
        code = spec.code["prune"]["snip lenet-300-100"]
        description = {
            "made_by": {"code": code},
            "key": masks.key,
            "settings": spec.settings_of(masks),
            "seeds": list(seeds),
        }
        description |= {"classes": ["all"], "sparsities": [90], "units": 1, "anatomies": []}
        description |= {"composition": composition.tolist()}
        write_atomically(tmp_path / "masks" / f"{masks.path}.npz", mask_file(description, {}))
    inputs = Inputs("fig3", spec, tmp_path, tmp_path / "masks", tmp_path, tmp_path)
    assert batch_sizes.shown_seed(inputs) == shown


def test_errors_are_less_those_at_100_examples_seed_by_seed_also_the_published():
    sizes = ["10", "all", "1", "100", "1000"]
    table, images = drawings.table_of_batches(sizes), drawings.masks_of_batches(sizes)
    figure, shown = drawings.figure3(table, images)
    axis = figure.axes[-1]
    ordered = ["1", "10", "100", "1000", "all"]
    assert [text.get_text() for text in axis.get_xticklabels()] == [*ordered[:3], "1,000", "all"]
    assert axis.get_xticks() == pytest.approx([0, 1, 2, 3, 3.7])  # powers of ten, then all
    by_seed = table.pivot(index="seed", columns="batch_size", values="test_error")
    expected = by_seed[ordered].sub(by_seed["100"], axis=0)
    drawn = [
        line for line in axis.get_lines() if line.get_linewidth() and line.get_linestyle() == "-"
    ]
    [means] = [line for line in drawn if len(line.get_xdata()) == 5]
    assert means.get_ydata() == pytest.approx(expected.mean().tolist())
    runs = axis.collections[0].get_offsets()[:, 1]
    np.testing.assert_allclose(np.sort(runs), np.sort(expected.to_numpy().ravel()))
    assert shown["published"].dropna().tolist() == [1.94, 1.64]
    published = shown[shown["published"].notna()]["less_base"]
    np.testing.assert_allclose(published, [0.30, 0], atol=1e-9)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    mean = by_seed["100"].mean()
    assert names == [
        f"connection sensitivity: {mean:.2f} % at 100 examples",
        "published: 1.64 % at 100 examples",
    ]


def test_figure_3_without_100_examples_is_refused():
    with pytest.raises(style.FigureError, match="batch_sizes 1, all, expected 100 among them"):
        sizes = ["1", "all"]
        drawings.figure3(drawings.table_of_batches(sizes), published=drawings.FIGURE3[:0])


def test_masks_stand_under_their_batch_sizes_with_their_correlations():
    images = drawings.masks_of_batches()
    images[PIXELS] = np.random.default_rng(0).random((len(images), 784)).round(4)
    figure, shown = drawings.figure3(images=images)
    mean_image = np.zeros(784)
    mean_image[:28] = 0.5
    *tiles, average, _ = figure.axes
    assert [axis.get_title() for axis in (*tiles, average)] == ["1", "100", "all", "mean"]
    for axis, row in zip(tiles, images[PIXELS].to_numpy(), strict=True):
        [image] = axis.get_images()
        assert image.origin == "upper" and image.get_clim() == (0, images[PIXELS].max(axis=None))
        np.testing.assert_array_equal(image.get_array(), row.reshape(28, 28))
        correlation = np.corrcoef(row, mean_image)[0, 1]
        assert axis.get_xlabel().removeprefix("r = ") == f"{correlation:.2f}"
        assert shown["r"].sub(correlation).abs().min() < 1e-4


@pytest.mark.parametrize(
    ("example", "phrase"),
    [(8, "whose single example is an 8,"), (5, "whose single example is a 5,"), (None, "seed 0,")],
)
def test_figure_3_names_the_single_example(example, phrase):
    figure, _ = drawings.figure3(example=example)
    words = " ".join(figure._supxlabel.get_text().split())
    assert phrase in words and ("single example" in words) == (example is not None)


OWN = {"optimizer": "sgd", "initialisation": "variance-scaling"}


@pytest.mark.parametrize(
    ("changed", "settings", "expected"),
    [
        ({}, {}, [1.94, 1.64]),
        ({}, {"optimizer": "adam"}, []),
    ],
)
def test_published_errors_are_those_of_the_runs_own_setting(changed, settings, expected):
    runs = drawings.table_of_batches(["1", "100"]).assign(**changed)
    trained = {"lenet-300-100": {"mnist": {"paper": OWN | settings}}}
    spec = Spec(study="x", grids={}, settings=trained)
    inputs = Inputs("fig3", spec, None, None, None, None)
    published = inputs.published(runs).query("source == 'Figure 3' and n > 0")
    assert published["published"].tolist() == expected
