"""The project's own studies, and the runs of them that came with the clone."""

import json
from collections.abc import Iterable
from functools import cache, reduce
from typing import Any, Literal, get_args, get_origin

import numpy as np

from helpers import REPOSITORY
from snip.jobs.files import unsealed
from snip.study.config import Config
from snip.study.load import check, overlaid, read
from snip.study.runs import Run
from snip.study.settings import Settings

CONFIG = REPOSITORY / "config"
GONE = object()  # in the place of a value: no such key


def content(*names: str) -> dict[str, Any]:
    """What a study's files say, laid over the default study; a test may edit it."""
    files = [_file(name) for name in ("default", *names)]
    # What YAML shares, such as `*runs`, becomes a list of its own.
    return json.loads(json.dumps(reduce(overlaid, files)))


@cache
def _file(name: str) -> dict[str, Any]:
    return read(CONFIG / f"{name}.yaml")


def load(*names: str) -> Config:
    """A study of the project, checked."""
    return check(content(*names))


def put(target: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Set a key, such as `figures.fig1[0].seeds`, of what a study's files say; returns all."""
    *parents, last = path.replace("[", ".").replace("]", "").split(".")
    inner: Any = target
    for key in parents:
        inner = inner[int(key)] if isinstance(inner, list) else inner.setdefault(key, {})
    place = int(last) if isinstance(inner, list) else last
    if value is GONE:
        del inner[place]
    else:
        inner[place] = value
    return target


def shipped_runs(
    study: str = "paper", seeds: Iterable[int] = range(200, 220), **setting: Any
) -> list[dict[str, Any]]:
    """The result files of a setting at full length, by seed."""
    paths = [Run(seed=seed, **setting).path for seed in seeds]
    files = [REPOSITORY / f"results/{study}/runs/{path}.json" for path in paths]
    return [unsealed(file.read_bytes()) for file in files]


def shipped_errors(
    study: str = "paper", seeds: Iterable[int] = range(200, 220), **setting: Any
) -> np.ndarray:
    """Their test errors, percent."""
    return np.array([each["test_error"] for each in shipped_runs(study, seeds, **setting)])


# The values that a setting made of text may have.
CHOICES = {
    name: get_args(field.annotation)
    for name, field in Settings.model_fields.items()
    if get_origin(field.annotation) is Literal
}
