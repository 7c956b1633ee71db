import pytest

from snip.datasets.sources import DatasetError
from snip.study import registry
from snip.study.config import check
from snip.study.names import ERRORS, criterion_name, dataset_name, network_name, not_the_papers
from snip.study.settings import ERRORS as COLUMNS
from snip.study.settings import FIELDS
from snip.study.slices import named_slice
from studies import load


@pytest.mark.parametrize(
    ("identifier", "printed"),
    [
        ("mnist", "MNIST"),
        ("mnist-3000", "MNIST (3,000 examples)"),
        ("fashion-mnist-inverted", "inverted Fashion-MNIST"),
        ("mnist-inverted-200", "inverted MNIST (200 examples)"),
    ],
)
def test_data_sets_in_print(identifier, printed):
    assert dataset_name(identifier) == printed


def test_a_data_set_whose_own_name_ends_in_a_number(monkeypatch):
    monkeypatch.setattr("snip.datasets.variants.source_names", lambda: ["digits-10", "mnist"])
    assert dataset_name("digits-10") == "digits-10"
    assert dataset_name("digits-10-500") == "digits-10 (500 examples)"
    with pytest.raises(DatasetError, match="'digits' is unknown"):
        dataset_name("digits")


@pytest.mark.parametrize("identifier", ["mlp-100", "resnet-20", "vgg-16", "my-inverted"])
def test_a_number_in_a_networks_or_criterions_name_is_no_number_of_examples(identifier):
    assert network_name(identifier) == criterion_name(identifier) == identifier


def test_the_papers_networks_and_criteria_in_print():
    assert network_name("lenet-300-100") == "LeNet-300-100"
    assert criterion_name("snip") == "connection sensitivity"
    # The two readings of Figure 6 are told apart.
    assert len({criterion_name(name) for name in registry.names("criteria")}) == len(
        registry.names("criteria")
    )
    assert "signed" in criterion_name("gradient-signed")
    assert "|" in criterion_name("gradient") and "|" not in criterion_name("gradient-signed")


def said(figure, grid=None, **changed):
    """What the small print says of the paper's protocol with a change of grids or settings."""
    config = load("paper")
    config["networks"]["lenet-5-caffe"]["learning_rate"] = 0.1
    for section, values in changed.items():
        config[section] = config[section] | values if isinstance(values, dict) else values
    if grid is not None:
        config["figures"][figure] = [{"seeds": [0], **grid}]
    return not_the_papers(named_slice(check(config), figure))


@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig5", "fig6", "anatomy"])
def test_nothing_is_said_of_the_papers_own_protocol(figure):
    assert said(figure) == []


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"labels": ["random"]}, "random labels"),
        ({"batch_sizes": [1]}, "pruning batch of 1 example"),
        ({"batch_sizes": ["all"]}, "pruning batch of all examples"),
        ({"weight_decays": [0]}, "weight decay 0"),
        ({"networks": ["lenet-5-caffe"]}, "LeNet-5-Caffe"),
        ({"datasets": ["mnist-500"]}, "MNIST (500 examples)"),
        ({"criteria": ["random"]}, "random"),
    ],
)
def test_every_axis_that_is_not_the_papers_is_said(grid, words):
    assert said("fig1", {"sparsities": [0, 90], **grid}) == [words]


def other(name):
    """A value that a setting of a study may have and the paper's has not."""
    field = FIELDS[name]
    if "enum" in field.metadata["limits"]:
        return next(v for v in field.metadata["limits"]["enum"] if v != field.default)
    return not field.default if isinstance(field.default, bool) else field.default / 2


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"log_every", "evaluate_every"}))
def test_every_setting_that_is_not_the_papers_is_said(name):
    section, value = FIELDS[name].metadata["section"], other(name)
    grid = {"labels": ["random"]} if name == "random_labels" else {}
    place = {
        "schedules": {"default": load("paper")["schedules"]["default"] | {name: value}},
        "networks": {"lenet-300-100": {"learning_rate": value}},
    }.get(section, {name: value})
    changed = {section: place} if section else place
    words = said("fig1", {"sparsities": [0, 90], **grid}, **changed)
    assert len(words) == 1 + len(grid)
    shown = f"{value:,.10g}" if type(FIELDS[name].default) in (int, float) else str(value)
    assert name.replace("_", " ") in words[-1] or shown in words[-1]
    assert name == "relu_after_convolutions" or shown in words[-1]


def test_what_differs_in_places_says_where():
    networks = {"lenet-5-caffe": {"learning_rate": 0.02}}
    assert said("fig1", networks=networks) == ["learning rate 0.02 (LeNet-5-Caffe)"]
    words = not_the_papers(named_slice(load("default"), "claims"))
    assert "random labels (Figure 7)" in words and "1,080 iterations (MNIST)" in words
    assert "constant rate (MNIST (3,000 examples))" in words
    assert "random labels uniform" not in said("fig1", protocol={"random_labels": "uniform"})


def test_every_reported_error_has_a_name_that_is_said():
    assert list(ERRORS) == COLUMNS
    assert said("fig1", reported_error="best_test_error") == [
        "best test error of all evaluations",
        "evaluate every 5000",
    ]
