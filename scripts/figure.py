"""Draw one figure of a study from its tables and mask files."""

import importlib
from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command
from snip.study import spec as specification
from snip.study.figures import FIGURES


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--figure", required=True, choices=FIGURES)
    specification.add_option(parser)
    folder = Path("results")
    parser.add_argument("--tables", type=Path, default=folder, help="folder of its runs' tables")
    parser.add_argument("--masks", type=Path, default=folder, help="folder of the mask files")
    parser.add_argument("--judged", type=Path, default=folder, help="table of its statements")
    parser.add_argument("--data", type=Path, default=FETCHED, help="folder of fetched data")
    parser.add_argument(
        "--output", type=Path, required=True, help="prefix: writes PREFIX.pdf, .png and .csv"
    )
    options = parser.parse_args()
    spec = specification.read(options.spec, "figure", options.figure)

    from snip.figures import style
    from snip.figures.inputs import Inputs

    places = (options.tables, options.masks, options.judged, options.data)
    inputs = Inputs(options.figure, spec, *places)
    module = importlib.import_module(f"snip.figures.{FIGURES[options.figure].module}")
    figure, numbers = module.draw(inputs)
    style.save(figure, numbers, inputs.origin, options.output)


if __name__ == "__main__":
    command.run(main)
