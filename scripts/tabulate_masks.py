"""Collect what the masks of a study leave of each layer into one table, masks.csv."""

import json
from pathlib import Path

from snip import command
from snip.files import write_atomically
from snip.study import study_masks
from snip.tables import tabulate_masks


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--masks", type=Path, required=True, help="folder of the mask files")
    parser.add_argument("--grids", type=json.loads, required=True, help="JSON: each figure's masks")
    parser.add_argument("--output", type=Path, required=True, help="table (.csv)")
    options = parser.parse_args()
    table = tabulate_masks(options.masks, study_masks(options.grids))
    write_atomically(options.output, table.to_csv(index=False, lineterminator="\n").encode())


if __name__ == "__main__":
    command.run(main)
