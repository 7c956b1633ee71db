"""What networks, data sets and criteria are called in print.

Each kind has its own function, since a name alone does not tell: `mnist-100` is a data set of 100
examples, `mlp-100` a network.
"""

from snip.datasets.variants import parse_dataset

NETWORKS = {
    "lenet-300-100": "LeNet-300-100",
    "lenet-5-caffe": "LeNet-5-Caffe",
}
SOURCES = {
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
}
CRITERIA = {
    "snip": "connection sensitivity",
    "gradient": "size of the gradient |∂L/∂w|",
    "gradient-signed": "signed gradient ∂L/∂w, largest kept",
    "grasp": "GraSP",
    "synflow": "SynFlow",
    "iterative-snip": "iterative SNIP",
    "force": "FORCE",
}


def network_name(identifier: str) -> str:
    """Return what a network is called in print."""
    return NETWORKS.get(identifier, identifier)


def criterion_name(identifier: str) -> str:
    """Return what a criterion is called in print."""
    return CRITERIA.get(identifier, identifier)


def dataset_name(identifier: str) -> str:
    """Return what a data set is called in print, such as `inverted MNIST (3,000 examples)`.

    Raises:
        DatasetError: the data set is unknown.
    """
    variant = parse_dataset(identifier)
    printed = SOURCES.get(variant.source, variant.source)
    if variant.inverted:
        printed = f"inverted {printed}"
    return f"{printed} ({variant.examples:,} examples)" if variant.examples else printed
