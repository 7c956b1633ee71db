"""Collect the result files of a figure or study into runs.csv, layers.csv and curves.csv."""

import json
from pathlib import Path

from snip import command
from snip.files import write_atomically
from snip.study import expand_runs
from snip.tables import tabulate


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the result files")
    parser.add_argument(
        "--grids", type=json.loads, required=True, help="JSON: the grids whose runs are collected"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the tables")
    options = parser.parse_args()
    for name, table in tabulate(options.runs, expand_runs(options.grids)).items():
        content = table.to_csv(index=False, lineterminator="\n")
        write_atomically(options.output / f"{name}.csv", content.encode())


if __name__ == "__main__":
    command.run(main)
