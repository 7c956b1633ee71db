import argparse
import copy
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers import REPOSITORY
from snip.jobs import command
from snip.jobs.failures import ConfigError
from snip.study import registry
from snip.study.axes import AXES, Run, label, number
from snip.study.config import SCHEMA, check, load_config
from snip.study.figures import FIGURES, TRAINED
from snip.study.grids import (
    complete,
    expand_masks,
    expand_runs,
    grids,
    settings,
    study_masks,
    study_runs,
)
from snip.study.slices import digest, slice_of

CONFIG = REPOSITORY / "config"
STUDIES = ["default", "paper", "tiny"]


def load(name):
    overlays = [] if name == "default" else [CONFIG / f"{name}.yaml"]
    return load_config(CONFIG / "default.yaml", *overlays)


def runs(config, figure):
    return expand_runs(grids(config, figure))


@pytest.mark.parametrize("name", STUDIES)
def test_studies_are_valid_and_name_themselves(name):
    assert load(name)["study"] == name


def test_paper_study_follows_the_paper():
    config = load("paper")
    figure1 = runs(config, "fig1")
    assert len(figure1) == 2 * 10 * 20
    assert {run.sparsity for run in figure1} == {str(s) for s in range(0, 100, 10)}
    values = settings(config, "lenet-300-100", "mnist")
    assert values["iterations"] == 150_000 and values["decay_every"] == 25_000
    assert values["momentum"] == 0.9 and values["training_batch_size"] == 100
    assert {run.weight_decay for run in figure1} == {"0.0005"}
    assert len(runs(config, "fig3")) == 6 * 20  # five sizes, and all examples
    assert len(runs(config, "fig4")) == 5 * 20
    # Table 1's sparsities.
    extra = {(run.network, run.sparsity) for run in runs(config, "claims") if run.labels == "true"}
    assert {("lenet-300-100", "95"), ("lenet-300-100", "98")} < extra
    assert {("lenet-5-caffe", "98"), ("lenet-5-caffe", "99")} < extra


@pytest.mark.parametrize(
    ("names", "initialisation"), [(["table3"], "glorot"), (["table3", "table3-he"], "he")]
)
def test_the_study_of_table_3_trains_its_runs_and_no_others(names, initialisation):
    files = [CONFIG / f"{name}.yaml" for name in ("default", "paper", *names)]
    config = load_config(*files)
    assert config["study"] == names[-1]
    found = study_runs(config)
    assert len(found) == 2 * 20
    assert {(run.sparsity, run.weight_decay, run.labels) for run in found} == {("90", "0", "true")}
    for network in ("lenet-300-100", "lenet-5-caffe"):
        values = settings(config, network, "mnist")
        assert values["optimizer"] == "adam" and values["learning_rate"] == 0.001
        assert values["initialisation"] == initialisation and values["iterations"] == 150_000


def test_figures_share_runs():
    config = load("default")
    figures = [set(runs(config, figure)) for figure in TRAINED]
    assert len(figures[0] & figures[1]) == 5  # 90 %, 100 examples, five seeds
    assert len(figures[2] & figures[3]) == 2 * 5  # random labels, reference and 99 %, five seeds
    union = study_runs(config)
    control = set(runs(config, "claims"))
    assert len(union) == len(set(union)) == len(set.union(*figures, control))
    # The control is compared with as many runs of the sensitivity, equal in all else.
    assert len(control) == 3 * 5 and not control & set.union(*figures)
    assert {replace(run, criterion="snip") for run in control} <= figures[3]


def test_reference_is_trained_once_whatever_is_swept():
    config = load("default") | {"criteria": ["magnitude", "snip"]}
    reference = [run for run in runs(config, "fig1") if run.sparsity == "0"]
    assert len(reference) == 5 + 3
    assert {run.criterion for run in reference} == {"magnitude"}


def test_a_reference_has_one_name_in_all_grids():
    config = load("default")
    config["figures"]["fig4"] = [
        {"criteria": [criterion], "batch_sizes": [10], "sparsities": [0, 99], "seeds": [0]}
        for criterion in ("magnitude", "random")
    ]
    reference = [run for run in runs(config, "fig4") if run.sparsity == "0"]
    assert [(run.criterion, run.batch_size) for run in reference] == [("snip", 100)]


def test_masks_of_figures():
    config = load("default")
    masks = {
        name: expand_masks(name, grids(config, name)) for name in FIGURES if FIGURES[name].masks
    }
    seeds = len(config["figures"]["fig2"][0]["seeds"])
    assert len(masks["fig2"]) == 2 * seeds  # one file has all ten classes
    assert {mask.class_ for mask in masks["fig2"]} == {"each"}
    assert {mask.class_ for mask in masks["fig3"]} == {"all"}
    assert len(masks["anatomy"]) == 2 * len(registry.names("criteria"))
    union = study_masks(config)
    assert set(union) == set().union(*masks.values())
    assert list(union.values())[0] == [str(s) for s in range(10, 100, 10)]


def test_a_mask_file_has_the_sparsities_that_are_asked_of_its_own_seed():
    config = load("default")
    config["figures"]["fig3"] = [{"sparsities": [90], "seeds": [0, 1]}]
    config["figures"]["anatomy"] = [{"criteria": ["snip"], "sparsities": [50], "seeds": [0]}]
    union = study_masks(config)
    wanted = {mask.seed: s for mask, s in union.items() if mask.class_ == "all"}
    assert wanted == {0: ["50", "90"], 1: ["90"]}


def test_masks_may_have_more_seeds_than_runs():
    config = load("default")
    config["figures"]["fig3"] = [{"seeds": [0, 1], "mask_seeds": [100, 101, 102]}]
    assert {run.seed for run in runs(config, "fig3")} == {0, 1}
    assert {mask.seed for mask in expand_masks("fig3", grids(config, "fig3"))} == {100, 101, 102}


def test_numbers_have_one_spelling():
    config = load("default")
    config["figures"]["fig3"] = [
        {"batch_sizes": [1.0, 100], "seeds": [0, 1, 2.0], "labels": [True]}
    ]
    [grid] = grids(check(config), "fig3")
    assert grid["batch_sizes"] == [1, 100] and all(type(v) is int for v in grid["batch_sizes"])
    assert [run.seed for run in runs(config, "fig3")] == [0, 1, 2] * 2
    assert {run.labels for run in runs(config, "fig3")} == {"true"}
    assert all(".0" not in run.path.split("seed-")[1] for run in runs(config, "fig3"))


@pytest.mark.parametrize(
    ("path", "value", "figures"),
    [
        ("figures.fig7.0.seeds", [0, 9], {"fig7"}),
        ("networks.lenet-5-caffe.learning_rate", 0.01, {"fig1", "fig4", "fig7"}),
        ("training.momentum", 0.8, {"fig1", "fig3", "fig4", "fig7"}),
        ("reported_error", "best_test_error", {"fig1", "fig3"}),
        ("protocol.prunable", "weights", set(FIGURES)),
        ("study", "other", set(FIGURES)),
        ("checkpoint_seconds", 7, set()),
        ("data_folder", "elsewhere", set()),
        ("claims.alpha", 0.01, set()),
        ("claims.confirming_from", 50, set()),
    ],
)
def test_a_figures_digest_is_of_what_decides_it(path, value, figures):
    before, after = load("default"), load("default")
    *parents, last = path.split(".")
    target = after
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target[key]
    target[last] = value
    different = {
        figure
        for figure in FIGURES
        if digest(slice_of(before, [figure])) != digest(slice_of(after, [figure]))
    }
    assert different == figures


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
def test_a_weight_decay_that_means_nothing_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"weight decay is {text}, allowed: 0 or"):
        command.weight_decay(text)
    assert command.weight_decay("1e-11") == "0.00000000001"


@pytest.mark.parametrize("text", ["-1", "1.0", "", "1_000", "9223372036854775808", "x"])
def test_a_seed_is_a_whole_number_below_2_to_the_63(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"seed is {text}, allowed: whole"):
        command.seed(text)
    assert command.seed("9223372036854775807") == 2**63 - 1


def test_paths_spell_the_swept_axes():
    run = Run("mnist", "lenet-300-100", "snip", label("90.0"), 100, "true", label(5e-4), 0)
    assert run.path == (
        "mnist/lenet-300-100/snip/sparsity-90/batch-100/labels-true/decay-0.0005/seed-0"
    )


BAD = [
    ("figurs", {}, ["figurs", "did you mean figures?"]),
    ("figures.fig1[0].sparsity", [90], ["figures.fig1[0].sparsity", "mean sparsities?"]),
    ("training.log_evry", 5, ["training.log_evry", "mean log_every?"]),
    ("figures.fig1[0].datasets", ["mnits"], ["figures.fig1[0].datasets[0]", "'mnits'", "mnist"]),
    ("figures.fig1[0].networks", ["lenet"], ["networks[0]", "'lenet'", "lenet-300-100"]),
    ("figures.fig6[0].criteria", ["gradeint"], ["criteria[0]", "'gradeint'", "gradient"]),
    ("criteria", ["snap"], ["criteria[0]", "'snap'", "snip"]),
    ("criteria", ["snip_shuffled"], ["'snip_shuffled' (did you mean snip-shuffled?)"]),
    ("figures.fig1[0].networks", ["LeNet-300-100"], ["(did you mean lenet-300-100?)"]),
    ("networks.lenet_300_100", {"learning_rate": 1}, ["networks.lenet_300_100", "lenet-300-100?"]),
    ("figures.fig1[0].seeds", [2**63], ["figures.fig1[0].seeds[0]", "9223372036854775807 or less"]),
    ("figures.fig1[0].seeds", [-1], ["figures.fig1[0].seeds[0]", "0 or more"]),
    ("figures.fig4[0].weight_decays", [-0.1], ["weight_decays[0]", "-0.1", "0 or more"]),
    ("figures.fig4[0].weight_decays", [math.nan], ["weight_decays[0]", "nan", "number"]),
    ("figures.fig4[0].weight_decays", [math.inf], ["weight_decays[0]", "inf", "number"]),
    ("figures.fig4[0].weight_decays", [5e-324], ["weight_decays[0]", "5e-324 cannot be spelled"]),
    ("figures.fig4[0].weight_decays", [10**400], ["weight_decays[0]", "too large"]),
    ("training.momentum", math.nan, ["training.momentum", "nan", "number"]),
    ("figures.fig1[0].sparsities", [100], ["sparsities[0]", "100", "less than 100"]),
    ("figures.fig1[0].sparsities", [-1], ["sparsities[0]", "-1", "0 or more"]),
    ("figures.fig3[0].batch_sizes", [60000], ["batch_sizes", "60000", "54000"]),
    ("figures.fig4[0].batch_sizes", [3001], ["batch_sizes", "3001", "3000"]),
    ("training.training_batch_size", 4000, ["training_batch_size", "4000", "mnist-3000"]),
    ("networks.lenet-300-100.learning_rate", "fast", ["learning_rate", "'fast'", "number"]),
    ("networks.lenet-300-100.learning_rate", 0, ["learning_rate", "more than 0"]),
    ("figures.fig1[0].seeds", [], ["figures.fig1[0].seeds", "empty"]),
    ("figures.fig1[0].seeds", None, ["figures.fig1[0].seeds", "missing"]),
    ("figures.fig1[0].seeds", [1, 1], ["seeds", "each entry once"]),
    ("figures.fig4[0].labels", ["wrong"], ["labels[0]", "'wrong'", "random"]),
    ("figures.fig4[0].datasets", ["mnist-55000"], ["mnist-55000", "54000"]),
    ("protocol.prunable", "biases", ["protocol.prunable", "'biases'", "weights"]),
    ("protocol.initial_biases", "ones", ["protocol.initial_biases", "'ones'", "variance-scaling"]),
    ("protocol.initialisation", "xavier", ["protocol.initialisation", "'xavier'", "glorot, he"]),
    ("protocol.random_labels", "true", ["protocol.random_labels", "'true'", "shuffled, uniform"]),
    ("protocol.initialisation", None, ["protocol.initialisation", "missing"]),
    ("training.optimizer", "rmsprop", ["training.optimizer", "'rmsprop'", "sgd, adam"]),
    ("schedules.default.iterations", 1.5, ["schedules.default.iterations", "integer"]),
    ("schedules.default.iterations", None, ["schedules.default.iterations", "missing"]),
    ("schedules.minst.iterations", 5, ["schedules.minst", "mnist"]),
    ("networks.lenet-5-caffe", None, ["'lenet-5-caffe'", "networks.lenet-5-caffe"]),
    ("study", "datasets", ["study", "'datasets'"]),
    ("claims.margins.9z", 1, ["claims.margins.9z", "allowed: 1a, 1b, 2a, 2a-told, 3c, 4, 5"]),
    ("claims.margins.2a-told", 1.5, ["claims.margins.2a-told", "1.5", "less than 1"]),
    ("claims.margins.3c", None, ["claims.margins.3c", "missing"]),
    ("claims.confirming_from", -1, ["claims.confirming_from", "-1", "0 or more"]),
    ("claims.confirming_from", "never", ["claims.confirming_from", "'never'", "integer"]),
    ("claims.margins.1a", 0, ["claims.margins.1a", "0", "more than 0"]),
    ("claims.margins.5", -0.1, ["claims.margins.5", "-0.1", "more than 0"]),
    ("claims.alpha", 0.5, ["claims.alpha", "less than 0.5"]),
    ("claims.runs[0].criteria", ["shuffled"], ["claims.runs[0].criteria[0]", "'shuffled'"]),
    ("claims.runs[0].batch_sizes", [3001], ["claims.runs[0].batch_sizes", "3001", "3000"]),
    ("figures.anatomy", None, ["figures.anatomy", "missing"]),
    ("figures.fig3[0].sparsities", [80, 90], ["figures.fig3", "sparsities ['80', '90']", "one"]),
    ("figures.fig3[0].sparsities", [0], ["figures.fig3", "sparsity 0", "more"]),
    ("figures.fig3[0].weight_decays", [0, 0.1], ["figures.fig3", "weight_decays ['0', '0.1']"]),
    ("figures.fig3[0].labels", ["true", "random"], ["figures.fig3", "labels", "apart"]),
    ("figures.fig1[0].batch_sizes", [10, 100], ["figures.fig1", "batch_sizes [10, 100]", "apart"]),
    ("figures.fig1[0].labels", ["random"], ["figures.fig1", "labels ['random', 'true']"]),
    ("figures.fig1[0].weight_decays", [0, 0.1], ["figures.fig1", "weight_decays"]),
    ("figures.fig2[0].batch_sizes", [10, 100], ["figures.fig2", "batch_sizes"]),
    ("figures.fig2[0].networks", ["lenet-5-caffe"], ["figures.fig2", "'lenet-5-caffe'", "image"]),
    ("figures.fig3[0].networks", ["lenet-5-caffe"], ["figures.fig3", "'lenet-5-caffe'", "image"]),
    ("figures.fig4[0].datasets", ["mnist", "mnist-3000"], ["figures.fig4", "datasets", "one"]),
    ("figures.fig4[0].weight_decays", [0.1, 0.2], ["figures.fig4", "weight_decays", "besides 0"]),
    ("figures.fig4[0].sparsities", [0, 90, 99], ["figures.fig4", "sparsities", "besides 0"]),
    ("figures.fig2[0].seeds", [1], ["figures.fig2", "seed in common"]),
    ("figures.fig1[0].mask_seeds", [1], ["figures.fig1[0].mask_seeds", "Figure 3"]),
    ("training.validation_share", 1e-9, ["validation_share", "holds out 0 of the 60000"]),
    ("study", "claims", ["study", "'claims'"]),
    ("study", "fig3", ["study", "'fig3'"]),
    ("study", "tiny\n", ["study", "tiny"]),
    ("study", "a" * 101, ["study", "100 or less"]),
    ("figures.fig3[0].batch_sizes", ["all\n"], ["batch_sizes[0]", "all"]),
    ("claims.alpha", 1e-17, ["claims.alpha", "1e-06 or more"]),
    ("data_folder", "", ["data_folder", "1 or more"]),
    ("figures.fig7[0].networks", ["lenet-300-100", "lenet-5-caffe"], ["figures.fig7", "networks"]),
    ("figures.fig7[0].labels", ["true", "random"], ["figures.fig7", "labels", "one"]),
    ("figures.anatomy[0].datasets", ["mnist", "fashion-mnist"], ["figures.anatomy", "datasets"]),
    ("figures.anatomy[0].batch_sizes", [10, 100], ["figures.anatomy", "the anatomy", "apart"]),
]


@pytest.mark.parametrize(("path", "value", "said"), BAD)
def test_a_wrong_configuration_is_refused_in_one_sentence(path, value, said):
    config = copy.deepcopy(load("default"))
    target = config
    *parents, last = path.replace("[0]", ".0").split(".")
    for key in parents:
        key = int(key) if isinstance(target, list) else key
        target = target[key] if isinstance(target, list) else target.setdefault(key, {})
    if path == "figures.fig2[0].seeds":
        other = copy.deepcopy(config["figures"]["fig2"][0]) | {"datasets": ["mnist-inverted"]}
        config["figures"]["fig2"].append(other)
    if value is None:
        del target[last]
    else:
        target[last] = value
    with pytest.raises(ConfigError) as caught:
        check(config)
    message = str(caught.value)
    assert all(part in message for part in said), message
    assert "\n" not in message


@pytest.mark.parametrize("figure", [name for name in FIGURES if name != "fig4"])
@pytest.mark.parametrize("axis", ["datasets", "networks", "criteria", "batch_sizes", "labels"])
def test_a_figure_shows_two_values_of_an_axis_apart_or_refuses_them(figure, axis):
    """What is drawn has every axis that may be swept among the columns that tell lines apart."""
    two = {
        "datasets": ["mnist", "fashion-mnist"],
        "networks": ["lenet-300-100", "lenet-5-caffe"],
        "criteria": ["snip", "magnitude"],
        "batch_sizes": [10, 100],
        "labels": ["true", "random"],
    }
    config = load("default")
    config["figures"][figure] = [{"seeds": [0], axis: two[axis]}]
    if axis in FIGURES[figure].apart:
        check(config)
    else:
        with pytest.raises(ConfigError, match=f"figures.{figure} has {axis} .* allowed: one"):
            check(config)


def keys(schema, root, prefix=""):
    """Every key path of the schema, with its subschema."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
    if schema.get("type") == "array" and prefix:
        yield from keys(schema.get("items", {}), root, prefix + "[]")
    for name, sub in schema.get("properties", {}).items():
        yield f"{prefix}.{name}".lstrip("."), sub
        yield from keys(sub, root, f"{prefix}.{name}".lstrip("."))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys(schema["additionalProperties"], root, prefix + ".NAME")


def test_schema_defaults_and_documentation_agree():
    schema = yaml.safe_load(SCHEMA.read_text())
    documentation = (CONFIG / "README.md").read_text()
    described = dict(keys(schema, schema))
    assert len(described) > 30
    for path, sub in described.items():
        last = path.rpartition(".")[2]
        assert f"`{last}`" in documentation, f"config/README.md does not explain {path}"
        assert "description" in sub or "$ref" in sub, path
    config = load("default")
    for path, sub in described.items():
        value = config
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and "default" in sub:
            assert value == sub["default"], path
    # The defaults of a grid's axes stand in the schema and in AXES.
    for axis, default in AXES.items():
        stated = schema["$defs"]["grids"]["items"]["properties"][axis]["default"]
        labelled = complete({"criteria": ["snip"]}, ["snip"], {"seeds": [0], axis: stated})
        assert labelled[axis] == default


def test_every_level_of_the_schema_refuses_unknown_keys():
    def objects(node, path=""):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield path, node
            for key, value in node.items():
                yield from objects(value, f"{path}/{key}")

    for path, node in objects(yaml.safe_load(SCHEMA.read_text())):
        assert "additionalProperties" in node, path


def test_listing_the_grid_imports_no_torch():
    import subprocess
    import sys

    code = "import sys; import snip.study.config, snip.tables.collect"
    code += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(REPOSITORY, "scripts"))
