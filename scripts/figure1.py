"""Draw Figure 1: test error against sparsity, one panel per network."""

from pathlib import Path

from snip import command
from snip.runs import ERRORS


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column shown")
    options = parser.parse_args()

    from snip.figures import errors
    from snip.provenance import origin_of
    from snip.statistics import paired_differences
    from snip.tables import read_table

    table = read_table(options.runs)
    errors.draw(
        table,
        options.error,
        paired_differences(table, options.error),
        "paired by seed, 95 % t intervals",
        {},
        origin_of(options),
        options.output,
    )


if __name__ == "__main__":
    command.run(main)
