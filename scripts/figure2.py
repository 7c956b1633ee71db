"""Draw Figure 2: masks of one class's pruning batch, by sparsity and class."""

from pathlib import Path

from snip import command


def main(documentation: str) -> None:
    parser = command.figure_parser(documentation)
    parser.add_argument("--masks", type=Path, nargs="+", required=True, help="mask files")
    options = parser.parse_args()

    from snip.plotting import mask_grids
    from snip.provenance import origin_of

    mask_grids(origin_of(options), options.masks, options.output)


if __name__ == "__main__":
    command.run(lambda: main(__doc__))
