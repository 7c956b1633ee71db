import pytest

from snip.datasets.sources import DatasetError
from snip.study import registry
from snip.study.names import criterion_name, dataset_name, network_name


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
