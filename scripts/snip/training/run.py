"""One run from its seed to its result: train, log, evaluate, save checkpoints."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from functools import partial

from snip.datasets.dataset import Dataset
from snip.jobs.failures import SnipError
from snip.study.axes import Run
from snip.study.settings import Settings, unswept
from snip.training import progress
from snip.training.checkpoints import Checkpoint
from snip.training.loop import Training


class InterruptedRunError(SnipError):
    """A run that was asked to stop before its end."""


def train(
    run: Run,
    settings: Settings,
    dataset: Dataset,
    checkpoint: Checkpoint | None = None,
    stopped: Callable[[], bool] = lambda: False,
    log=sys.stderr,
) -> dict:
    """Train one masked network and return its result, ready for JSON.

    A run that resumes from a checkpoint returns the same result, to the byte, as one that was never
    interrupted.

    Args:
        run: what to train.
        settings: how to train it.
        dataset: the run's data set.
        checkpoint: where to resume from and to save; None saves nothing.
        stopped: asked after each iteration whether to end the run early.
        log: text file for progress and warnings.

    Raises:
        DivergedError: the training loss is no longer finite.
        InterruptedRunError: `stopped` returned True; a checkpoint has been saved.
        SnipError: see `snip.training.loop.Training`.
    """
    training = Training(run, settings, dataset)
    curve, evaluations, losses = [], [], []
    if saved := checkpoint and checkpoint.load(partial(check_saved, training)):
        training.restore(saved["training"])
        curve, evaluations, losses = saved["curve"], saved["evaluations"], saved["losses"]
        print(f"resumed at iteration {training.iteration}", file=log, flush=True)

    def save() -> bool:
        reached = {"curve": curve, "evaluations": evaluations, "losses": losses}
        return checkpoint.save({"training": training.state(), **reached})

    started = time.perf_counter()
    with progress.Progress(settings, training.iteration, log) as display:
        while training.iteration < settings.iterations:
            losses.append(training.step())
            last = training.iteration == settings.iterations
            if last or training.iteration % settings.log_every == 0:
                curve.append([training.iteration, sum(losses) / len(losses)])
                losses = []
                display.report(*curve[-1])
            if last or training.iteration % settings.evaluate_every == 0:
                evaluations.append(training.errors())
            if checkpoint and not last:
                stop = stopped()
                written = (stop or checkpoint.due) and save()
                if stop:
                    path = checkpoint.path if written else None
                    raise InterruptedRunError(
                        progress.interrupted(
                            run.path, training.iteration, settings.iterations, path
                        )
                    )
    print(progress.trained(time.perf_counter() - started), file=log, flush=True)
    error = evaluations[-1]["test_error"]
    # A network trained on random labels is at chance on the correct ones, as it should be.
    if run.labels == "correct" and error > progress.CHANCE_ERROR:
        print(progress.at_chance(run.path, error), file=log, flush=True)
    return result(training, curve, evaluations)


def check_saved(training: Training, saved: dict) -> None:
    """Check that the content of a checkpoint fits a run, before it overwrites anything.

    Args:
        training: the run, not yet restored.
        saved: what `train` saved.

    Raises:
        Exception: the content does not fit. Malformed content may raise any kind of exception.
    """
    settings, own, state = training.settings, training.state(), saved["training"]
    iteration = state["iteration"]
    if not 0 < iteration < settings.iterations:
        raise ValueError(f"iteration {iteration} of {settings.iterations}")
    for name in ("weights", "update", "buffers"):
        expected, layout = (
            [(tuple(tensor.shape), tensor.dtype) for tensor in tensors]
            for tensors in (own[name], state[name])
        )
        if layout != expected:
            raise ValueError(f"{name} {layout}, expected {expected}")
    points = [
        ("curve", [point for point, _ in saved["curve"]], settings.log_every),
        ("evaluations", [e["iteration"] for e in saved["evaluations"]], settings.evaluate_every),
    ]
    for name, iterations, every in points:
        if iterations != list(range(every, iteration + 1, every)):
            raise ValueError(f"{name} at iterations {iterations}, expected every {every}")
    if len(saved["losses"]) != iteration % settings.log_every:
        raise ValueError(f"{len(saved['losses'])} losses since the last point of the curve")


def result(training: Training, curve: list, evaluations: list[dict]) -> dict:
    """Return the result of a run, a pure function of code, configuration and data.

    Errors are percentages. `test_error` is that of the last iteration. `best_validation_test_error`
    is that of the evaluation with the lowest validation error, the first of several.
    `best_test_error` is the lowest of all evaluations; the authors' code reports it, and it is
    optimistic. `train_loss`, like each point of the curve, is the mean cross-entropy of the
    training batches since the point before, without the weight decay term.
    """
    layers = training.layers
    return {
        **training.run.key,
        "settings": unswept(dataclasses.asdict(training.settings)),
        "iterations": training.settings.iterations,
        "parameters": sum(layer["parameters"] for layer in layers.values()),
        "kept": sum(layer["kept"] for layer in layers.values()),
        "train_loss": curve[-1][1],
        "validation_error": evaluations[-1]["validation_error"],
        "test_error": evaluations[-1]["test_error"],
        "best_validation_test_error": min(evaluations, key=lambda e: e["validation_error"])[
            "test_error"
        ],
        "best_test_error": min(e["test_error"] for e in evaluations),
        "layers": layers,
        "evaluations": evaluations,
        "curve": curve,
    }
