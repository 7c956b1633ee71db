"""Set a study's test errors beside the published ones: one row per published number.

Only runs of the published optimiser, initialisation and weight decay count.
"""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import spec as specification


def main() -> None:
    parser = command.parser(__doc__)
    specification.add_option(parser)
    parser.add_argument("--runs", type=Path, required=True, help="the study's table of runs")
    parser.add_argument("--output", type=Path, required=True, help="table (.csv)")
    options = parser.parse_args()
    spec = specification.read(options.spec, "compare")

    from snip.tables.collect import csv_bytes
    from snip.tables.published import compare
    from snip.tables.reading import read_table

    table = compare(read_table(options.runs), spec.settings, spec.reported_error)
    write_atomically(options.output, csv_bytes(table))


if __name__ == "__main__":
    command.run(main)
