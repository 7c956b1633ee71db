import argparse
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snip.study.axes import AXES, KEY, MASK_AXES, MaskSet, Run
from snip.study.options import add_axes, run_of
from snip.study.settings import SCORING_SETTINGS
from snip.study.spelling import label, number


def parsed(*words):
    """The run that a command line names."""
    parser = argparse.ArgumentParser()
    add_axes(parser, KEY)
    return run_of(parser.parse_args(words))


def refused(capsys, *words):
    """What is said of a command line that names none."""
    with pytest.raises(SystemExit):
        parsed(*words)
    return capsys.readouterr().err


@given(st.floats(0, 1e30).filter(lambda value: value == 0 or value > 1e-60))
def test_labels_spell_a_number_one_way(value):
    assert float(label(value)) == number(label(value)) == value
    assert label(str(value)) == label(label(value)) == label(value)
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", label(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (90, "90"),
        ("90.0", "90"),
        (100.0, "100"),
        (99.5, "99.5"),
        (0.0005, "0.0005"),
        (1e-11, "0.00000000001"),
        ("1e-5", "0.00001"),
        (1e20, "1" + "0" * 20),
        (-0.0, "0"),
    ],
)
def test_labels_have_no_exponent(value, expected):
    assert label(value) == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 5e-324, 1e300, "nought"])
def test_what_no_path_can_spell_is_no_label(value):
    with pytest.raises(ValueError, match=re.escape(str(value))):
        label(value)


@pytest.mark.parametrize("text", ["-0.1", "nan", "inf", "1e-300"])
def test_a_weight_decay_that_means_nothing_is_refused(capsys, text):
    assert text in refused(capsys, f"--weight-decay={text}")
    assert parsed("--weight-decay=1e-11").weight_decay == "0.00000000001"


@pytest.mark.parametrize("text", ["-1", "1.0", "", "1_000", "9223372036854775808", "x", "all"])
def test_a_seed_is_a_whole_number_below_2_to_the_63(capsys, text):
    assert "--seed: seed is" in refused(capsys, f"--seed={text}")
    assert parsed("--seed=9223372036854775807").seed == 2**63 - 1


def test_paths_spell_the_swept_axes():
    run = Run("mnist", "lenet-300-100", "snip", label("90.0"), 100, "correct", label(5e-4), 0)
    assert run.path == (
        "mnist/lenet-300-100/snip/sparsity-90/batch-100/labels-correct/decay-0.0005/seed-0"
    )


def test_paths_tell_every_axis_apart():
    assert set(KEY) == set(AXES)
    assert set(MASK_AXES) - {"class_"} <= set(AXES)
    # A mask file must be told by what its masks depend on, except for what it holds all of.
    assert set(SCORING_SETTINGS) & set(AXES) <= set(MASK_AXES)
    assert "seed" not in MASK_AXES and "sparsity" not in MASK_AXES


def test_the_defaults_are_in_their_one_spelling_and_match_their_patterns():
    for axis in AXES.values():
        assert axis.spelled(axis.default) == axis.default
        assert re.fullmatch(axis.pattern, str(axis.default))


def test_a_command_line_without_options_names_the_defaults():
    run = parsed()
    assert run.path == (
        "mnist/lenet-300-100/snip/sparsity-90/batch-100/labels-correct/decay-0.0005/seed-0"
    )
    assert run.masks == MaskSet("mnist", "lenet-300-100", "snip", 100, "all")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "most", ""])
def test_a_pruning_batch_has_one_example_or_more_or_all(capsys, text):
    assert "--batch-size: batch size is" in refused(capsys, f"--batch-size={text}")
    assert parsed("--batch-size=all").batch_size == "all"


@pytest.mark.parametrize("text", ["100", "-1", "nan", "all"])
def test_a_sparsity_is_a_percentage_below_100(capsys, text):
    assert "--sparsity" in refused(capsys, f"--sparsity={text}")
    assert parsed("--sparsity=99.50").sparsity == "99.5"
