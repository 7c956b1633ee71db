import numpy as np
import pytest
from scipy.stats import hypergeom

from snip.datasets.sources import TRAIN_LABELS, DatasetError, load_source
from snip.datasets.variants import Variant, class_size, parse_dataset


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


@pytest.mark.parametrize("source", ["mnist", "fashion-mnist"])
def test_the_smallest_class_is_that_of_the_data(real_data, source):
    labels = np.fromfile(real_data / source / TRAIN_LABELS, np.uint8, offset=8)
    assert load_source(source).smallest_class == np.bincount(labels).min()


@pytest.mark.parametrize("examples", [None, 20, 200, 3000, 40000])
def test_a_class_surely_has_so_many_examples(examples):
    size = class_size(f"mnist-{examples}" if examples else "mnist", 0.1)
    of_class = hypergeom(60000, 5421, examples or 54000)
    assert of_class.cdf(size - 1) < 1e-9
    assert size > of_class.mean() - 8 * of_class.std() - 1  # and not needlessly few


def test_a_source_that_does_not_say_has_classes_of_one_size(generated):
    assert class_size("generated-inverted", 1e-9) == 60
    assert 20 < class_size("generated", 0.1) < 54
