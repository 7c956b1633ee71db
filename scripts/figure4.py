"""Draw Figure 4: training loss with true and with random labels, reference and pruned."""

from pathlib import Path

from snip import command


def main(documentation: str) -> None:
    parser = command.figure_parser(documentation)
    parser.add_argument("--curves", type=Path, required=True, help="table of curves")
    options = parser.parse_args()

    from snip.figures import losses
    from snip.provenance import origin_of
    from snip.tables import read_table

    losses.draw(read_table(options.curves), origin_of(options), options.output)


if __name__ == "__main__":
    command.run(lambda: main(__doc__))
