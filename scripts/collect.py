"""Collect the result files of a figure or study into tables, or its mask files into one table.

With --runs it writes runs.csv, layers.csv, curves.csv and made_by.csv. With --masks it
writes what the masks of pruning batches of all classes keep of each layer.
"""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import spec as specification
from snip.tables.collect import csv_bytes, tabulate_masks, tabulate_runs


def main() -> None:
    parser = command.parser(__doc__)
    specification.add_option(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--runs", type=Path, help="folder of the result files")
    source.add_argument("--masks", type=Path, help="folder of the mask files")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="with --runs the folder of the tables, with --masks the table (.csv)",
    )
    options = parser.parse_args()
    spec = specification.read(options.spec, "collect")
    if options.runs:
        tables = {
            options.output / f"{name}.csv": table
            for name, table in tabulate_runs(options.runs, spec).items()
        }
    else:
        tables = {options.output: tabulate_masks(options.masks, spec)}
    for path, table in tables.items():
        write_atomically(path, csv_bytes(table))


if __name__ == "__main__":
    command.run(main)
