"""Draw one figure of a study from its tables and mask files."""

import importlib
from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command
from snip.study import slices
from snip.study.figures import FIGURES


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--figure", required=True, choices=FIGURES)
    slices.add_option(parser)
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument(
        "--output", type=Path, required=True, help="prefix: writes PREFIX.pdf, .png and .csv"
    )
    options = parser.parse_args()
    part = slices.read(options.slice, "figure", options.figure)

    from snip.figures.inputs import Inputs

    module = importlib.import_module(f"snip.figures.{FIGURES[options.figure].module}")
    module.show(Inputs(options.figure, part, options.results, options.data), options.output)


if __name__ == "__main__":
    command.run(main)
