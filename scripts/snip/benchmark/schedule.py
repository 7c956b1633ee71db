"""What the benchmark trains: the networks and settings of the default study, for one epoch."""

from snip.study.axes import AXES, Run
from snip.study.settings import Settings

LEARNING_RATES = {"lenet-300-100": 0.1, "lenet-5-caffe": 0.02}
NETWORKS = list(LEARNING_RATES)
# Iterations of an epoch of the default study, which evaluates once per epoch.
EPOCH = 540
BATCH_SIZE = 100


def epoch(network: str, sparsity: str = "90", **changes) -> tuple[Run, Settings]:
    """Return the run and settings of one epoch.

    Args:
        network: one of `NETWORKS`.
        sparsity: a label (percent).
        changes: settings that differ.
    """
    key = {name: axis.default for name, axis in AXES.items()}
    run = Run(**key | {"network": network, "sparsity": sparsity})
    values = {"iterations": EPOCH, "decay_every": EPOCH, "evaluate_every": EPOCH, "log_every": 20}
    return run, Settings(learning_rate=LEARNING_RATES[network], **values | changes)


def default_run(network: str) -> tuple[Run, Settings]:
    """Return a run of the default study's schedule, of two epochs."""
    return epoch(network, iterations=2 * EPOCH)
