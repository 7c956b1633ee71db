"""Readings of the protocol, and controls: axes that a path says only where they are not default."""

import argparse
import re
from dataclasses import asdict, replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers import REPOSITORY
from snip.jobs.failures import ConfigError
from snip.study import options
from snip.study.axes import AXES, KEY, MASK_AXES, MASK_PATH, RUN_PATH, Run, values_in
from snip.study.config import check, load_config
from snip.study.figures import FIGURES
from snip.study.grids import expand_masks, expand_runs, grids, settings, study_runs
from snip.study.settings import SCORING_SETTINGS
from studies import load

RUN = Run("mnist", "lenet-300-100", "snip", "90", 100, "correct", "0.0005", 0)


def pattern(grammar):
    """The regular expression of a grammar's paths, as Snakemake makes it of a rule's output."""
    names = {name: f"(?P<{name}>{axis.wildcard})" for name, axis in AXES.items()}
    return re.compile(
        re.escape(grammar)
        .replace(r"\{", "{")
        .replace(r"\}", "}")
        .format(class_="(?P<class_>all|each)", **names)
    )


@given(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True),
    st.sampled_from(AXES["control"].schema["enum"]),
    st.integers(0, 999),
)
def test_a_path_gives_back_the_run_and_its_masks(reading, control, seed):
    run = replace(RUN, reading=reading, control=control, seed=seed)
    for key, grammar, names in ((run, RUN_PATH, KEY), (run.masks, MASK_PATH, MASK_AXES)):
        parts = pattern(grammar).fullmatch(key.path).groupdict()
        assert values_in({n: part or "" for n, part in parts.items()}, names) == {
            name: str(value) for name, value in asdict(key).items()
        }


def test_a_path_says_a_reading_only_where_it_is_not_the_studys_own():
    assert RUN.reading == "paper" and RUN.control == "none"
    assert RUN.path.endswith("/decay-0.0005/seed-0")
    other = replace(RUN, reading="he", control="shuffled")
    assert other.path.endswith("/decay-0.0005/reading-he/control-shuffled/seed-0")
    assert other.masks.path.endswith("/class-all/reading-he")


def test_a_reading_changes_what_it_switches_and_nothing_else():
    config = load("default")
    own = settings(config, "lenet-5-caffe", "mnist")
    changed = settings(config, "lenet-5-caffe", "mnist", "relu")
    assert changed == own | {"relu_after_convolutions": True, "learning_rate": 0.1}
    assert settings(config, "lenet-5-caffe", "mnist", "decay") == own  # an axis


def readings_of(config, grid):
    """The readings under whose names the runs and the masks of a grid of `readings` are made."""
    config["figures"]["readings"] = [{"seeds": [0], "mask_seeds": [0], **grid}]
    completed = grids(check(config), "readings")
    masks = expand_masks("readings", completed)
    return {run.reading for run in expand_runs(completed)}, {mask.reading for mask in masks}


def test_readings_share_the_runs_and_masks_that_do_not_differ():
    grid = {"figure": "fig3", "readings": ["paper", "keep", "best", "validation", "he"]}
    runs, masks = readings_of(load("default"), grid)
    assert runs == {"paper", "keep", "he"}  # the reported error is read from the same runs
    assert masks == {"paper", "he"}  # masks do not depend on the weights that are trained
    config = load("default")
    config["protocol"]["initialisation"] = "he"
    runs, masks = readings_of(config, grid)
    assert (runs, masks) == ({"paper", "keep"}, {"paper"})  # the study is he's already


def test_masks_differ_where_a_scoring_setting_does_and_nowhere_else():
    config = load("default")
    for name, changed in config["readings"].items():
        _, masks = readings_of(config, {"figure": "fig3", "readings": [name]})
        scores = any(switch in SCORING_SETTINGS for switch in changed)
        assert (masks != {"paper"}) == scores, name


def test_a_reading_may_switch_the_weight_decay_of_every_run():
    config = load("default")
    grid = {"figure": "fig4", "weight_decays": [0], "readings": ["paper", "decay"]}
    config["figures"]["readings"] = [{"seeds": [0], **grid}]
    runs = expand_runs(grids(config, "readings"))
    assert {run.weight_decay for run in runs} == {"0", "0.0005"}
    assert {run.reading for run in runs} == {"paper"}


def test_masks_are_scored_and_networks_trained_where_a_figure_has_them():
    config = load("default")
    config["figures"]["readings"] = [{"figure": "fig2", "seeds": [0], "readings": ["he"]}]
    assert expand_runs(grids(config, "readings")) == []
    [mask] = expand_masks("readings", grids(config, "readings"))
    assert (mask.class_, mask.reading) == ("each", "he")


def test_extra_figures_are_no_part_of_the_study():
    config = load("default")
    assert not {run.criterion for run in study_runs(config)} - {"snip"}
    more = study_runs(config, ["criteria"])
    assert len({run.criterion for run in more}) > 6 and {run.reading for run in more} == {"paper"}
    assert FIGURES["criteria"].extra and not FIGURES["anatomy"].extra


BAD = [
    ("readings.other", {"initialisatoin": "he"}, ["initialisatoin", "mean initialisation?"]),
    ("readings.other", {"initialisation": "her"}, ["readings.other.initialisation", "'her'"]),
    ("readings.other", {"reported_error": "mine"}, ["readings.other.reported_error", "'mine'"]),
    ("readings.other", {"weight_decay": -1}, ["readings.other.weight_decay", "-1"]),
    ("readings.other", {"device": "cuda"}, ["readings.other.device is not a known key"]),
    ("readings.other", {}, ["readings.other", "non-empty"]),
    ("readings.other", {"initialisation": "he"}, ["readings.other", "the same as readings.he"]),
    ("readings.paper", {"initialisation": "he"}, ["readings", "'paper' does not match"]),
    ("readings.nan", {"initialisation": "he"}, ["readings", "'nan' does not match"]),
    ("readings.16", {"initialisation": "he"}, ["readings", "'16' does not match"]),
    ("readings.other", {"weight_decay": 1e-200}, ["readings.other.weight_decay", "spelled"]),
    ("readings.other", {"training_batch_size": 9}, ["training_batch_size is not a known key"]),
    ("figures.fig7.0.readings", ["he"], ["figures.fig7 has readings ['he']", "allowed: paper"]),
    ("figures.fig2.0.controls", ["shuffled"], ["figures.fig2 has controls", "none"]),
    ("claims.runs.0.readings", ["he"], ["claims.runs[0] has readings"]),
    ("readings.a/b", {"initialisation": "he"}, ["readings", "'a/b' does not match"]),
    ("figures.controls.0.readings", ["keeep"], ["readings[0] is 'keeep'", "allowed: paper, keep"]),
    ("figures.fig1.0.readings", ["paper", "he"], ["figures.fig1 has readings", "allowed: one"]),
    ("figures.fig1.0.controls", ["none", "inverted"], ["figures.fig1 has controls"]),
    ("figures.controls.0.controls", ["none", "invert"], ["controls[1]", "'invert'", "inverted"]),
    ("figures.fig1.0.figure", "fig2", ["figures.fig1[0].figure is for figures.readings"]),
    ("figures.readings.0.figure", None, ["figures.readings[0] lacks the key figure"]),
    ("figures.readings.0.figure", "anatomy", ["figures.readings[0].figure", "'anatomy'"]),
    (
        "figures.readings.0.labels",
        ["correct", "random"],
        ["figures.readings has labels", "Figure 2"],
    ),
    ("figures.readings.2.networks", ["lenet-5-caffe"], ["figures.readings", "first layer"]),
]


@pytest.mark.parametrize(("path", "value", "said"), BAD)
def test_a_wrong_reading_is_refused_in_one_sentence(path, value, said):
    config = load("default")
    *parents, last = path.split(".")
    target = config
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target[key]
    target[last] = value
    if value is None:
        del target[last]
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert all(part in str(caught.value) for part in said), caught.value
    assert "\n" not in str(caught.value)


def test_the_examples_of_the_page_are_readings_of_the_default_study():
    page = (REPOSITORY / "docs/readings.md").read_text()
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.S)
    named = yaml.safe_load(example)["readings"]
    assert named.items() <= load("default")["readings"].items() and len(named) > 2


def test_two_readings_of_one_name_are_refused(tmp_path):
    twice = tmp_path / "twice.yaml"
    twice.write_text("readings:\n  mine: {initialisation: he}\n  mine: {prunable: weights}\n")
    with pytest.raises(ConfigError, match="twice.yaml .*the key 'mine' stands twice .* line 2"):
        load_config(twice)


def test_an_unknown_reading_by_hand_is_refused():
    parser = argparse.ArgumentParser()
    options.add_axes(parser, KEY)
    options.add_settings(parser)
    found = options.settings_of(parser.parse_args(["--reading", "he"]))
    assert found.initialisation == "he"
    with pytest.raises(ConfigError, match="reading 'hee' is unknown, allowed: paper, keep"):
        options.settings_of(parser.parse_args(["--reading", "hee"]))


@pytest.mark.parametrize("text", ["../x", "He", "a b", ""])
def test_a_reading_that_no_path_can_spell_is_refused(capsys, text):
    parser = argparse.ArgumentParser()
    options.add_axes(parser, KEY)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--reading={text}"])
    assert "reading is" in capsys.readouterr().err
