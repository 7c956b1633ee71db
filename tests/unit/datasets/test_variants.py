import pytest

from snip.datasets.sources import DatasetError
from snip.datasets.variants import Variant, parse_dataset


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("mnist", ("mnist", False, None)),
        ("fashion-mnist", ("fashion-mnist", False, None)),
        ("mnist-inverted", ("mnist", True, None)),
        ("fashion-mnist-inverted-3000", ("fashion-mnist", True, 3000)),
    ],
)
def test_names_consist_of_source_inversion_and_size(name, variant):
    assert parse_dataset(name) == Variant(*variant)


@pytest.mark.parametrize("name", ["mnits", "mnist-", "mnist-0", "mnist-3000-inverted", ""])
def test_unknown_names_are_refused_with_the_known_ones(name):
    with pytest.raises(DatasetError, match="allowed: fashion-mnist, mnist"):
        parse_dataset(name)
