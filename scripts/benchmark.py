"""Measure training speed, overhead, redrawing and planning; print a table, write a JSON file.

Measurements that are compared run in turns, so that a machine whose speed varies slows both sides.
docs/performance.md explains each number. Takes some minutes. The overhead is that of the last
default study in results/default, if there is one.
"""

import argparse
import json
from pathlib import Path

from snip.benchmark import default_study, workers
from snip.benchmark.schedule import NETWORKS
from snip.benchmark.table import table
from snip.datasets.sources import FETCHED
from snip.jobs import command, threads
from snip.jobs.files import write_atomically


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("results/benchmark.json"))
    # The script starts itself with one of these as a worker.
    for measurement in ("compare", "final-losses", "steps"):
        parser.add_argument(f"--{measurement}", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compare or options.final_losses or options.steps:
        print(json.dumps(work(options)))
        return
    import numpy  # noqa: F401, loads its library

    measured = {
        "numpy": threads.multiplier(),
        "networks": {
            network: rounded(workers.measure(network, options.data, options.repeats))
            for network in NETWORKS
        },
        **rounded(
            {
                "overhead_share": default_study.overhead(Path("results/default")),
                "redraw_seconds": default_study.redraw(),
                "dry_run_seconds": default_study.dry_run(),
            }
        ),
    }
    print(table(measured))
    write_atomically(options.output, (json.dumps(measured, indent=1) + "\n").encode())


def work(options: argparse.Namespace) -> dict[str, float]:
    """Return the measurement that a worker was started for."""
    threads.limit_libraries()
    import torch

    from snip.benchmark import measurements

    # As in train.py.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if options.compare:
        return measurements.compare(options.compare, options.data, options.repeats)
    if options.final_losses:
        return measurements.final_losses(options.final_losses, options.data)
    return measurements.steps_per_second(options.steps, options.data)


def rounded(values: dict[str, float | None]) -> dict[str, float | None]:
    """Round values to four decimal places; None stays None."""
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


if __name__ == "__main__":
    command.run(main)
