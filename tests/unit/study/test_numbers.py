import pytest
import yaml
from snakemake.cli import parse_config

from helpers import REPOSITORY
from snip.jobs.failures import ConfigError
from snip.study.config import check
from snip.study.schema import numbers, schema

SCHEMA = schema()


def converted(text: str) -> dict:
    """What becomes of a user's YAML."""
    return numbers(yaml.safe_load(text), SCHEMA)


def same(found, wanted) -> bool:
    """Whether two values are equal, and their numbers of the same type."""
    return repr(found) == repr(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("training: {momentum: 5e-1, log_every: '7'}", {"momentum": 0.5, "log_every": 7}),
        ("networks: {mlp: {learning_rate: 1e-2}}", {"mlp": {"learning_rate": 0.01}}),
        ("networks: {mlp: {learning_rate: '.05'}}", {"mlp": {"learning_rate": 0.05}}),
        ("schedules: {mnist-3000: {iterations: 1e3}}", {"mnist-3000": {"iterations": 1000}}),
        ("checkpoint_seconds: 30.0", 30),
        ("protocol: {relu_after_convolutions: 'true'}", {"relu_after_convolutions": True}),
        ("claims: {margins: {4: 1E-1}}", {"margins": {4: 0.1}}),
        ("figures: {fig1: [{seeds: ['0', 1, 2.0]}]}", {"fig1": [{"seeds": [0, 1, 2]}]}),
        ("figures: {fig1: [{sparsities: ['99.5', 90]}]}", {"fig1": [{"sparsities": [99.5, 90]}]}),
        ("figures: {fig1: [{batch_sizes: [100.0]}]}", {"fig1": [{"batch_sizes": [100]}]}),
    ],
)
def test_what_is_a_number_counts_as_one(text, wanted):
    [found] = converted(text).values()
    assert same(found, wanted)


@pytest.mark.parametrize("value", ["fast", "1e999", "nan", "1_0", "0x10", "", "-", True, None])
def test_what_is_none_stays_for_the_schema_to_refuse(value):
    config = yaml.safe_load((REPOSITORY / "config/default.yaml").read_text())
    config["training"]["momentum"] = value
    assert same(numbers(config, SCHEMA)["training"]["momentum"], value)
    with pytest.raises(ConfigError, match=r"training.momentum: .* is not of type 'number'"):
        check(numbers(config, SCHEMA))


def test_names_that_look_like_numbers_stay_names():
    assert same(converted("criteria: ['1e5']\nstudy: '7'"), {"criteria": ["1e5"], "study": "7"})


@pytest.mark.parametrize("name", ["default", "paper", "tiny"])
def test_a_study_that_is_right_stays_as_it_is(name):
    config = yaml.safe_load((REPOSITORY / f"config/{name}.yaml").read_text())
    assert same(numbers(config, SCHEMA), config)


def test_values_nested_on_the_command_line():
    given = parse_config(
        [
            "training={momentum: 0.5, log_every: 10}",
            "networks={lenet-300-100: {learning_rate: '0.05'}}",
            "protocol={relu_after_convolutions: true}",
        ]
    )
    assert numbers(given, SCHEMA) == {
        "training": {"momentum": 0.5, "log_every": 10},
        "networks": {"lenet-300-100": {"learning_rate": 0.05}},
        "protocol": {"relu_after_convolutions": True},
    }
    # For Snakemake they are text.
    assert given["training"]["momentum"] == "0.5"
