"""Judge the paper's claims on a study's runs and masks (see docs/claims.md)."""

from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command
from snip.jobs.code import check_unedited
from snip.jobs.files import write_atomically
from snip.study import slices


def main() -> None:
    parser = command.parser(__doc__)
    command.add_code(parser)
    slices.add_option(parser)
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument("--output", type=Path, required=True, help="table of claims (.csv)")
    parser.add_argument(
        "--readable",
        type=Path,
        required=True,
        help="the table as Markdown; its picture gets the same name with .pdf, .png and .csv",
    )
    options = parser.parse_args()
    check_unedited(options.code, "judge")
    part = slices.read(options)

    from snip.claims.evidence.gather import gather
    from snip.claims.readable import readable
    from snip.claims.statements import statements
    from snip.claims.verdicts import judge
    from snip.figures import forest, style
    from snip.figures.provenance import Origin
    from snip.study.slices import digest
    from snip.tables.collect import csv_bytes

    claims = part["claims"]
    evidence = gather(part, options.results, options.data)
    table = judge(statements(evidence), claims["alpha"], claims["confirming_from"])
    write_atomically(options.output, csv_bytes(table))
    origin = Origin(part["study"], digest(part))
    style.save(*forest.plot(table, origin), origin, options.readable)
    text = readable(table, part["study"], claims["alpha"])
    write_atomically(options.readable, text.encode())


if __name__ == "__main__":
    command.run(main)
