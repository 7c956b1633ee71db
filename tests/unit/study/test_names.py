import pytest

from snip.datasets.sources import DatasetError
from snip.study import registry
from snip.study.load import check
from snip.study.names import ERRORS, criterion_name, dataset_name, network_name, not_the_papers
from snip.study.settings import ERRORS as COLUMNS
from snip.study.settings import Settings
from snip.study.spec import spec_of
from studies import CHOICES, content, load, put

LENGTH = "100,000 iterations"  # of every trained figure of the paper study


@pytest.mark.parametrize(
    ("identifier", "printed"),
    [
        ("mnist", "MNIST"),
        ("mnist-3000", "MNIST (3,000 examples)"),
        ("fashion-mnist-inverted", "inverted Fashion-MNIST"),
        ("mnist-inverted-200", "inverted MNIST (200 examples)"),
        ("digits-10", "digits-10"),  # a source's own name may end in a number
        ("digits-10-500", "digits-10 (500 examples)"),
    ],
)
def test_data_sets_in_print(monkeypatch, identifier, printed):
    names = ["digits-10", "mnist", "fashion-mnist"]
    monkeypatch.setattr("snip.datasets.variants.source_names", lambda: names)
    assert dataset_name(identifier) == printed
    with pytest.raises(DatasetError, match="'digits' is unknown"):
        dataset_name("digits")


def test_criteria_are_told_apart_in_print():
    names = registry.names("criteria")
    assert len({criterion_name(name) for name in names}) == len(names)
    # Only a data set's number is one of examples.
    assert network_name("mlp-100") == criterion_name("mlp-100") == "mlp-100"


def said(figure, grid=None, path="networks.lenet-5-caffe.learning_rate", value=0.1):
    """What the small print says of the paper's protocol with a change of grids or a setting."""
    changed = put(content("paper"), "networks.lenet-5-caffe.learning_rate", 0.1)
    put(changed, path, value)
    if grid is not None:
        put(changed, f"figures.{figure}", [{"seeds": [0], "sparsities": [0, 90], **grid}])
    return not_the_papers(spec_of(check(changed), figure))


@pytest.mark.parametrize("figure", ["fig1", "fig2", "fig3", "fig5", "fig6", "gradient", "anatomy"])
def test_of_the_papers_own_protocol_only_the_length_is_said_which_it_does_not_give(figure):
    trained = figure in ("fig1", "fig3")
    assert said(figure) == [LENGTH] * trained


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
        ({"sparsities": [99.5]}, "sparsity 99.5 %"),
    ],
)
def test_every_axis_that_is_not_the_papers_is_said(grid, words):
    assert said("fig1", grid) == [words, LENGTH]


@pytest.mark.parametrize(
    "name", sorted(Settings.model_fields.keys() - {"log_every", "evaluate_every"})
)
def test_every_setting_that_is_not_the_papers_is_said(name):
    usual = Settings.model_fields[name].default
    others = [value for value in CHOICES.get(name, ()) if value != usual]
    value = others[0] if others else not usual if isinstance(usual, bool) else usual / 2
    labels = ["random" if name == "random_labels" else "correct"]
    config = put(content("paper"), "figures.fig1", [{"seeds": [0], "labels": labels}])
    spec = spec_of(check(config), "fig1")
    spec.settings["lenet-300-100"]["mnist"]["paper"][name] = value
    words = [each for each in not_the_papers(spec) if each not in (LENGTH, "random labels")]
    shown = f"{value:,.10g}" if type(usual) in (int, float) else str(value)
    assert len(words) == 1 and (name == "relu_after_convolutions" or shown in words[0])
    assert name.replace("_", " ") in words[0] or shown in words[0]


def test_what_differs_in_places_says_where():
    rate = "networks.lenet-5-caffe.learning_rate"
    words = "learning rate 0.02 for LeNet-5-Caffe"
    assert said("fig1", None, rate, 0.02) == [LENGTH, words]
    words = not_the_papers(spec_of(load(), "claims"))
    assert "random labels in Figure 7" in words and "1,080 iterations for MNIST" in words
    assert "constant rate for MNIST (3,000 examples)" in words
    assert said("fig1", None, "protocol.random_labels", "uniform") == [LENGTH]  # trains on none


def test_every_reported_error_has_a_name_that_is_said():
    assert list(ERRORS) == COLUMNS
    assert said("fig1", None, "reported_error", "best_test_error") == [
        "best test error of all evaluations",
        LENGTH,
        "evaluate every 5000",
    ]
