"""Collect the result files of a figure or study into the tables runs, layers, curves, settings."""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import slices
from snip.tables.collect import tabulate


def main() -> None:
    parser = command.parser(__doc__)
    slices.add_option(parser)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the result files")
    parser.add_argument("--output", type=Path, required=True, help="folder of the tables")
    options = parser.parse_args()
    part = slices.read(options)
    for name, table in tabulate(options.runs, part).items():
        content = table.to_csv(index=False, lineterminator="\n")
        write_atomically(options.output / f"{name}.csv", content.encode())


if __name__ == "__main__":
    command.run(main)
