"""Command lines of what is made by hand, and of jobs."""

import argparse
import importlib
import shlex
from argparse import HelpFormatter
from functools import partial
from pathlib import Path

import pytest

from snip.jobs.code import code_of
from snip.jobs.failures import ConfigError
from snip.study import options
from snip.study.grids import settings
from snip.study.options import arguments
from snip.study.runs import MaskSet, Run, Scored
from snip.study.settings import SCORING, Settings
from studies import load


def parsed(words, model=Run, names=tuple(Settings.model_fields)):
    """The run or mask set, and the settings, that a command line names."""
    parser = argparse.ArgumentParser()
    options.add(parser, model, model.model_fields)
    options.add(parser, Settings, names)
    found = parser.parse_args(shlex.split(words))
    made = options.read(found, model)
    return made, options.settings(found, made, names)


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize("dataset", ["mnist", "mnist-3000"])
def test_what_is_not_given_is_as_in_the_default_study(network, dataset):
    run, found = parsed(f"--network {network} --dataset {dataset}")
    assert run == Run(network=network, dataset=dataset)
    assert dict(found) == settings(load(), network, dataset)


def test_what_is_given_wins():
    words = "--network lenet-5-caffe --learning-rate 5e-1 --relu-after-convolutions"
    run, found = parsed(f"{words} --sparsity 99.50 --batch-size all")
    assert (run.sparsity, run.batch_size) == (99.5, "all")
    given = {"learning_rate": 0.5, "relu_after_convolutions": True}
    assert dict(found) == settings(load(), "lenet-5-caffe", "mnist") | given
    assert parsed("--reading he")[1].initialisation == "he"
    assert parsed("--reading he --initialisation glorot")[1].initialisation == "glorot"
    with pytest.raises(ConfigError, match=r"'hee' is not a reading \(did you mean he\?\)"):
        parsed("--reading hee")


def test_a_network_of_ones_own_needs_a_learning_rate_to_be_trained_and_none_to_be_scored():
    with pytest.raises(ConfigError, match="network own has no learning rate .*--learning-rate"):
        parsed("--network own")
    assert parsed("--network own --learning-rate 0.3")[1].learning_rate == 0.3
    parsed("--network own", MaskSet, SCORING)


@pytest.mark.parametrize("relu", [True, False])
def test_a_job_that_is_given_every_setting_reads_no_configuration(monkeypatch, relu):
    monkeypatch.setattr(importlib, "import_module", None)
    given = Settings(relu_after_convolutions=relu, initial_weights="keep", learning_rate=0.03)
    run = Run(network="own", sparsity=99.5, weight_decay=1e-11, seed=2**63 - 1, control="inverted")
    assert parsed(f"{arguments(run.key)} {arguments(dict(given))}") == (run, given)
    masks = MaskSet(batch_size="all", classes="each")
    scoring = {name: getattr(given, name) for name in SCORING}
    found, values = parsed(f"{arguments(masks.key)} {arguments(scoring)}", MaskSet, SCORING)
    assert found == masks and values == Settings(**scoring)


@pytest.mark.parametrize("script", ["train", "prune"])
def test_results_do_not_depend_on_the_code_of_studies(script):
    known = {"__init__", "model", "options", "registry", "runs", "settings"}
    assert {Path(file).stem for file in code_of(f"scripts/{script}.py") if "study" in file} == known


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--optimizer=adm", "option --optimizer is 'adm', expected 'sgd' or 'adam'"),
        ("--iterations=0", "option --iterations is 0, expected greater than or equal to 1"),
        ("--momentum=1", "option --momentum is 1, expected less than 1"),
        ("--learning-rate=nan", "option --learning-rate: 'nan' found, expected a number"),
        ("--batch-size=0", "option --batch-size: '0' found, expected a whole number, 1 or more"),
        ("--reading=../x", "option --reading: '../x' found, expected lower case letters"),
    ],
)
def test_the_limits_of_the_models_hold_on_the_command_line(words, said):
    with pytest.raises(ConfigError) as caught:
        parsed(words)
    assert str(caught.value).startswith(said)


def test_an_option_may_have_several_values():
    parser = argparse.ArgumentParser()
    options.add(parser, Scored, Scored.model_fields, nargs="+")
    found = parser.parse_args(shlex.split("--seeds 3 0 --sparsities 90 99.5"))
    assert options.read(found, Scored) == Scored(seeds=[3, 0], sparsities=[90, 99.5])
    with pytest.raises(ConfigError, match="option --seeds: .* has a value twice"):
        options.read(parser.parse_args(["--seeds", "1", "01"]), Scored)


def test_the_help_says_what_each_option_means_and_its_default():
    parser = argparse.ArgumentParser(formatter_class=partial(HelpFormatter, width=9999))
    options.add(parser, Run, Run.model_fields)
    said = " ".join(parser.format_help().split())
    for field in Run.model_fields.values():
        assert f"{' '.join(field.description.split())} [{field.default}]" in said
