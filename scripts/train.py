"""Train one network: score its connections, prune, train the rest, evaluate; write a JSON result.

The result is a pure function of the arguments, the code and the data: it holds no times or host
names.
"""

import signal
import threading
from pathlib import Path

from snip.jobs import command, signals
from snip.study import registry
from snip.study.axes import Run


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--dataset", default="mnist", help="e.g. mnist, fashion-mnist, mnist-3000")
    parser.add_argument("--network", default="lenet-300-100", choices=registry.names("networks"))
    parser.add_argument("--criterion", default="snip", choices=registry.names("criteria"))
    parser.add_argument(
        "--sparsity", type=command.sparsity, default="90", help="percent; 0: reference"
    )
    parser.add_argument(
        "--batch-size",
        type=command.batch_size,
        default=100,
        help="examples in the pruning batch, or all: every training example",
    )
    parser.add_argument("--labels", default="true", choices=["true", "random"])
    parser.add_argument("--weight-decay", type=command.weight_decay, default="0.0005")
    parser.add_argument("--seed", type=command.seed, default=0)
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    parser.add_argument("--output", type=Path, required=True, help="result file (.json)")
    parser.add_argument(
        "--checkpoint", type=Path, help="go on from this file; kept up to date, removed at the end"
    )
    parser.add_argument(
        "--checkpoint-seconds", type=float, default=60, help="interval between checkpoints"
    )
    command.add_settings(parser)
    options = parser.parse_args()

    with command.importing():
        import torch

        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import sealed, write_atomically
        from snip.training.checkpoints import Checkpoint, fingerprint
        from snip.training.run import train

    # One thread per run: there are more runs than cores, and sums keep their order.
    torch.set_num_threads(1)
    # Gradients of memorised labels become denormal numbers, which are slow and as good as zero.
    torch.set_flush_denormal(True)
    run = Run(
        options.dataset,
        options.network,
        options.criterion,
        options.sparsity,
        options.batch_size,
        options.labels,
        options.weight_decay,
        options.seed,
    )
    settings = command.settings_of(options)
    dataset = load_dataset(options.dataset, options.data, settings.inverted_statistics)
    identity = fingerprint(run, settings, dataset)
    checkpoint = Checkpoint(options.checkpoint, identity, options.checkpoint_seconds)
    # Slurm before its time limit, Ctrl-C and a closed terminal end the run with a checkpoint.
    stop = threading.Event()
    for number in signals.endings():
        signal.signal(number, lambda *_: stop.set())
    result = train(run, settings, dataset, checkpoint, stop.is_set)
    write_atomically(options.output, sealed(result))
    checkpoint.remove()


if __name__ == "__main__":
    command.run(main, forked=True)
