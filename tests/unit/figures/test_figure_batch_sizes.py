import numpy as np
import pytest

import drawings
from helpers import REPOSITORY
from snip.figures import batch_sizes, style
from snip.figures.inputs import Inputs
from snip.jobs.files import write_atomically
from snip.masks.mask_files import mask_file
from snip.study.config import load_config
from snip.study.settings import scoring_part
from snip.study.slices import slice_masks, slice_of


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
    settings = scoring_part(part["settings"]["lenet-300-100"]["mnist"]["paper"])
    for masks, seeds in slice_masks(part, "fig3").items():
        composition = np.zeros((len(seeds), 1, 10), int)
        for row, seed in enumerate(seeds):
            composition[row, 0, examples.get(seed, 0)] = masks.batch_size
        description = {"key": masks.key, "settings": settings, "seeds": list(seeds)}
        description |= {"classes": ["all"], "sparsities": ["90"], "units": 1, "anatomies": []}
        description |= {"composition": composition.tolist()}
        write_atomically(tmp_path / "masks" / f"{masks.path}.npz", mask_file(description, {}))
    inputs = Inputs("fig3", part, tmp_path, tmp_path)
    assert batch_sizes.shown_seed(inputs) == shown


OWN = {"optimizer": "sgd", "initialisation": "variance-scaling"}


@pytest.mark.parametrize(
    ("trained", "changed"),
    [
        (OWN | {"optimizer": "adam"}, {}),
        (OWN | {"initialisation": "he"}, {}),
        (OWN, {"weight_decay": 0.0}),
        (OWN, {"labels": "random"}),
        (OWN, {"sparsity": 80}),
        (OWN, {"dataset": "mnist-3000"}),
        (OWN, {"network": "own"}),
        (OWN, {"criterion": "random"}),
    ],
)
def test_published_errors_are_beside_runs_of_their_own_setting_alone(trained, changed):
    runs = drawings.table_of_batches(["1", "50", "100"])
    settings = {("lenet-300-100", "mnist", "paper"): OWN}
    own = batch_sizes.published_beside(runs, settings, "test_error")
    assert own == {"1": 1.94, "100": 1.64}
    runs, place = runs.assign(**changed), ("network", "dataset", "reading")
    settings = {tuple(runs[name].iloc[0] for name in place): trained}
    assert batch_sizes.published_beside(runs, settings, "test_error") == {}
    figure, _ = drawings.figure3(published={})
    assert not any("published" in text.get_text() for text in figure.legends[0].get_texts())


def test_figure_3_has_no_published_errors_of_another_criterion():
    criteria = ["snip", "random"]
    table, images = (
        drawings.table_of_batches(criteria=criteria),
        drawings.masks_of_batches(criteria=criteria),
    )
    _, shown = drawings.figure3(table, images)
    assert shown[shown["published"].notna()]["criterion"].unique().tolist() == ["snip"]


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
