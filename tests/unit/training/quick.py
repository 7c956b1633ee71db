"""A run of a few iterations on the generated data set, for tests of training."""

from snip.study.axes import Run
from snip.study.settings import Settings

RUN = Run("generated", "lenet-300-100", "snip", "90", 20, "correct", "0.0005", 0)
QUICK = Settings(
    iterations=12,
    decay_every=5,
    training_batch_size=20,
    log_every=5,
    evaluate_every=4,
    learning_rate=0.05,
)
