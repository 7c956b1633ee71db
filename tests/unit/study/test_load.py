"""Files and command lines, laid over one another."""

import pytest
import yaml
from snakemake.cli import parse_config

from snip.jobs.failures import ConfigError
from snip.study.load import check, load_config, overlaid, parse
from studies import CONFIG, content, load


def at(value, path):
    """What a configuration has at a path."""
    for key in path.split("."):
        if isinstance(value, dict | list):
            value = value[int(key) if isinstance(value, list) else key]
        else:
            value = getattr(value, key)
    return value


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("training: {momentum: 5e-1}", "training.momentum", 0.5),
        ("networks: {x: {learning_rate: '.05'}}", "networks.x.learning_rate", 0.05),
        ("networks: {7: {learning_rate: 1}}", "networks.7.learning_rate", 1.0),
        ("schedules: {default: {iterations: 1e3}}", "schedules.default.iterations", 1000),
        ("checkpoint_seconds: 30.0", "checkpoint_seconds", 30),
        ("protocol: {relu_after_convolutions: 'true'}", "protocol.relu_after_convolutions", True),
        ("claims: {margins: {4: 1E-1}}", "claims.margins.4", 0.1),
        ("figures: {fig1: [{seeds: ['0', 1, 2.0]}]}", "figures.fig1.0.seeds", [0, 1, 2]),
        ("readings: {he: {weight_decay: '1.0'}}", "readings.he.weight_decay", 1),
        # Names that look like numbers stay names.
        ("study: '7'", "study", "7"),
        ("criteria: ['1e5']", "criteria", ["1e5"]),
    ],
)
def test_what_is_a_number_counts_as_one(text, path, wanted):
    config = parse(overlaid(content(), yaml.safe_load(text)))
    assert repr(at(config, path)) == repr(wanted)


def test_values_nested_on_the_command_line_are_those_of_a_file():
    given = ["checkpoint_seconds=7", "training={momentum: 0.5, log_every: 10}"]
    given += ["protocol={relu_after_convolutions: true}"]
    config = check(overlaid(content(), parse_config(given)))  # nested ones are text for Snakemake
    assert config.training == load().training.model_copy(update={"momentum": 0.5, "log_every": 10})
    assert config.protocol.relu_after_convolutions is True and config.checkpoint_seconds == 7


def test_a_file_is_laid_over_another_key_by_key_and_list_by_list():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": [{"e": 1}], "f": {"g": 1}}
    above = {"a": {"c": [3]}, "d": [], "f": 5, "h": {"i": 2}}
    merged = {"a": {"b": 1, "c": [3]}, "d": [], "f": 5, "h": {"i": 2}}
    assert overlaid(below, above) == merged
    assert below["a"] == {"b": 1, "c": [1, 2]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"criteria:\n  a: 1\n  'a': 2\n", "cannot be read: the key 'a' stands twice .* line 2"),
        (b"[1, 2]", r"has \[1, 2\], expected keys and values"),
        (b"", "has None, expected keys and values"),
        (b"study: [", "cannot be read: .*line 1"),
        (b"study: !!python/object:os.system {}", "cannot be read"),
        (b"study: '\xff'", "cannot be read: .*utf-8"),
        (b"a: 1\n---\nb: 2\n", "cannot be read"),
        (b"? [1]\n: 2\n", "cannot be read"),
        (None, "cannot be read: .*No such file"),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused_by_its_name(tmp_path, text, said):
    path = tmp_path / "own.yaml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(ConfigError, match=f"^configuration file .*own.yaml {said}") as caught:
        load_config(CONFIG / "default.yaml", path)
    assert "\n" not in str(caught.value)
