"""A short run that tests interrupt and resume, and its checkpoints."""

import io
import itertools
from functools import partial

from snip.study.axes import Run
from snip.study.settings import Settings
from snip.training.checkpoints import Checkpoint, fingerprint
from snip.training.loop import Training
from snip.training.run import check_saved, train

RUN = Run("generated", "lenet-5-caffe", "snip", "90", 20, "random", "0.0005", 0)
QUICK = Settings(
    iterations=14,
    decay_every=6,
    training_batch_size=48,
    log_every=5,
    evaluate_every=4,
    learning_rate=0.02,
)


def new_checkpoint(path, dataset, log=None, settings=QUICK, seconds=1e9):
    """Return the run's checkpoint at a path; messages go to `log`, or nowhere."""
    identity = fingerprint(RUN, settings, dataset)
    return Checkpoint(path, identity, seconds, log or io.StringIO())


def load(checkpoint, dataset):
    """Load a checkpoint as the run would."""
    return checkpoint.load(partial(check_saved, Training(RUN, QUICK, dataset)))


def stop_after(iterations):
    """Return a function that asks the run to stop when it has made so many iterations."""
    countdown = itertools.count(1)
    return lambda: next(countdown) == iterations


def quietly(*arguments, settings=QUICK):
    """Train the run without a log."""
    return train(RUN, settings, *arguments, log=io.StringIO())


_UNINTERRUPTED = {}


def uninterrupted(dataset, settings=QUICK):
    """Return the result of the run without interruption; each is trained once."""
    if settings not in _UNINTERRUPTED:
        _UNINTERRUPTED[settings] = quietly(dataset, settings=settings)
    return _UNINTERRUPTED[settings]
