"""What a configuration may say: the models, the checks after them, the reference."""

import json
import math
import re
from dataclasses import replace

import jsonschema
import pytest
import yaml

from helpers import REPOSITORY
from snip.jobs.failures import ConfigError
from snip.report.reference import README, SCHEMA, schema, table
from snip.study.figures import FIGURES
from snip.study.load import check, parse
from studies import CONFIG, GONE, content, load, put

HE = {"initialisation": "he"}
# The key, what it is given, and what the one sentence says of it.
BAD = [
    # Unknown names, with the nearest known one.
    ("figures.fgi1", [{"seeds": [0]}], ["figures.fgi1", "mean fig1?"]),
    ("claims.margins.9z", 1, ["claims.margins.9z", "allowed: 1a, 1b, 2a, 2a-told, 3c, 4, 5"]),
    ("figures.fig1[0].datasets", ["mnits"], ["figures.fig1[0].datasets[0]", "'mnits'", "mnist"]),
    ("figures.fig1[0].networks", ["LeNet-300-100"], ["networks[0]", "mean lenet-300-100?"]),
    ("criteria", ["SNIP"], ["criteria[0]", "mean snip?"]),
    ("figures.fig6[0].criteria", ["gradeint"], ["criteria[0]", "'gradeint'", "mean gradient"]),
    ("criteria", ["iterative_snip"], ["criteria[0]", "mean iterative-snip?"]),
    ("networks.lenet_300_100", {"learning_rate": 1}, ["networks.lenet_300_100", "lenet-300-100?"]),
    ("networks.lenet-5-caffe", GONE, ["networks[1]", "'lenet-5-caffe'", "networks.lenet-5-caffe"]),
    ("schedules.minst", {"iterations": 5}, ["schedules.minst: ", "'minst'", "mnist"]),
    ("claims.runs[0].criteria", ["shuffled"], ["claims.runs[0].criteria[0]", "'shuffled'"]),
    ("figures.controls[0].readings", ["keeep"], ["readings[0]: 'keeep'", "mean keep?"]),
    ("figures.readings[0].figure", "anatomy", ["figures.readings[0].figure", "'anatomy'"]),
    # What is missing, twice or none.
    ("claims.alpha", GONE, ["claims.alpha is missing"]),
    ("figures.fig1[0].seeds", GONE, ["figures.fig1[0].seeds is missing"]),
    ("figures.fig1[0].seeds", [], ["figures.fig1[0].seeds is [], expected one value or more"]),
    ("figures.fig1[0].seeds", [1, "1.0"], ["figures.fig1[0].seeds: [1, 1] has a value twice"]),
    ("figures.anatomy", GONE, ["figures.anatomy is missing, expected a list of grids"]),
    ("schedules.default", GONE, ["schedules.default is missing"]),
    ("schedules.default.iterations", GONE, ["schedules.default.iterations is missing"]),
    ("claims.margins.3c", GONE, ["claims.margins", "lacks 3c"]),
    # Values that a setting cannot have.
    ("training.momentum", math.nan, ["training.momentum is nan, expected a finite number"]),
    ("training.optimizer", "rmsprop", ["training.optimizer is 'rmsprop'", "'sgd' or 'adam'"]),
    ("protocol.relu_after_convolutions", "maybe", ["is 'maybe', expected true or false"]),
    ("schedules.default.iterations", 1.5, ["schedules.default.iterations is 1.5", "whole"]),
    ("schedules.default.learning_rate", 0.1, ["schedules.default.learning_rate", "networks."]),
    ("networks.lenet-5-caffe.learning_rate", 0, ["learning_rate is 0, expected greater than 0"]),
    ("figures.fig4[0].labels", ["true"], ["fig4[0].labels[0]", "'true'", "'correct' or 'random'"]),
    ("claims.margins.2a-told", 1, ["claims.margins", "2a-told is 1", "less than 1"]),
    ("claims.margins.1a", 0, ["claims.margins.1a is 0, expected greater than 0"]),
    ("claims.alpha", 1e-17, ["claims.alpha is 1e-17", "0.000001"]),
    ("claims.alpha", 0.5, ["claims.alpha is 0.5, expected less than 0.5"]),
    ("data_folder", "", ["data_folder is '', expected one character or more"]),
    *(("study", name, [f"study: {name!r} found"]) for name in ("datasets", "claims", "fig3", "-a")),
    *(("study", name, ["study: ", "expected"]) for name in ("tiny\n", "a/b", "", "a" * 101)),
    # Data that there is not.
    ("figures.fig3[0].batch_sizes", [60000], ["figures.fig3[0].batch_sizes", "60000", "54000"]),
    ("figures.fig2[0].datasets", ["mnist-200"], ["batch_sizes has 100", "mnist-200 that each"]),
    ("claims.runs[0].batch_sizes", [3001], ["claims.runs[0].batch_sizes has 3001", "3000"]),
    ("figures.fig4[0].datasets", ["mnist-55000"], ["fig4[0].datasets[0]", "mnist-55000", "54000"]),
    ("training.training_batch_size", 4000, ["^training.training_batch_size", "mnist-3000"]),
    ("training.validation_share", 1e-9, ["^training.validation_share", "holds out 0 of the 60000"]),
    ("training.validation_share", 0.999999, ["^training.validation_share", "60000 of the 60000"]),
    # What figures cannot show or tell apart.
    ("figures.fig3[0].sparsities", [0], ["figures.fig3 has only sparsity 0", "one above 0"]),
    ("figures.fig4[0].weight_decays", [0.1, 0.2], ["figures.fig4", "weight_decays", "above 0"]),
    ("figures.fig4[0].sparsities", [0, 90, 99], ["figures.fig4", "sparsities", "one above 0"]),
    ("figures.fig3[0].networks", ["lenet-5-caffe"], ["figures.fig3", "'lenet-5-caffe'", "image"]),
    ("figures.readings[2].networks", ["lenet-5-caffe"], ["figures.readings", "first layer"]),
    ("figures.readings[0].labels", ["correct", "random"], ["figures.readings", "Figure 2"]),
    ("figures.fig7[0].readings", ["he"], ["figures.fig7 has readings ['he']", "allowed: paper"]),
    ("figures.fig2[0].controls", ["shuffled"], ["figures.fig2 has controls", "allowed: none"]),
    ("figures.readings[6].mask_seeds", [1], ["figures.readings[6].mask_seeds", "Figure 3"]),
    ("claims.runs[0].mask_seeds", [1], ["claims.runs[0].mask_seeds", "Figure 3"]),
    ("claims.runs[0].readings", ["he"], ["claims.runs[0] has readings"]),
    ("figures.fig1[0].figure", "fig2", ["figures.fig1[0].figure is for figures.readings"]),
    ("figures.readings[0].figure", GONE, ["figures.readings[0] lacks the key figure", "fig1"]),
    # Readings that cannot be, or are two names for one thing.
    ("readings.other", {"reported_error": "mine"}, ["readings.other.reported_error is 'mine'"]),
    ("readings.other", {"device": "cuda"}, ["readings.other: it switches device"]),
    ("readings.other", {}, ["readings.other: it switches nothing"]),
    ("readings.other", HE, ["readings.other switches the same as readings.he"]),
    *((f"readings.{n}", HE, [f"readings.{n}: '{n}' found"]) for n in ("paper", "nan", "16", "a/b")),
    (f"readings.{'a' * 41}", HE, ["has at most 40 characters"]),
    ("figures.controls[0].readings", ["redraw"], ["figures.controls[0]", "redraw", "keeps"]),
    ("figures.controls[0].readings", ["keep", "keep-drawn"], ["both keep, expected one of both"]),
]


@pytest.mark.parametrize(("path", "value", "said"), BAD)
def test_a_wrong_configuration_is_refused_in_one_sentence(path, value, said):
    with pytest.raises(ConfigError) as caught:
        check(put(content(), path, value))
    message = str(caught.value)
    for part in said:
        found = message.startswith(part[1:]) if part.startswith("^") else part in message
        assert found, message
    assert "\n" not in message and len(message) < 400


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.training_batch_size", 3000),
        ("figures.fig3[0].batch_sizes", [1, 54000]),
        ("figures.fig7[0].weight_decays", [1e-12]),
        ("figures.fig7[0].datasets", ["mnist-54000"]),
        ("figures.fig1[0].seeds", [0, 2**63 - 1]),
        ("claims.alpha", 1e-6),
        ("study", "7" * 100),
        (f"readings.{'a' * 40}", {"momentum": 0}),
    ],
)
def test_a_value_at_its_limit_is_allowed(path, value):
    check(put(content(), path, value))


# What may not stand in the place of a value of a kind.
OTHERS = {
    dict: [None, [], 7],
    list: [None, {}, "0"],
    str: [None, True, []],
    bool: [None, "maybe", [1]],
    int: [None, True, [1], "1_0", "nan", ""],
    float: [None, True, [1], "1_0", "nan", "٣"],
}
OPTIONAL = ("criteria", "mask_seeds", "figure")  # of a grid: null is as good as no such key


def places(value, path=""):
    """The path of every value, with it; of a list only that of the first."""
    if path:
        yield path, value
    for key in value if isinstance(value, dict) else ():
        yield from places(value[key], f"{path}.{key}".lstrip("."))
    if isinstance(value, list):
        yield from places(value[0], f"{path}[0]")


# One for each key and kind of value.
PLACES = {
    (path.rpartition(".")[2], type(value)): (path, value) for path, value in places(content())
}


@pytest.mark.parametrize(("path", "value"), PLACES.values())
def test_a_value_of_another_kind_is_refused_where_it_stands(path, value):
    for other in OTHERS[type(value)]:
        if other is None and path.count(".") > 1 and path.endswith(OPTIONAL):
            continue
        with pytest.raises(ConfigError, match=rf"^{re.escape(path)}( is|:) .*, expected "):
            parse(put(content(), path, other))


@pytest.mark.parametrize("found", [None, [], "x", 7])
def test_what_is_no_configuration_is_refused(found):
    with pytest.raises(ConfigError, match="^the configuration is .*, expected keys and values"):
        parse(found)


def test_a_figure_of_masks_shows_one_seed_of_all():
    masks = [{"seeds": [1]}, {"datasets": ["mnist-inverted"], "seeds": [2]}]
    with pytest.raises(ConfigError, match="figures.fig2 has grids without a seed in common"):
        check(put(content(), "figures.fig2", masks))


@pytest.mark.parametrize("figure", [name for name in FIGURES if name not in ("fig4", "readings")])
@pytest.mark.parametrize(
    ("axis", "two"),
    [
        ("datasets", ["mnist", "fashion-mnist"]),
        ("networks", ["lenet-300-100", "lenet-5-caffe"]),
        ("criteria", ["snip", "magnitude"]),
        ("batch_sizes", [10, 100]),
        ("labels", ["correct", "random"]),
        ("weight_decays", [0, 0.1]),
    ],
)
def test_a_figure_shows_two_values_of_an_axis_apart_or_refuses_them(figure, axis, two):
    """What is drawn has every axis that may be swept among the columns that tell lines apart."""
    changed = put(content(), f"figures.{figure}", [{"seeds": [0], axis: two}])
    if axis in FIGURES[figure].apart:
        check(changed)
    else:
        with pytest.raises(ConfigError, match=f"figures.{figure} has {axis} .* allowed: one"):
            check(changed)


@pytest.mark.parametrize(
    "path",
    [
        "figurs",
        "figures.fig1[0].sparsity",
        "training.log_evry",
        "protocol.prunabel",
        "networks.lenet-5-caffe.learning-rate",
        "schedules.mnist-3000.iteration",
        "readings.he.initialisatoin",
        "claims.margin",
    ],
)
def test_a_misspelt_key_is_refused_and_marked_by_editors(path):
    changed = put(content(), path, 1)
    parent, _, key = path.rpartition(".")
    with pytest.raises(ConfigError, match=rf"^{re.escape(parent)}.*'{key}' is .*did you mean"):
        check(changed)
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' was unexpected"):
        jsonschema.validate(changed, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_projects_files_are_right_and_editors_know_it(path):
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    jsonschema.validate(yaml.safe_load(text), json.loads(SCHEMA.read_text()))
    below = {"shipped": "paper"}.get(path.stem)  # what ships is a part of the paper study
    assert load(*filter(None, (below, path.stem))).study == (below or path.stem)


def test_the_reference_is_that_of_the_models():
    assert table() in README.read_text("utf-8"), "make reference writes it anew"
    assert schema() == SCHEMA.read_text("utf-8"), "make reference writes it anew"


def test_every_key_is_described():
    whole = json.loads(schema())
    for model in (whole, *whole["$defs"].values()):
        for key, value in model["properties"].items():
            named = whole["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
            assert (named | value).get("description"), f"{key} of {model['title']}"


def test_the_examples_of_the_page_are_readings_of_the_default_study():
    page = (REPOSITORY / "docs/readings.md").read_text()
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.S)
    named = yaml.safe_load(example)["readings"]
    assert named.items() <= content()["readings"].items() and len(named) > 2


def test_what_training_and_protocol_leave_out_has_the_papers_value():
    config = check(content() | {"protocol": {}, "training": {}})
    assert config.protocol.initialisation == "variance-scaling"
    assert config.training.optimizer == "sgd" and config.training.log_every == 100


def test_a_figure_that_no_file_names_has_its_default_grids(monkeypatch):
    monkeypatch.setitem(FIGURES, "fig7", replace(FIGURES["fig7"], grids=({"seeds": [7]},)))
    assert check(put(content(), "figures.fig7", GONE)).grids("fig7")[0].seeds == [7]
    assert check(content()).grids("fig7")[0].seeds == content()["figures"]["fig7"][0]["seeds"]
