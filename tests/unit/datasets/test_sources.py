"""The files `sources/NAME.yaml`: what they may say, and what they may be called."""

import pytest
import yaml

from helpers import REPOSITORY
from snip.datasets import sources
from snip.datasets.sources import IDX_FILES, TEST_LABELS, DatasetError, load_source
from snip.datasets.variants import parse_dataset
from snip.jobs.failures import ConfigError
from snip.study.config import check, load_config

CHECKSUMS = {name: f"{number}" * 64 for number, name in enumerate(IDX_FILES)}
GOOD = {"checksums": CHECKSUMS, "training_examples": 600}


@pytest.fixture
def describe(tmp_path, monkeypatch):
    """Replaces all sources by one with this file."""

    def describe(text, name="given"):
        monkeypatch.setattr(sources, "SOURCE_FOLDER", tmp_path)
        (tmp_path / f"{name}.yaml").write_text(text)
        load_source.cache_clear()

    yield describe
    load_source.cache_clear()


def test_file_names_may_contain_a_dot(describe):
    dotted = {name.replace("-idx", ".idx"): checksum for name, checksum in CHECKSUMS.items()}
    describe(yaml.safe_dump(GOOD | {"checksums": dotted}))
    assert load_source("given").checksums == CHECKSUMS


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("checksums: [", "cannot be read: while parsing"),
        ("", "contains None, expected keys and values"),
        ("- a", r"contains \['a'\], expected keys and values"),
        (GOOD | {"torchvison": "MNIST"}, "unknown key 'torchvison', allowed: .*torchvision"),
        (GOOD | {"torchvision": "MNIST; quit()"}, r"torchvision 'MNIST; quit\(\)', expected a na"),
        (GOOD | {"npm": ["a"]}, r"npm \['a'\], expected a name"),
        ({"training_examples": 600}, "checksums None, expected one for each of train-images"),
        ({"checksums": CHECKSUMS}, "training_examples None, expected a positive whole number"),
        (GOOD | {"training_examples": "600"}, "training_examples '600'"),
        (GOOD | {"training_examples": 0}, "training_examples 0"),
        (GOOD | {"smallest_class": "60"}, "smallest_class '60', expected a positive whole number"),
        (GOOD | {"checksums": dict(list(CHECKSUMS.items())[1:])}, "no checksum of train-images"),
        (GOOD | {"checksums": CHECKSUMS | {"labels.csv": "0" * 64}}, "unknown file 'labels.csv'"),
        (GOOD | {"checksums": CHECKSUMS | {TEST_LABELS: "abc"}}, "checksum 'abc' of t10k-lab"),
        (GOOD | {"checksums": CHECKSUMS | {TEST_LABELS: None}}, "checksum None of t10k-lab"),
    ],
)
def test_an_invalid_file_is_refused_in_one_sentence(describe, text, sentence):
    config = load_config(REPOSITORY / "config/default.yaml")
    describe(text if isinstance(text, str) else yaml.safe_dump(text))
    with pytest.raises(DatasetError, match=f"given.yaml .*{sentence}") as caught:
        load_source("given")
    assert "\n" not in str(caught.value)
    config["figures"]["fig1"] = [{"datasets": ["given"], "seeds": [0]}]
    with pytest.raises(ConfigError, match=f"fig1.*given.yaml .*{sentence}"):
        check(config)


def test_misnamed_files_are_ignored_and_named_when_a_data_set_is_unknown(describe):
    ignored = [".#given", "._given", "given copy", "My_Digits", "given-100", "given-inverted"]
    for name in [*ignored, "given"]:
        describe("", name)
    assert sources.source_names() == ["given"]
    assert parse_dataset("given-100").examples == 100
    with pytest.raises(
        DatasetError, match="unknown; allowed: given.*ignored in .*My_Digits.yaml"
    ) as caught:
        parse_dataset("My_Digits")
    assert "._given" not in str(caught.value)
