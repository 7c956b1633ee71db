"""Runs and mask sets, and their paths."""

import math
import re
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from snakemake.utils import Paramspace

from helpers import REPOSITORY
from snip.study.config import Grid
from snip.study.grids import expand_runs, grids, study_runs
from snip.study.model import sentence
from snip.study.runs import AXES, KEY, MASK_AXES, Classes, Control, Labels, MaskSet, Run
from snip.study.settings import SCORING
from studies import load

NAME = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
NUMBER = st.floats(0, 100, exclude_max=True).filter(lambda value: not 0 < value < 1e-12)
SHARED = dict.fromkeys(("dataset", "network", "criterion", "reading"), NAME)
SHARED["batch_size"] = st.one_of(st.just("all"), st.integers(1, 10**9))
MASKS = st.builds(MaskSet, **SHARED, classes=st.sampled_from(get_args(Classes)))
RUNS = st.builds(
    Run,
    **SHARED,
    sparsity=NUMBER,
    weight_decay=NUMBER,
    labels=st.sampled_from(get_args(Labels)),
    control=st.sampled_from(get_args(Control)),
    seed=st.integers(0, 2**63 - 1),
)


def parts(pattern: str, path: str) -> dict[str, str]:
    """What Snakemake finds in a path, under the constraints of the workflow."""
    rules = (REPOSITORY / "workflow/rules/common.smk").read_text()
    [constraint] = re.findall(r'fromkeys\(\(\*KEY, \*MASK_AXES\), "(.*)"\)', rules)
    found = re.fullmatch(re.sub(r"\{(\w+)\}", rf"(?P<\1>{constraint})", pattern), path)
    assert found, f"{path} does not match {pattern}"
    return found.groupdict()


@given(st.one_of(RUNS, MASKS))
def test_a_path_is_snakemakes_and_gives_back_what_it_names(named):
    pattern = Paramspace(pd.DataFrame([named.key], dtype=object), param_sep="-").wildcard_pattern
    assert pattern.format(**named.key) == named.path
    assert type(named)(**parts(pattern, named.path)) == named
    if isinstance(named, Run):
        assert named.masks.key.items() - {("classes", "all")} <= named.key.items()


def test_the_files_that_a_study_waits_for_are_those_of_its_runs():
    config = load("paper")
    wanted = Paramspace(study_runs(config)[KEY], param_sep="-").instance_patterns
    assert {run.path for run in expand_runs(grids(config, "criteria"))} < set(wanted)


def test_a_path_spells_every_axis():
    run = Run(sparsity="90.0", weight_decay=5e-4, seed="3", control="shuffled")
    assert run.path == (
        "dataset-mnist/network-lenet-300-100/criterion-snip/sparsity-90/batch_size-100"
        "/labels-correct/weight_decay-0.0005/reading-paper/control-shuffled/seed-3"
    )
    assert run.masks.path == (
        "dataset-mnist/network-lenet-300-100/criterion-snip/batch_size-100/classes-all"
        "/reading-paper"
    )


def test_every_axis_is_swept_and_masks_have_those_that_scoring_depends_on():
    assert set(KEY) == set(AXES) and set(AXES.values()) < set(Grid.model_fields)
    assert set(KEY) - set(MASK_AXES) == {"sparsity", "labels", "weight_decay", "control", "seed"}
    assert not SCORING & set(KEY)


@pytest.mark.parametrize(
    ("spelled", "values"),
    [
        ("90", [90, 90.0, "90.0", "9e1"]),
        ("99.5", [99.5, "99.50"]),
        ("1e-05", [1e-5, "0.00001"]),
        ("0", [-0.0, "-0", "0.0"]),
    ],
)
@pytest.mark.parametrize("axis", ["sparsity", "weight_decay"])
def test_a_number_has_one_spelling(axis, spelled, values):
    for value in values:
        run = Run(**{axis: value})
        assert f"/{axis}-{spelled}/" in run.path and run.key[axis] == float(value)


@pytest.mark.parametrize(
    ("axis", "values", "expected"),
    [
        ("sparsity", [100, "1e2", 10**300], "less than 100"),
        ("sparsity", [-1, "-0.1"], "greater than or equal to 0"),
        ("weight_decay", [5e-324, "1e-300"], "0, or 1e-12 or more"),
        ("weight_decay", ["1e400", math.inf, math.nan], "a finite number"),
        ("weight_decay", [10**400, None, "fast", "nan", True], "a number"),
        ("weight_decay", [1e6, 1e300], "less than 1000000"),
        ("seed", ["1_0", "0x1", "x", "", " 1", "1\n", "٣", "nan", True], "a number"),
        ("seed", [1.5, "1.5", None, [1]], "a whole number"),
        ("seed", [2**63, "1e30", 1e30], f"less than {2**63}"),
        ("batch_size", [0, "-1", 1.5, "most", "all\n", None, True, math.inf], "a whole number, 1"),
        ("reading", ["../x", "He", "a b", "", "he\n", "he٣"], "lower case letters, digits and"),
        ("reading", [7, None, True, ["he"]], "text"),
        ("labels", ["true", True, None], "'correct' or 'random'"),
        ("control", ["invert"], "'none', 'shuffled', 'shuffled-inputs' or 'inverted'"),
    ],
)
def test_what_an_axis_cannot_be_is_refused_in_one_sentence(axis, values, expected):
    for value in values:
        with pytest.raises(ValidationError) as caught:
            Run(**{axis: value})
        said = sentence(caught.value)
        assert said.startswith(axis) and f", expected {expected}" in said
        assert "\n" not in said and len(said) < 300
