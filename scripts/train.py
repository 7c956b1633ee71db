"""Train one network: score its connections, prune, train the rest, evaluate; write a JSON result.

The result is a pure function of the arguments, the code, the data, and the processor and libraries
that it names (`made_by`): it holds no times or host names.
"""

import signal
import threading
from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command, signals, threads
from snip.jobs.code import check_unedited, code_digest
from snip.jobs.failures import SnipError
from snip.study import options, registry
from snip.study.axes import KEY


def main() -> None:
    parser = command.parser(__doc__)
    command.add_code(parser)
    options.add_axes(parser, KEY)
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument("--output", type=Path, required=True, help="result file (.json)")
    parser.add_argument(
        "--checkpoint", type=Path, help="go on from this file; kept up to date, removed at the end"
    )
    parser.add_argument(
        "--checkpoint-seconds", type=float, default=60, help="interval between checkpoints"
    )
    options.add_settings(parser)
    parsed = parser.parse_args()
    if parsed.checkpoint == parsed.output:
        raise SnipError(f"--checkpoint is {parsed.output}, expected another file than --output")
    chosen = registry.chosen_files(parsed.criterion, parsed.network)
    check_unedited(parsed.code, "train", *chosen)

    threads.limit_libraries()
    with command.importing():
        import torch

        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import sealed, write_atomically
        from snip.training.checkpoints import Checkpoint, fingerprint
        from snip.training.loop import choose_device
        from snip.training.run import train

    threads.use_one_thread()
    # Gradients of memorised labels become denormal numbers, which are slow and as good as zero.
    torch.set_flush_denormal(True)
    run, settings = options.run_of(parsed), options.settings_of(parsed)
    dataset = load_dataset(
        run.dataset, parsed.data, settings.inverted_statistics, settings.grey_values
    )
    identity = fingerprint(run, settings, dataset)
    checkpoint = Checkpoint(parsed.checkpoint, identity, parsed.checkpoint_seconds)
    # Slurm before its time limit, Ctrl-C and a closed terminal end the run with a checkpoint.
    stop = threading.Event()
    for number in signals.endings():
        signal.signal(number, lambda *_: stop.set())
    result = train(run, settings, dataset, checkpoint, stop.is_set)
    code = code_digest("scripts/train.py", *chosen)
    result["made_by"] = threads.made_by(code, choose_device(settings.device).type)
    write_atomically(parsed.output, sealed(result))
    checkpoint.remove()


if __name__ == "__main__":
    command.run(main)
