"""The files `sources/NAME.yaml`: what they may say, and what they may be called."""

import pytest
import yaml

from snip.datasets import sources
from snip.datasets.sources import IDX_FILES, TEST_LABELS, DatasetError, load_source
from snip.datasets.variants import parse_dataset

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


def test_checksums_may_stand_in_any_order_and_file_names_contain_a_dot(describe):
    dotted = {name.replace("-idx", ".idx"): CHECKSUMS[name] for name in reversed(IDX_FILES)}
    describe(yaml.safe_dump(GOOD | {"checksums": dotted}, sort_keys=False))
    assert list(load_source("given").checksums.items()) == list(CHECKSUMS.items())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("checksums: [", "cannot be read: while parsing"),
        ("", "has content None: .*valid dictionary"),
        (GOOD | {"mirors": []}, "has the unknown key 'mirors', allowed: .*mirrors"),
        (GOOD | {"mirrors": ["nowhere"]}, "has mirrors.0 'nowhere': .*valid URL"),
        (GOOD | {"npm": ["a"]}, r"has npm \['a'\]: .*valid string"),
        ({"training_examples": 600}, "has no key 'checksums'"),
        (GOOD | {"training_examples": "600"}, "has training_examples '600': .*valid integer"),
        (GOOD | {"training_examples": 0}, "has training_examples 0: .*greater than 0"),
        (GOOD | {"smallest_class": 1.5}, "has smallest_class 1.5: .*valid integer"),
        (
            GOOD | {"checksums": {TEST_LABELS: "0" * 64}},
            "has checksums .*: expected one for each of train-images.*, t10k-labels",
        ),
        (
            GOOD | {"checksums": CHECKSUMS | {"labels.csv": "0" * 64}},
            "has checksums .*labels.csv.*: expected one for each of train-images",
        ),
        (GOOD | {"checksums": CHECKSUMS | {TEST_LABELS: "abc"}}, "has checksums.t10k-lab.* 'abc'"),
    ],
)
def test_an_invalid_file_is_refused_in_one_sentence(describe, text, sentence):
    describe(text if isinstance(text, str) else yaml.safe_dump(text))
    with pytest.raises(DatasetError, match=f"given.yaml {sentence}") as caught:
        load_source("given")
    assert "\n" not in str(caught.value)


def test_files_with_names_that_would_be_ambiguous_in_paths_are_no_sources(describe):
    for name in [".#given", "given copy", "My_Digits", "given-100", "given-inverted", "given"]:
        describe("", name)
    assert sources.source_names() == ["given"]
    assert parse_dataset("given-100").examples == 100
    with pytest.raises(DatasetError, match="'My_Digits' is unknown; allowed: given, .*lower-case"):
        parse_dataset("My_Digits")
