"""The test errors (percent) that the paper publishes as numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One published test error on MNIST.

    Attributes:
        source: where in the paper.
        sparsity: percent; 0: the reference.
        batch_size: examples in the pruning batch.
        test_error: percent.
        spread: what the paper gives after ±, of 20 runs; None: nothing.
        optimizer, initialisation, weight_decay: how the published networks were trained.
    """

    source: str
    network: str
    sparsity: float
    batch_size: int
    test_error: float
    spread: float | None = None
    optimizer: str = "sgd"
    initialisation: str = "variance-scaling"
    weight_decay: float = 0.0005


def table3(network: str, initialisation: str, test_error: float, spread: float) -> Published:
    """Return an entry of Table 3: 90 %, Adam, no weight decay, 20 runs."""
    return Published(
        "Table 3", network, 90, 100, test_error, spread, "adam", initialisation, weight_decay=0
    )


# The paper does not say how long it trained; studies that follow it take at least this long.
ITERATIONS = 96_000

PUBLISHED = [
    Published("Figure 3", "lenet-300-100", 90, 1, 1.94),
    Published("Figure 3", "lenet-300-100", 90, 10, 1.72),
    Published("Figure 3", "lenet-300-100", 90, 100, 1.64),
    Published("Figure 3", "lenet-300-100", 90, 1000, 1.56),
    Published("Figure 3", "lenet-300-100", 90, 10000, 1.40),
    Published("Table 1", "lenet-300-100", 0, 100, 1.7),
    Published("Table 1", "lenet-300-100", 95, 100, 1.6),
    Published("Table 1", "lenet-300-100", 98, 100, 2.4),
    Published("Table 1", "lenet-5-caffe", 0, 100, 0.9),
    Published("Table 1", "lenet-5-caffe", 98, 100, 0.8),
    Published("Table 1", "lenet-5-caffe", 99, 100, 1.1),
    # VS-X and VS-H there.
    table3("lenet-300-100", "glorot", 1.91, 0.10),
    table3("lenet-300-100", "he", 1.88, 0.10),
    table3("lenet-5-caffe", "glorot", 0.88, 0.07),
    table3("lenet-5-caffe", "he", 0.85, 0.05),
]
