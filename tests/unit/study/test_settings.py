"""The settings of what is made by hand, on the command line."""

import argparse
import dataclasses
import importlib
import shlex
from pathlib import Path

import pytest

from helpers import REPOSITORY
from snip.jobs.code import code_of
from snip.jobs.failures import ConfigError
from snip.study import checks, options
from snip.study.axes import AXES, Axis
from snip.study.config import DEFAULT, load_config, overlaid
from snip.study.grids import settings
from snip.study.options import arguments
from snip.study.settings import FIELDS, SCORING_SETTINGS, Settings
from studies import CHOICES


def parsed(words, names=tuple(FIELDS)):
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", default="lenet-300-100")
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--reading", default="paper")
    options.add_settings(parser, names)
    return options.settings_of(parser.parse_args(shlex.split(words)))


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("dataset", ["mnist", "mnist-3000"])
def test_what_is_not_given_is_as_in_the_default_study(network, dataset):
    config = load_config(REPOSITORY / "config/default.yaml")
    found = parsed(f"--network {network} --dataset {dataset}")
    assert dataclasses.asdict(found) == settings(config, network, dataset)


def test_what_is_given_wins():
    found = parsed("--network lenet-5-caffe --learning-rate 0.5 --relu-after-convolutions")
    assert found.learning_rate == 0.5 and found.relu_after_convolutions
    rest = dataclasses.replace(found, learning_rate=0.02, relu_after_convolutions=False)
    assert rest == parsed("--network lenet-5-caffe")
    assert parsed("--initialisation he", SCORING_SETTINGS).initialisation == "he"


def test_a_network_of_ones_own_needs_a_learning_rate_to_be_trained_and_none_to_be_scored():
    with pytest.raises(ConfigError, match="network own has no learning rate .*--learning-rate"):
        parsed("--network own")
    assert parsed("--network own --learning-rate 0.3").learning_rate == 0.3
    parsed("--network own", SCORING_SETTINGS)


@pytest.mark.parametrize("relu", [True, False])
def test_a_job_that_is_given_every_setting_reads_no_configuration(monkeypatch, relu):
    monkeypatch.setattr(importlib, "import_module", None)
    given = Settings(relu_after_convolutions=relu, initial_weights="keep", learning_rate=0.03)
    assert parsed(arguments(dataclasses.asdict(given))) == given
    scoring = {name: getattr(given, name) for name in SCORING_SETTINGS}
    found = parsed(arguments(scoring), SCORING_SETTINGS)
    assert {name: getattr(found, name) for name in SCORING_SETTINGS} == scoring


@pytest.mark.parametrize("script", ["train", "prune"])
def test_results_do_not_depend_on_the_code_of_studies(script):
    known = {"__init__", "axes", "options", "registry", "settings", "spelling"}
    assert {Path(file).stem for file in code_of(f"scripts/{script}.py") if "study" in file} <= known


def test_every_setting_made_of_text_is_a_choice():
    texts = [f.name for f in dataclasses.fields(Settings) if isinstance(f.default, str)]
    assert sorted(texts) == sorted(CHOICES)


def test_a_value_that_is_not_allowed_is_refused_with_those_that_are(capsys):
    for name, allowed in CHOICES.items():
        with pytest.raises(SystemExit):
            parsed(f"--{name.replace('_', '-')} nonsense")
        said = capsys.readouterr().err.splitlines()[-1]
        assert "nonsense" in said and all(value in said for value in allowed)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
def test_a_study_has_every_setting(network):
    config = load_config(REPOSITORY / "config/default.yaml")
    assert set(settings(config, network, "mnist")) == set(FIELDS)


@pytest.mark.parametrize(
    "words",
    ["--iterations 0", "--log-every 0", "--momentum -3", "--momentum 1", "--learning-rate 0"]
    + ["--learning-rate nan", "--validation-share 0", "--iterations 1.5"],
)
def test_the_limits_of_settings_hold_on_the_command_line(capsys, words):
    option, value = words.split()
    with pytest.raises(SystemExit):
        parsed(f"{option}={value}")
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"{option}: {option[2:].replace('-', ' ')} is {value}, allowed: " in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("initialisation", "axis initialisation decides masks, but MASK_PATH"),
        ("learning_rate", "axis learning_rate .* for each network or data set"),
    ],
)
def test_a_setting_that_cannot_be_an_axis_is_refused_as_one(monkeypatch, name, said):
    axis = Axis(name, f"{name}s", "0.1", ".*", {"type": "string"}, "")
    monkeypatch.setattr(checks, "AXES", AXES | {name: axis})
    with pytest.raises(ConfigError, match=said):
        checks._check_tables()


def test_a_configuration_that_is_a_list_is_refused():
    with pytest.raises(ConfigError, match="the configuration is .*, expected keys and values"):
        overlaid(DEFAULT, [])
