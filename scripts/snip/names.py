"""How networks, data sets and criteria are called in print."""

NAMES = {
    "lenet-300-100": "LeNet-300-100",
    "lenet-5-caffe": "LeNet-5-Caffe",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "snip": "connection sensitivity",
    "snip-shuffled": "sensitivity, shuffled in each layer",
}


def name(identifier: str) -> str:
    """Return how a network, dataset or criterion is called in print."""
    base, _, examples = identifier.rpartition("-")
    if base and examples.isdigit() and identifier not in NAMES:
        return f"{name(base)} ({int(examples):,} examples)"
    if identifier.endswith("-inverted"):
        return f"inverted {name(identifier.removesuffix('-inverted'))}"
    return NAMES.get(identifier, identifier)
