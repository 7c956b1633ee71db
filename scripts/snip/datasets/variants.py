"""Variants of a data set, by name: `SOURCE[-inverted][-N]`.

`mnist-inverted` is MNIST with dark and bright swapped; `mnist-3000` trains on 3,000 examples, which
the run's seed draws. The Snakefile imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor, sqrt

from snip.datasets.sources import CLASSES, DatasetError, load_source, source_names


@dataclass(frozen=True)
class Variant:
    """What a data set's name says.

    Attributes:
        source: name of the source.
        inverted: whether dark and bright are swapped.
        examples: number of training examples; None means all that validation leaves.
    """

    source: str
    inverted: bool = False
    examples: int | None = None


def parse_dataset(name: str) -> Variant:
    """Parse the name of a data set.

    Raises:
        DatasetError: there is no such source, or the name has another form.
    """
    sources = "|".join(map(re.escape, source_names()))
    match = re.fullmatch(rf"({sources})(-inverted)?(?:-([1-9]\d*))?", str(name))
    if match is None:
        raise DatasetError(
            f"dataset {name!r} is unknown; allowed: {', '.join(source_names())}, each also with "
            "-inverted and with a number of training examples, as in mnist-inverted-3000; a "
            "source's name has lower-case letters, digits and single hyphens, and no such ending"
        )
    source, inverted, examples = match.groups()
    return Variant(source, inverted is not None, int(examples) if examples else None)


def training_size(name: str, validation_share: float) -> int:
    """Return how many examples data set `name` trains on after validation examples are held out.

    Raises:
        DatasetError: see `parse_dataset` and `load_source`.
    """
    variant = parse_dataset(name)
    total = load_source(variant.source).training_examples
    return variant.examples or total - round(total * validation_share)


def class_size(name: str, validation_share: float) -> int:
    """Return how many examples of each class data set `name` trains on, whatever the seed.

    Training examples are drawn from all. Fewer than seven standard deviations below its mean, the
    smallest class has in less than one of a billion draws.

    Raises:
        DatasetError: see `training_size`.
    """
    source, drawn = load_source(parse_dataset(name).source), training_size(name, validation_share)
    total = source.training_examples
    share = (source.smallest_class or total // CLASSES) / total
    left_out = (total - drawn) / (total - 1)
    deviation = sqrt(drawn * share * (1 - share) * left_out)
    return max(0, floor(drawn * share - 7 * deviation))
