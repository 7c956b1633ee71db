"""Draw Figure 2: masks of one class's pruning batch, by sparsity and class."""

from snip import command


def main(documentation: str) -> None:
    parser = command.figure_parser(documentation)
    command.add_masks(parser)
    options = parser.parse_args()

    from snip.figures import masks
    from snip.provenance import origin_of

    table = masks.mask_table(options.masks, options.sparsity)
    masks.draw(table, origin_of(options), options.output)


if __name__ == "__main__":
    command.run(lambda: main(__doc__))
