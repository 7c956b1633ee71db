"""A run of a few iterations on the generated data set, for tests of training."""

import io
import itertools

from snip.study.runs import Run
from snip.study.settings import Settings
from snip.training.loop import train

RUN = Run(
    dataset="generated",
    network="lenet-300-100",
    criterion="snip",
    sparsity=90,
    batch_size=20,
    labels="correct",
    weight_decay=0.0005,
    seed=0,
)
QUICK = Settings(
    iterations=12,
    decay_every=5,
    training_batch_size=20,
    log_every=5,
    evaluate_every=4,
    learning_rate=0.05,
)


def quietly(dataset, *arguments, run=RUN, settings=QUICK):
    """Train the run without a log."""
    return train(run, settings, dataset, *arguments, log=io.StringIO())


def stop_after(iterations):
    """Return a function that asks a run to stop when it has made so many iterations."""
    countdown = itertools.count()
    return lambda: next(countdown) == iterations


def changed(model, **values):
    """The same run or settings with other values."""
    return type(model)(**{**dict(model), **values})
