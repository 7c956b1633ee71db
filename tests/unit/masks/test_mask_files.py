import dataclasses

import numpy as np
import pytest

from snip.figures.masks import PIXELS, mask_table
from snip.masks.mask_files import MaskFileError, mask_file, pixel_counts, read_mask_file
from snip.study.axes import MaskSet
from snip.study.settings import SCORING_SETTINGS, Settings, SettingsError

MASKS = MaskSet("mnist", "lenet-300-100", "snip", 20, "each", 3)
SETTINGS = {name: getattr(Settings(), name) for name in SCORING_SETTINGS}


def write(folder, first, masks=MASKS, sparsities=("50", "90"), settings=SETTINGS):
    """Write the mask file of first-layer masks (classes, sparsities, units, pixels)."""
    counts = pixel_counts(first)
    description = {
        "key": masks.key,
        "settings": settings,
        "classes": [str(number) for number in range(len(first))],
        "sparsities": list(sparsities),
        "composition": [[20 * (one == other) for one in range(10)] for other in range(10)],
        "units": first.shape[2],
        "anatomies": [],
    }
    path = folder / f"{masks.path}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {} if counts is None else {"images": counts}
    path.write_bytes(mask_file(description, arrays))
    return path


@pytest.fixture
def first():
    return np.random.default_rng(0).random((10, 2, 30, 784)) < 0.3


def test_a_mask_image_is_the_share_of_units_that_keep_a_pixel(tmp_path, first):
    write(tmp_path, first)
    file = read_mask_file(tmp_path, MASKS)
    assert file.images.shape == (10, 2, 28, 28)
    expected = first.mean(2).reshape(10, 2, 28, 28)
    np.testing.assert_allclose(file.images, expected, atol=1e-4)
    assert file.images[4, 1, 3, 5] == pytest.approx(first[4, 1, :, 3 * 28 + 5].mean(), abs=1e-4)


def test_sparsities_come_in_the_order_asked_for(tmp_path, first):
    write(tmp_path, first)
    whole = read_mask_file(tmp_path, MASKS)
    reversed_file = read_mask_file(tmp_path, MASKS, ["90", "50"])
    assert reversed_file.sparsities == ["90", "50"]
    np.testing.assert_array_equal(reversed_file.images, whole.images[:, ::-1])
    with pytest.raises(MaskFileError, match=r"seed-3\.npz has sparsities 50, 90, expected 95"):
        read_mask_file(tmp_path, MASKS, ["90", "95"])


@pytest.mark.parametrize("name", SCORING_SETTINGS)
def test_masks_scored_under_other_settings_are_refused_by_name(tmp_path, first, name):
    write(tmp_path, first)
    assert read_mask_file(tmp_path, MASKS, settings=SETTINGS).settings == SETTINGS
    with pytest.raises(
        SettingsError, match=rf"seed-3\.npz was made with {name} = .*, expected 'x'"
    ):
        read_mask_file(tmp_path, MASKS, settings=SETTINGS | {name: "x"})
    # A file with a setting that the reader does not know is refused as well.
    lacking = {key: value for key, value in SETTINGS.items() if key != name}
    with pytest.raises(SettingsError, match=name):
        read_mask_file(tmp_path, MASKS, settings=lacking)


def test_a_file_of_other_masks_is_refused_by_name(tmp_path, first):
    path = write(tmp_path, first)
    other = dataclasses.replace(MASKS, seed=4)
    path.rename(path.with_name("seed-4.npz"))
    with pytest.raises(MaskFileError, match=r"seed-4\.npz holds .*'seed': 3.*, expected .*4"):
        read_mask_file(tmp_path, other)


def test_a_damaged_file_and_one_without_images_are_refused_by_name(tmp_path, first):
    path = write(tmp_path, np.ones((10, 2, 20, 25), bool))
    with pytest.raises(MaskFileError, match=r"seed-3\.npz has no images: .*expected .*784"):
        _ = read_mask_file(tmp_path, MASKS).images
    whole = write(tmp_path, first).read_bytes()
    for content in (whole[:100], b"", whole[: len(whole) // 2] + whole[len(whole) // 2 + 1 :]):
        path.write_bytes(content)
        with pytest.raises(MaskFileError, match=r"seed-3\.npz cannot be read"):
            read_mask_file(tmp_path, MASKS)


def test_equal_masks_give_equal_bytes_and_little_of_them(tmp_path, first):
    one = write(tmp_path / "one", first).read_bytes()
    assert write(tmp_path / "two", first).read_bytes() == one
    assert len(one) < 40_000  # ten classes, two sparsities; the masks themselves are 470 kB


def test_a_table_of_mask_images_has_a_row_for_each_class_and_sparsity(tmp_path, first):
    write(tmp_path, first)
    table = mask_table([read_mask_file(tmp_path, MASKS, ["90", "50"])])
    assert (
        len(table) == 20 and set(table["seed"]) == {3} and set(table["class"]) == set("0123456789")
    )
    row = table[(table["class"] == "4") & (table["sparsity"] == 90)]
    np.testing.assert_allclose(row[PIXELS].to_numpy()[0], first[4, 1].mean(0), atol=1e-4)
