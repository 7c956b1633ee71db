"""Draw what masks leave of each layer, by sparsity: one row per network, one column per criterion.

Beyond the paper. Density is the share of a layer's connections that are kept; effective density
counts only those on a path from input to output.
"""

from snip import command


def main() -> None:
    parser = command.figure_parser(__doc__)
    command.add_masks(parser)
    options = parser.parse_args()

    from snip.figures import anatomy
    from snip.mask_files import read_mask_file
    from snip.provenance import origin_of
    from snip.tables import tabulate_anatomies

    files = (read_mask_file(path, options.sparsity) for path in options.masks)
    anatomy.draw(tabulate_anatomies(files), origin_of(options), options.output)


if __name__ == "__main__":
    command.run(main)
