"""Variants of a data set, by name: `SOURCE[-inverted][-N]`.

`mnist-inverted` is MNIST with dark and bright swapped; `mnist-3000` trains on 3,000 examples, which
the run's seed draws. The Snakefile imports this module, so it imports nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from math import exp, lgamma

from snip.datasets.sources import (
    CLASSES,
    DatasetError,
    load_source,
    misnamed_files,
    source_names,
)


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
            "-inverted and with a number of training examples, as in mnist-inverted-3000"
            + _misnamed_hint()
        )
    source, inverted, examples = match.groups()
    return Variant(source, inverted is not None, int(examples) if examples else None)


def _misnamed_hint() -> str:
    """Name the ignored files: somebody may have meant one of them as a source."""
    files = misnamed_files()
    if not files:
        return ""
    return (
        f"; ignored in {files[0].parent}: {', '.join(file.name for file in files)}, because a "
        "source's name consists of lower-case letters, digits and single hyphens and ends neither "
        "in -inverted nor in a number"
    )


def training_size(name: str, validation_share: float) -> int:
    """Return how many examples data set `name` trains on after validation examples are held out.

    Raises:
        DatasetError: see `parse_dataset` and `load_source`.
    """
    variant = parse_dataset(name)
    total = load_source(variant.source).training_examples
    return variant.examples or total - round(total * validation_share)


@cache
def class_size(name: str, validation_share: float) -> int:
    """Return how many examples of each class data set `name` trains on, whatever the seed.

    Validation examples and the examples of a subset are drawn from all, so this number is one that
    the smallest class falls short of in less than one of a billion draws.

    Raises:
        DatasetError: see `training_size`.
    """
    source, drawn = load_source(parse_dataset(name).source), training_size(name, validation_share)
    inside = source.smallest_class or source.training_examples // CLASSES
    outside = source.training_examples - inside

    def ways(total: int, chosen: int) -> float:
        """Return the logarithm of the number of ways to choose."""
        return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)

    number = max(0, drawn - outside)  # there are no more examples of other classes
    less = 0.0
    while number < min(inside, drawn):
        both = ways(inside, number) + ways(outside, drawn - number)
        less += exp(both - ways(inside + outside, drawn))
        if less > 1e-9:
            break
        number += 1
    return number
