"""What networks, data sets, criteria and errors are called in print, and what is not the paper's.

Each kind has its own function, since a name alone does not tell: `mnist-100` is a data set of 100
examples, `mlp-100` a network.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from snip.datasets.variants import parse_dataset
from snip.study import registry
from snip.study.figures import FIGURES, spoken
from snip.study.grids import FullGrid
from snip.study.runs import AXES, PAPER, Run
from snip.study.settings import Settings, scoring_part
from snip.study.spec import Spec

SOURCES = {
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
}
# The networks of claim 1.
CLAIM_1 = {"1a": "lenet-300-100", "1b": "lenet-5-caffe"}
ERRORS = {
    "test_error": "test error",
    "best_validation_test_error": "test error at the best validation error",
    "best_test_error": "best test error of all evaluations",
}


def network_name(identifier: str) -> str:
    """Return what a network is called in print."""
    return registry.printed("networks", identifier)


def criterion_name(identifier: str) -> str:
    """Return what a criterion is called in print."""
    return registry.printed("criteria", identifier)


def dataset_name(identifier: str) -> str:
    """Return what a data set is called in print, such as `inverted MNIST (3,000 examples)`.

    Raises:
        DatasetError: the data set is unknown.
    """
    variant = parse_dataset(identifier)
    printed = SOURCES.get(variant.source, variant.source)
    if variant.inverted:
        printed = f"inverted {printed}"
    return f"{printed} ({variant.examples:,} examples)" if variant.examples else printed


# What the configuration's own word and value do not say clearly.
PHRASES: dict[str, Callable[[Any], str]] = {
    "network": network_name,
    "dataset": dataset_name,
    "criterion": criterion_name,
    "labels": "{} labels".format,
    "sparsity": "sparsity {} %".format,
    "batch_size": lambda size: f"pruning batch of {size} example{'s' if size != 1 else ''}",
    "iterations": "{:,} iterations".format,
    "reported_error": ERRORS.__getitem__,
    "decay_every": "rate divided by ten every {:,}".format,
}


def phrase(name: str, value: Any) -> str:
    """Return what a value of an axis or a setting is called in print, such as `momentum 0.5`."""
    if name in PHRASES:
        return PHRASES[name](value)
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"no {words}"
    return f"{words} {value}"


def not_the_papers(spec: Spec) -> list[str]:
    """Return what of a study is not the paper's: axes and settings that are not as by default.

    An axis with several values is left out: the figure tells them apart. The number of iterations
    is always said, since the paper gives none.

    Returns:
        Phrases, such as `random labels`. One that does not hold everywhere says in brackets where.
    """
    grids: dict[str, list[FullGrid]] = {}  # by the figure that shows them or whose claims they are
    for figure, blocks in spec.grids.items():
        for grid in blocks:
            grids.setdefault(grid.figure or figure, []).append(grid)
    shown = [figure for figure in grids if figure != "claims"] or list(grids)
    by_figure: dict[str, list[str]] = {}
    for figure, (axis, plural) in itertools.product(shown, AXES.items()):
        values = list(dict.fromkeys(v for grid in grids[figure] for v in getattr(grid, plural)))
        usual = Run.model_fields[axis].default
        if axis == "criterion" and figure in FIGURES:
            usual = FIGURES[figure].criterion
        if axis != "seed" and len(values) == 1 and values != [usual]:
            by_figure.setdefault(phrase(axis, values[0]), []).append(spoken(figure))
    phrases = [
        words + (f" in {', '.join(figures)}" if len(figures) < len(shown) else "")
        for words, figures in by_figure.items()
    ]
    errors = any(figure == "claims" or FIGURES[figure].errors for figure in grids)
    if errors and spec.reported_error != "test_error":
        phrases.append(phrase("reported_error", spec.reported_error))
    trained = [name for name in grids if name == "claims" or FIGURES[name].trained]
    places: dict[tuple[str, str], set[str]] = {}
    for grid in itertools.chain(*(grids[name] for name in trained or grids)):
        for place in itertools.product(grid.networks, grid.datasets):
            places.setdefault(place, set()).update(grid.labels)
    by_place: dict[str, list[tuple[str, str]]] = {}
    for (network, dataset), labels in places.items():
        by_reading = spec.settings[network][dataset]
        settings = by_reading.get(PAPER) or next(iter(by_reading.values()))
        if not trained:
            settings = scoring_part(settings)
        # What only looks at training is named where the error depends on it.
        idle = {"log_every"}
        if spec.reported_error == "test_error":
            idle.add("evaluate_every")
        if "random" not in labels:
            idle.add("random_labels")
        for words in _unlike({name: value for name, value in settings.items() if name not in idle}):
            by_place.setdefault(words, []).append((network, dataset))
    return phrases + [words + _where(found, list(places)) for words, found in by_place.items()]


def _unlike(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the phrases of settings that are not the paper's, in the order of the table."""
    for name in (name for name in Settings.model_fields if name in values):
        if name == "decay_every" and values[name] >= values["iterations"]:
            yield "constant rate"
        elif name == "iterations" or values[name] != Settings.model_fields[name].default:
            yield phrase(name, values[name])


def _where(found: list[tuple[str, str]], places: list[tuple[str, str]]) -> str:
    """Return for which networks or data sets a phrase holds; empty if for all."""
    if len(found) == len(places):
        return ""
    for index, name in enumerate((network_name, dataset_name)):
        values = dict.fromkeys(place[index] for place in found)
        if len(found) == sum(place[index] in values for place in places):
            return f" for {', '.join(map(name, values))}"
    return f" for {', '.join(f'{network_name(n)} on {dataset_name(d)}' for n, d in found)}"
