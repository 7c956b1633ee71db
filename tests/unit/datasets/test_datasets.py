import io

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import REPOSITORY, idx
from snip.datasets import dataset as datasets
from snip.datasets.dataset import DatasetError, load_dataset, parse_dataset
from snip.jobs.failures import ConfigError
from snip.study.config import check, load_config


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("mnist", ("mnist", False, None)),
        ("fashion-mnist", ("fashion-mnist", False, None)),
        ("mnist-inverted", ("mnist", True, None)),
        ("fashion-mnist-inverted-3000", ("fashion-mnist", True, 3000)),
    ],
)
def test_names_say_source_inversion_and_size(name, variant):
    assert parse_dataset(name) == datasets.Variant(*variant)


@pytest.mark.parametrize("name", ["mnits", "mnist-", "mnist-0", "mnist-3000-inverted", ""])
def test_unknown_names_are_refused_with_the_known_ones(name):
    with pytest.raises(DatasetError, match="allowed: fashion-mnist, mnist"):
        parse_dataset(name)


def describe(monkeypatch, folder, text, name="given"):
    monkeypatch.setattr(datasets, "SOURCE_FOLDER", folder)
    (folder / f"{name}.yaml").write_text(text)
    datasets.load_source.cache_clear()


SUMS = {name: f"{number}" * 64 for number, name in enumerate(datasets.FILES)}
GOOD = {"checksums": SUMS, "training_examples": 600}


def test_a_description_s_files_may_be_written_with_a_dot(monkeypatch, tmp_path):
    dotted = {name.replace("-idx", ".idx"): checksum for name, checksum in SUMS.items()}
    describe(monkeypatch, tmp_path, yaml.safe_dump(GOOD | {"checksums": dotted}))
    assert datasets.load_source("given").checksums == SUMS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("checksums: [", "cannot be read: while parsing"),
        ("", "is None, expected keys and values"),
        ("- a", r"is \['a'\], expected keys and values"),
        (GOOD | {"torchvison": "MNIST"}, "unknown key 'torchvison', allowed: .*torchvision"),
        (GOOD | {"torchvision": "MNIST; quit()"}, r"'MNIST; quit\(\)' under torchvision"),
        (GOOD | {"npm": ["a"]}, r"\['a'\] under npm, expected a name"),
        ({"training_examples": 600}, "None under checksums, expected those of train-images"),
        ({"checksums": SUMS}, "None training_examples, expected their number"),
        (GOOD | {"training_examples": "600"}, "'600' training_examples"),
        (GOOD | {"training_examples": 0}, "0 training_examples"),
        (GOOD | {"checksums": dict(list(SUMS.items())[1:])}, "no checksum of train-images"),
        (GOOD | {"checksums": SUMS | {"labels.csv": "0" * 64}}, "unknown file 'labels.csv'"),
        (GOOD | {"checksums": SUMS | {datasets.TEST_LABELS: "abc"}}, "checksum 'abc' of t10k-lab"),
        (GOOD | {"checksums": SUMS | {datasets.TEST_LABELS: None}}, "checksum None of t10k-lab"),
    ],
)
def test_a_wrong_description_ends_in_one_sentence(monkeypatch, tmp_path, text, sentence):
    config = load_config(REPOSITORY / "config/default.yaml")
    text = text if isinstance(text, str) else yaml.safe_dump(text)
    describe(monkeypatch, tmp_path, text)
    with pytest.raises(DatasetError, match=f"given.yaml .*{sentence}") as caught:
        datasets.load_source("given")
    assert "\n" not in str(caught.value)
    config["figures"]["fig1"] = [{"datasets": ["given"], "seeds": [0]}]
    with pytest.raises(ConfigError, match=f"fig1.*given.yaml .*{sentence}"):
        check(config)


def test_stray_files_are_no_sources_and_names_that_cannot_be_are_told(monkeypatch, tmp_path):
    stray = [".#given", "._given", "given copy", "My_Digits", "given-100", "given-inverted"]
    for name in [*stray, "given"]:
        describe(monkeypatch, tmp_path, "", name)
    assert datasets.source_names() == ["given"]
    assert parse_dataset("given-100").examples == 100
    with pytest.raises(
        DatasetError, match="unknown; allowed: given.*not read.*My_Digits.yaml"
    ) as e:
        parse_dataset("My_Digits")
    assert "._given" not in str(e.value)


def test_standardised_training_images_have_mean_zero_and_deviation_one(generated):
    for name in ("generated", "generated-inverted"):
        dataset = load_dataset(name, generated)
        images = dataset.standardise(dataset.train_images).double()
        assert images.mean().item() == pytest.approx(0, abs=1e-6)
        assert images.std(correction=0).item() == pytest.approx(1, abs=1e-6)


def test_inverted_images_are_exactly_the_negative(generated):
    plain, inverted = (
        load_dataset(name, generated) for name in ("generated", "generated-inverted")
    )
    images = plain.train_images
    assert torch.equal(inverted.standardise(images), -plain.standardise(images))


def test_inversion_means_255_minus_the_grey_value(generated):
    inverted = load_dataset("generated-inverted", generated)
    grey = 255 - inverted.train_images.astype(float)
    expected = (grey - grey.mean()) / grey.std()
    np.testing.assert_allclose(
        inverted.standardise(inverted.train_images)[:, 0].numpy(), expected, atol=1e-5
    )
    original = load_dataset("generated-inverted", generated, "original")
    plain = 255 - grey
    np.testing.assert_allclose(
        original.standardise(original.train_images)[:, 0].numpy(),
        (grey - plain.mean()) / plain.std(),
        atol=1e-5,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.5))
def test_split_is_a_partition_that_follows_the_seed(generated, seed, share):
    dataset = load_dataset("generated", generated)
    training, validation = dataset.split(seed, share)
    assert len(validation) == round(600 * share)
    assert sorted([*training, *validation]) == list(range(600))
    assert (dataset.split(seed, share)[0] == training).all()
    subset, held_out = load_dataset("generated-50", generated).split(seed, share)
    assert (subset == training[:50]).all() and (held_out == validation).all()


def test_a_subset_larger_than_the_training_examples_is_refused(generated):
    with pytest.raises(DatasetError, match="generated-550 asks for 550.*540 are left"):
        load_dataset("generated-550", generated).split(0, 0.1)


def test_mean_images_are_those_of_the_classes_and_of_all(generated):
    dataset = load_dataset("generated", generated)
    images, labels = dataset.train_images / 255, dataset.train_labels
    means = datasets.mean_images("generated", generated)
    for number in range(10):
        np.testing.assert_allclose(means[number], images[labels == number].mean(0))
    np.testing.assert_allclose(means[10], images.mean(0))
    np.testing.assert_allclose(datasets.mean_images("generated-inverted", generated), 1 - means)


def test_the_mean_image_of_all_is_right_whatever_the_labels_are():
    images = np.arange(12 * 784, dtype=np.uint64).astype(np.uint8).reshape(12, 28, 28)
    summary = np.load(io.BytesIO(datasets.summarise(images, np.arange(12, dtype=np.uint8), "x")))
    np.testing.assert_allclose(summary["means"][-1], images.mean(0))
    assert summary["histogram"].sum() == images.size


def test_altered_truncated_and_missing_files_are_named_with_both_checksums(generated):
    path = generated / "generated" / datasets.TRAIN_IMAGES
    good = path.read_bytes()
    expected = datasets.load_source("generated").checksums[datasets.TRAIN_IMAGES]
    for bad in (good[:-1], good[:99] + bytes([good[99] ^ 1]) + good[100:], b""):
        path.write_bytes(bad)
        with pytest.raises(DatasetError) as caught:
            load_dataset("generated", generated)
        message = str(caught.value)
        assert str(path) in message and expected in message
        assert datasets.sha256(bad) in message
    path.unlink()
    with pytest.raises(DatasetError, match="missing"):
        load_dataset("generated", generated)


def test_idx_headers_are_checked(tmp_path):
    path = tmp_path / "file"
    array = np.arange(12).reshape(3, 4)
    path.write_bytes(idx(array))
    assert (datasets.open_idx(path) == array).all()
    path.write_bytes(idx(array)[:-1])
    with pytest.raises(DatasetError, match="23 bytes, its header says 24"):
        datasets.open_idx(path)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(DatasetError, match="no IDX file"):
        datasets.open_idx(path)


def test_mapped_images_never_reach_the_file(generated):
    path = generated / "generated" / datasets.TRAIN_IMAGES
    before = path.read_bytes()
    datasets.open_idx(path)[:] = 7
    assert path.read_bytes() == before
