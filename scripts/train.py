"""Train one network: score its connections, prune, train the rest, evaluate; write a JSON result.

The result is a pure function of the arguments, the code, the data, and the processor and libraries
that it names (`made_by`): it holds no times or host names.
"""

import io
import signal
import threading
from pathlib import Path
from typing import Any

from snip.datasets.sources import FETCHED
from snip.jobs import command, signals, threads
from snip.jobs.code import checked_digest
from snip.jobs.failures import SnipError
from snip.study import options, registry
from snip.study.runs import Run
from snip.study.settings import Settings


def main() -> None:
    parser = command.parser(__doc__)
    options.add(parser, Run, Run.model_fields)
    parser.add_argument("--data", type=Path, default=FETCHED, help="folder of fetched data")
    parser.add_argument("--code", help="SHA-256 that the tool's code must have")
    parser.add_argument("--output", type=Path, required=True, help="result file (.json)")
    parser.add_argument(
        "--checkpoint", type=Path, help="go on from this file; kept up to date, removed at the end"
    )
    parser.add_argument(
        "--checkpoint-seconds", type=float, default=60, help="interval between checkpoints"
    )
    for what in ("masks", "weights"):
        parser.add_argument(
            f"--{what}", type=Path, help=f"keep the {what}, an array a tensor (.npz)"
        )
    group = parser.add_argument_group("settings (not given: as in config/default.yaml)")
    options.add(group, Settings, Settings.model_fields)
    parsed = parser.parse_args()
    if parsed.checkpoint == parsed.output:
        raise SnipError(f"--checkpoint is {parsed.output}, expected another file than --output")
    run = options.read(parsed, Run)
    registry.check("criteria", run.criterion)
    registry.check("networks", run.network)
    settings = options.settings(parsed, run, Settings.model_fields)
    chosen = registry.chosen_files(run.criterion, run.network)
    code = checked_digest(parsed.code, "train", *chosen)  # now, before somebody edits it

    threads.limit_libraries()
    with command.importing():
        import numpy as np
        import torch

        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import sealed, write_atomically
        from snip.training.checkpoints import Checkpoint, fingerprint
        from snip.training.loop import Training, train

    threads.use_one_thread()
    # Gradients of memorised labels become denormal numbers, which are slow and as good as zero.
    torch.set_flush_denormal(True)
    dataset = load_dataset(
        run.dataset, parsed.data, settings.inverted_statistics, settings.grey_values
    )
    checkpoint = None
    if parsed.checkpoint:
        identity = fingerprint(run, settings, dataset)
        checkpoint = Checkpoint(parsed.checkpoint, identity, parsed.checkpoint_seconds)
    # Slurm before its time limit, Ctrl-C and a closed terminal end the run with a checkpoint.
    stop = threading.Event()
    for number in signals.endings():
        signal.signal(number, lambda *_: stop.set())

    def keep(training: Training) -> None:
        for path, tensors in ((parsed.masks, training.masks), (parsed.weights, training.weights)):
            if path:
                buffer = io.BytesIO()
                arrays: dict[str, Any] = {
                    name: each.numpy(force=True) for name, each in tensors.items()
                }
                np.savez(buffer, **arrays)
                write_atomically(path, buffer.getvalue())

    result = train(run, settings, dataset, checkpoint, stop.is_set, keep)
    result["made_by"] = threads.made_by(code, settings.device)
    write_atomically(parsed.output, sealed(result))
    if checkpoint:
        checkpoint.remove()


if __name__ == "__main__":
    command.run(main)
