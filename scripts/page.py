"""Write the page of a study: answers, figures, statements, errors and masks to look into."""

from pathlib import Path

from snip.datasets.sources import FETCHED
from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import spec as specification

PARTS = Path(__file__).resolve().parents[1] / "workflow/report"


def main() -> None:
    parser = command.parser(__doc__)
    specification.add_option(parser)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the study's tables")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of the figures")
    parser.add_argument("--masks", type=Path, default=FETCHED, help="folder of the mask files")
    parser.add_argument("--data", type=Path, default=FETCHED, help="folder of fetched data")
    parser.add_argument("--docs", default="docs", help="how the page reaches the documentation")
    parser.add_argument("--output", type=Path, required=True, help="page (.html)")
    options = parser.parse_args()
    spec = specification.read(options.spec, "page")

    from snip.report.page import Study, page
    from snip.tables.reading import read_table

    study = Study(
        spec,
        claims=read_table(options.tables / "claims.csv"),
        published=read_table(options.tables / "published.csv"),
        runs=read_table(options.tables / "runs.csv"),
        made_by=read_table(options.tables / "made_by.csv"),
        shipped=read_table(PARTS / "shipped.csv"),
        pictures=options.pictures,
        masks=options.masks,
        data=options.data,
        docs=options.docs,
    )
    text = page((PARTS / "index.html.jinja2").read_text("utf-8"), study)
    write_atomically(options.output, text.encode())


if __name__ == "__main__":
    command.run(main)
