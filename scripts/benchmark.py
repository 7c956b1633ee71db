"""Measure training speed, overhead, redrawing and planning; print a table, write a JSON file.

Measurements that are compared run in turns, so that a machine whose speed varies slows both sides.
docs/performance.md explains each number. Takes some minutes. What is measured of a whole study is
that of the last default study in results/default, if there is one.
"""

import json
from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command, threads
from snip.jobs.files import write_atomically

TARGETS = {
    "unpruned_rate_share": ">= 0.55, 0.60",
    "plain_ratio": ">= 10, 4",
    "overhead_share": "<= 0.15",
    "redraw_seconds": "<= 20",
}


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("results/benchmark.json"))
    options = parser.parse_args()

    threads.limit_libraries()
    import pandas as pd
    import torch

    from snip.benchmark import measurements, study
    from snip.benchmark.loops import LEARNING_RATES
    from snip.datasets.dataset import load_dataset

    threads.use_one_thread()
    torch.set_flush_denormal(True)  # as train.py does
    dataset = load_dataset("mnist", options.data)
    networks = {
        network: measurements.compare(network, options.data, dataset, options.repeats)
        for network in LEARNING_RATES
    }
    whole = {
        "overhead_share": study.overhead(Path("results/default")),
        "redraw_seconds": study.redraw(),
        "dry_run_seconds": study.dry_run(),
    }
    table = pd.DataFrame({**networks, "study": whole}, dtype=float)
    table["target"] = table.index.map(TARGETS)
    print(table.to_string(na_rep="", float_format="{:,.4g}".format))
    measured = {
        "numpy": f"{threads.blas()}, on {threads.processor()}",
        "networks": networks,
        **whole,
    }
    write_atomically(options.output, (json.dumps(measured, indent=1) + "\n").encode())


if __name__ == "__main__":
    command.run(main)
