"""Collect what the masks of a study leave of each layer into one table, masks.csv.

It has the masks of pruning batches of all classes.
"""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import slices
from snip.study.figures import FIGURES
from snip.tables.collect import read_figure_masks, tabulate_anatomies


def main() -> None:
    parser = command.parser(__doc__)
    slices.add_option(parser)
    parser.add_argument("--masks", type=Path, required=True, help="folder of the mask files")
    parser.add_argument("--output", type=Path, required=True, help="table (.csv)")
    options = parser.parse_args()
    part = slices.read(options)
    files = (
        file
        for figure in part["grids"]
        if FIGURES[figure].masks == "all"
        for file in read_figure_masks(options.masks, part, figure)
    )
    table = tabulate_anatomies(files)
    write_atomically(options.output, table.to_csv(index=False, lineterminator="\n").encode())


if __name__ == "__main__":
    command.run(main)
