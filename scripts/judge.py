"""Judge the paper's claims on a study's runs and masks (see docs/claims.md).

With `--figure`, judge the statements of a figure that has its own.
"""

import importlib
from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import spec as specification
from snip.study.figures import FIGURES


def main() -> None:
    parser = command.parser(__doc__)
    own = [name for name, figure in FIGURES.items() if figure.judged]
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--figure", choices=own, help="judge this figure's own statements")
    what.add_argument(
        "--readable",
        type=Path,
        help="the table of claims as Markdown (.md); beside it its picture (.pdf, .png, .csv)",
    )
    specification.add_option(parser)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the tables of runs")
    parser.add_argument("--masks", type=Path, default=FETCHED, help="folder of the mask files")
    parser.add_argument("--data", type=Path, default=FETCHED, help="folder of fetched data")
    parser.add_argument("--output", type=Path, required=True, help="table of verdicts (.csv)")
    options = parser.parse_args()
    spec = specification.read(options.spec, "judge", options.figure)

    from snip.claims.evidence import gather
    from snip.claims.readable import readable
    from snip.claims.statements import statements
    from snip.claims.verdicts import judge
    from snip.figures import forest, style
    from snip.figures.provenance import Origin
    from snip.tables.collect import csv_bytes
    from snip.tables.reading import read_checked

    if options.figure:
        module = importlib.import_module(f"snip.claims.{FIGURES[options.figure].module}")
        table = module.table(spec, options.tables, options.masks, options.data)
        write_atomically(options.output, csv_bytes(table))
        return
    claims = spec.judging
    runs = read_checked(options.tables, "runs", spec)
    evidence = gather(spec, runs, options.masks, options.data)
    table = judge(statements(evidence), claims.alpha, claims.confirming_from)
    write_atomically(options.output, csv_bytes(table))
    origin = Origin.of(spec)
    style.save(*forest.plot(table, origin), origin, options.readable.with_suffix(""))
    text = readable(table, spec.study, claims.alpha)
    write_atomically(options.readable, text.encode())


if __name__ == "__main__":
    command.run(main)
