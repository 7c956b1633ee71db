import numpy as np
import pytest

from quick import changed
from snip.figures.masks import PIXELS, mask_table
from snip.masks.mask_files import MaskFileError, mask_file, pixel_counts, read_masks
from snip.study.runs import MaskSet
from snip.study.settings import SCORING, Settings, SettingsError

MASKS = MaskSet(
    dataset="mnist", network="lenet-300-100", criterion="snip", batch_size=20, classes="each"
)
SETTINGS = {name: getattr(Settings(), name) for name in SCORING}
SEEDS, SPARSITIES = [3, 5, 8], [50, 90]


def write(folder, first):
    """Write the mask file of first-layer masks (seeds, classes, sparsities, units, pixels)."""
    counts = pixel_counts(first)
    composition = 20 * np.eye(10, dtype=int) + np.array(SEEDS)[:, None, None]
    description = {
        "key": MASKS.key,
        "settings": SETTINGS,
        "seeds": SEEDS,
        "classes": [str(number) for number in range(10)],
        "sparsities": SPARSITIES,
        "composition": composition.tolist(),
        "units": first.shape[3],
        "anatomies": [],
        "made_by": {"code": "c0de"},
    }
    path = folder / f"{MASKS.path}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {} if counts is None else {"images": counts}
    path.write_bytes(mask_file(description, arrays))
    return path


@pytest.fixture
def first():
    return np.random.default_rng(0).random((3, 10, 2, 30, 784)) < 0.3


def test_a_mask_image_is_the_share_of_units_that_keep_a_pixel(tmp_path, first):
    write(tmp_path, first)
    files = read_masks(tmp_path, MASKS)
    assert [file.key for file in files] == [{**MASKS.key, "seed": seed} for seed in SEEDS]
    for row, file in enumerate(files):
        assert file.images.shape == (10, 2, 28, 28)
        expected = first[row].mean(2).reshape(10, 2, 28, 28)
        np.testing.assert_allclose(file.images, expected, atol=1e-4)
        assert file.composition[4][4] == 20 + SEEDS[row]
    kept = first[1, 4, 1, :, 3 * 28 + 5].mean()
    assert files[1].images[4, 1, 3, 5] == pytest.approx(kept, abs=1e-4)


def test_seeds_and_sparsities_come_in_the_order_asked_for_each_seed_with_its_own(tmp_path, first):
    write(tmp_path, first)
    whole = read_masks(tmp_path, MASKS)
    last, one = read_masks(tmp_path, MASKS, {8: [90, 50], 3: [50]})
    assert (last.key["seed"], last.sparsities) == (8, [90, 50])
    assert (one.key["seed"], one.sparsities) == (3, [50])
    np.testing.assert_array_equal(last.images, whole[2].images[:, ::-1])
    np.testing.assert_array_equal(one.images, whole[0].images[:, :1])


@pytest.mark.parametrize(
    ("seed", "sparsities"), [(3, [90, 95]), (4, [90])], ids=["sparsity", "seed"]
)
def test_a_file_without_a_seed_or_sparsity_is_refused_by_name(tmp_path, first, seed, sparsities):
    write(tmp_path, first)
    said = r"paper\.npz has seeds \[3, 5, 8\] at sparsities .*, expected seed {} at .*; delete it"
    with pytest.raises(MaskFileError, match=said.format(seed)):
        read_masks(tmp_path, MASKS, {5: [50], seed: sparsities})


def test_masks_of_other_code_are_refused_by_name(tmp_path, first):
    write(tmp_path, first)
    code = {"snip lenet-300-100": "c0de", "snip lenet-5-caffe": "other"}
    assert len(read_masks(tmp_path, MASKS, code=code)) == 3
    said = "was scored by other code: found c0de, expected c1de; delete it, and it is scored again$"
    with pytest.raises(MaskFileError, match=said):
        read_masks(tmp_path, MASKS, code=code | {"snip lenet-300-100": "c1de"})


def test_masks_scored_under_other_settings_are_refused_by_name(tmp_path, first):
    name = "prunable"
    write(tmp_path, first)
    assert len(read_masks(tmp_path, MASKS, settings=SETTINGS)) == 3
    with pytest.raises(
        SettingsError,
        match=rf"reading-paper\.npz was made with {name} = .*, expected 'x'; .*--forcerun prune ",
    ):
        read_masks(tmp_path, MASKS, settings=SETTINGS | {name: "x"})
    # A file with a setting that the reader does not know is refused as well.
    lacking = {key: value for key, value in SETTINGS.items() if key != name}
    with pytest.raises(SettingsError, match=name):
        read_masks(tmp_path, MASKS, settings=lacking)


def test_a_missing_file_and_one_of_other_masks_are_refused_by_name(tmp_path, first):
    other = changed(MASKS, reading="he")
    path = tmp_path / f"{other.path}.npz"
    with pytest.raises(MaskFileError, match=r"reading-he\.npz does not exist, expected {.*'he'"):
        read_masks(tmp_path, other)
    path.parent.mkdir(parents=True)
    write(tmp_path, first).rename(path)
    said = r"reading-he\.npz holds .*'paper'.*, expected .*'he'.*; delete it"
    with pytest.raises(MaskFileError, match=said):
        read_masks(tmp_path, other)


def test_a_damaged_file_and_one_without_images_are_refused_by_name(tmp_path, first):
    path = write(tmp_path, np.ones((3, 10, 2, 20, 25), bool))
    with pytest.raises(MaskFileError, match=r"reading-paper\.npz has no images, expected .*784"):
        _ = read_masks(tmp_path, MASKS)[0].images
    whole = write(tmp_path, first).read_bytes()
    for content in (whole[:100], b"", whole[: len(whole) // 2] + whole[len(whole) // 2 + 1 :]):
        path.write_bytes(content)
        with pytest.raises(
            MaskFileError, match=r"reading-paper\.npz cannot be read: .*expected .*; delete it, and"
        ):
            read_masks(tmp_path, MASKS)


def test_equal_masks_give_equal_bytes_and_little_of_them(tmp_path, first):
    one = write(tmp_path / "one", first).read_bytes()
    assert write(tmp_path / "two", first).read_bytes() == one
    assert len(one) < 120_000  # three seeds, ten classes, two sparsities; the masks are 1.4 MB


def test_a_table_of_mask_images_has_a_row_for_each_class_and_sparsity(tmp_path, first):
    write(tmp_path, first)
    table = mask_table(read_masks(tmp_path, MASKS, {5: [90, 50]}))
    assert (
        len(table) == 20
        and set(table["seed"]) == {5}
        and set(table["classes"]) == set("0123456789")
    )
    row = table[(table["classes"] == "4") & (table["sparsity"] == 90)]
    np.testing.assert_allclose(row[PIXELS].to_numpy()[0], first[1, 4, 1].mean(0), atol=1e-4)
