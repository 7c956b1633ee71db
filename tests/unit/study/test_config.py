import copy
import math
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import REPOSITORY
from snip.jobs.failures import ConfigError
from snip.report.reference import README, table
from snip.study.config import check
from snip.study.figures import FIGURES
from snip.study.schema import schema
from studies import load

STUDIES = ["default", "paper", "tiny"]


@pytest.mark.parametrize("name", STUDIES)
def test_studies_are_valid_and_name_themselves(name):
    assert load(name)["study"] == name


BAD = [
    ("figurs", {}, ["figurs", "did you mean figures?"]),
    ("figures.fig1[0].sparsity", [90], ["figures.fig1[0].sparsity", "mean sparsities?"]),
    ("training.log_evry", 5, ["training.log_evry", "mean log_every?"]),
    ("figures.fig1[0].datasets", ["mnits"], ["figures.fig1[0].datasets[0]", "'mnits'", "mnist"]),
    ("figures.fig1[0].networks", ["lenet"], ["networks[0]", "'lenet'", "lenet-300-100"]),
    ("figures.fig6[0].criteria", ["gradeint"], ["criteria[0]", "'gradeint'", "gradient"]),
    ("criteria", ["snap"], ["criteria[0]", "'snap'", "snip"]),
    ("criteria", ["iterative_snip"], ["'iterative_snip' (did you mean iterative-snip?)"]),
    ("figures.fig1[0].networks", ["LeNet-300-100"], ["(did you mean lenet-300-100?)"]),
    ("networks.lenet_300_100", {"learning_rate": 1}, ["networks.lenet_300_100", "lenet-300-100?"]),
    (
        "figures.fig1[0].seeds",
        [2**63],
        ["figures.fig1[0].seeds[0]", "maximum of 9223372036854775807"],
    ),
    ("figures.fig1[0].seeds", [-1], ["figures.fig1[0].seeds[0]", "-1", "minimum of 0"]),
    ("figures.fig4[0].weight_decays", [-0.1], ["weight_decays[0]", "-0.1", "minimum of 0"]),
    ("figures.fig4[0].weight_decays", [math.nan], ["weight_decays[0]", "nan", "number"]),
    ("figures.fig4[0].weight_decays", [math.inf], ["weight_decays[0]", "inf", "number"]),
    ("figures.fig4[0].weight_decays", [5e-324], ["weight_decays[0]", "5e-324 cannot be spelled"]),
    ("figures.fig4[0].weight_decays", [10**400], ["weight_decays[0]", "too large"]),
    ("training.momentum", math.nan, ["training.momentum", "nan", "number"]),
    (
        "figures.fig1[0].sparsities",
        [100],
        ["sparsities[0]", "100", "or equal to the maximum of 100"],
    ),
    ("figures.fig1[0].sparsities", [-1], ["sparsities[0]", "-1", "minimum of 0"]),
    ("figures.fig3[0].batch_sizes", [60000], ["batch_sizes", "60000", "54000"]),
    (
        "figures.fig2[0].datasets",
        ["mnist-200"],
        ["batch_sizes", "100", "mnist-200 that each"],
    ),
    ("figures.fig2[0].batch_sizes", [5000], ["figures.fig2[0].batch_sizes has 5000", "each class"]),
    ("figures.fig4[0].batch_sizes", [3001], ["batch_sizes", "3001", "3000"]),
    ("training.training_batch_size", 4000, ["training_batch_size", "4000", "mnist-3000"]),
    ("networks.lenet-300-100.learning_rate", "fast", ["learning_rate", "'fast'", "number"]),
    (
        "networks.lenet-300-100.learning_rate",
        0,
        ["learning_rate", "0 is less than or equal to the minimum of 0"],
    ),
    ("figures.fig1[0].seeds", [], ["figures.fig1[0].seeds", "non-empty"]),
    ("figures.fig1[0].seeds", None, ["figures.fig1[0]", "'seeds' is a required property"]),
    ("figures.fig1[0].seeds", [1, 1], ["figures.fig1[0].seeds", "[1, 1] has non-unique"]),
    ("figures.fig4[0].labels", ["true"], ["fig4[0].labels[0]", "'true'", "'correct', 'random'"]),
    ("figures.fig4[0].labels", [True], ["fig4[0].labels[0]", "True", "'correct', 'random'"]),
    ("figures.fig4[0].datasets", ["mnist-55000"], ["mnist-55000", "54000"]),
    ("protocol.prunable", "biases", ["protocol.prunable", "'biases'", "weights"]),
    ("protocol.initial_biases", "ones", ["protocol.initial_biases", "'ones'", "variance-scaling"]),
    (
        "protocol.initialisation",
        "xavier",
        ["protocol.initialisation", "'xavier'", "'glorot', 'he'"],
    ),
    (
        "protocol.random_labels",
        "true",
        ["protocol.random_labels", "'true'", "'shuffled', 'uniform'"],
    ),
    ("training.optimizer", "rmsprop", ["training.optimizer", "'rmsprop'", "'sgd', 'adam'"]),
    ("schedules.default.iterations", 1.5, ["schedules.default.iterations", "integer"]),
    (
        "schedules.default.iterations",
        None,
        ["schedules.default", "'iterations' is a required property"],
    ),
    ("schedules.default.learning_rate", 0.1, ["schedules.default.learning_rate", "networks."]),
    ("schedules.mnist-3000.learning_rate", 0, ["schedules.mnist-3000.learning_rate", "minimum"]),
    ("schedules.minst.iterations", 5, ["schedules.minst", "mnist"]),
    ("networks.lenet-5-caffe", None, ["'lenet-5-caffe'", "networks.lenet-5-caffe"]),
    ("study", "datasets", ["study", "'datasets'"]),
    ("claims.margins.9z", 1, ["claims.margins.9z", "allowed: 1a, 1b, 2a, 2a-told, 3c, 4, 5"]),
    ("claims.margins.2a-told", 1.5, ["claims.margins.2a-told", "1.5", "maximum of 1"]),
    ("claims.margins.3c", None, ["claims.margins", "'3c' is a required property"]),
    ("claims.confirming_from", -1, ["claims.confirming_from", "-1", "minimum of 0"]),
    ("claims.confirming_from", "never", ["claims.confirming_from", "'never'", "integer"]),
    ("claims.margins.1a", 0, ["claims.margins.1a", "0 is less than or equal to the minimum of 0"]),
    ("claims.margins.5", -0.1, ["claims.margins.5", "-0.1", "minimum of 0"]),
    ("claims.alpha", 0.5, ["claims.alpha", "0.5 is greater than or equal to the maximum of 0.5"]),
    ("claims.runs[0].criteria", ["shuffled"], ["claims.runs[0].criteria[0]", "'shuffled'"]),
    ("claims.runs[0].batch_sizes", [3001], ["claims.runs[0].batch_sizes", "3001", "3000"]),
    ("figures.anatomy", None, ["figures", "'anatomy' is a required property"]),
    ("figures.fig3[0].sparsities", [80, 90], ["figures.fig3", "sparsities ['80', '90']", "one"]),
    ("figures.fig3[0].sparsities", [0], ["figures.fig3", "only sparsity 0", "one above 0"]),
    ("figures.fig3[0].weight_decays", [0, 0.1], ["figures.fig3", "weight_decays ['0', '0.1']"]),
    ("figures.fig3[0].labels", ["correct", "random"], ["figures.fig3", "labels", "apart"]),
    ("figures.fig1[0].batch_sizes", [10, 100], ["figures.fig1", "batch_sizes [10, 100]", "apart"]),
    (
        "figures.fig1[0].labels",
        ["random", "correct"],
        ["figures.fig1", "labels ['random', 'correct']"],
    ),
    ("figures.fig1[0].weight_decays", [0, 0.1], ["figures.fig1", "weight_decays"]),
    ("figures.fig2[0].batch_sizes", [10, 100], ["figures.fig2", "batch_sizes"]),
    ("figures.fig2[0].networks", ["lenet-5-caffe"], ["figures.fig2", "'lenet-5-caffe'", "image"]),
    ("figures.fig3[0].networks", ["lenet-5-caffe"], ["figures.fig3", "'lenet-5-caffe'", "image"]),
    ("figures.fig4[0].datasets", ["mnist", "mnist-3000"], ["figures.fig4", "datasets", "one"]),
    (
        "figures.fig4[0].weight_decays",
        [0.1, 0.2],
        ["figures.fig4", "weight_decays", "one above 0"],
    ),
    (
        "figures.fig4[0].sparsities",
        [0, 90, 99],
        ["figures.fig4", "sparsities", "one above 0"],
    ),
    ("figures.fig2[0].seeds", [1], ["figures.fig2", "seed in common"]),
    ("figures.fig1[0].mask_seeds", [1], ["figures.fig1[0].mask_seeds", "Figure 3"]),
    ("training.validation_share", 1e-9, ["validation_share", "holds out 0 of the 60000"]),
    ("study", "claims", ["study", "'claims'"]),
    ("study", "fig3", ["study", "'fig3'"]),
    ("study", "tiny\n", ["study", "tiny"]),
    ("study", "a" * 101, ["study", "too long (maxLength: 100)"]),
    ("figures.fig3[0].batch_sizes", ["all\n"], ["batch_sizes[0]", "all"]),
    ("claims.alpha", 1e-17, ["claims.alpha", "1e-17", "minimum of 1e-06"]),
    ("data_folder", "", ["data_folder", "'' should be non-empty"]),
    ("figures.fig7[0].networks", ["lenet-300-100", "lenet-5-caffe"], ["figures.fig7", "networks"]),
    ("figures.fig7[0].labels", ["correct", "random"], ["figures.fig7", "labels", "one"]),
    ("figures.anatomy[0].datasets", ["mnist", "fashion-mnist"], ["figures.anatomy", "datasets"]),
    ("figures.controls[0].readings", ["redraw"], ["figures.controls[0]", "redraw", "keeps"]),
    (
        "figures.controls[0].readings",
        ["keep", "keep-drawn"],
        ["figures.controls", "keep and keep-drawn"],
    ),
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


@pytest.mark.parametrize("figure", [name for name in FIGURES if name not in ("fig4", "readings")])
@pytest.mark.parametrize("axis", ["datasets", "networks", "criteria", "batch_sizes", "labels"])
def test_a_figure_shows_two_values_of_an_axis_apart_or_refuses_them(figure, axis):
    """What is drawn has every axis that may be swept among the columns that tell lines apart."""
    two = {
        "datasets": ["mnist", "fashion-mnist"],
        "networks": ["lenet-300-100", "lenet-5-caffe"],
        "criteria": ["snip", "magnitude"],
        "batch_sizes": [10, 100],
        "labels": ["correct", "random"],
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


def test_the_schema_describes_every_key():
    described = dict(keys(schema(), schema()))
    assert len(described) > 30
    for path, sub in described.items():
        assert sub.get("description") or "$ref" in sub, path


def test_the_documentation_has_the_table_of_the_schema():
    assert table() in README.read_text(), "make reference writes it anew"


def test_what_training_and_protocol_leave_out_has_the_papers_value():
    config = load("default")
    del config["protocol"]["initialisation"], config["training"]["optimizer"]
    checked = check(config)
    assert checked["protocol"]["initialisation"] == "variance-scaling"
    assert checked["training"]["optimizer"] == "sgd"


def test_every_level_of_the_schema_refuses_unknown_keys():
    def objects(node, path=""):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield path, node
            for key, value in node.items():
                yield from objects(value, f"{path}/{key}")

    for path, node in objects(schema()):
        assert "additionalProperties" in node, path


def test_listing_the_grid_imports_no_torch():
    code = "import sys; import snip.study.config, snip.tables.collect"
    code += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(REPOSITORY, "scripts"))
