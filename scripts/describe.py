"""Write the report's page of versions (HTML), captions and front page (RST)."""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import spec as specification

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow/report/versions.html.jinja2"


def main() -> None:
    parser = command.parser(__doc__)
    specification.add_option(parser)
    parser.add_argument("--claims", type=Path, required=True, help="table of claims")
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    parser.add_argument("--made-by", type=Path, required=True, help="table of what made the runs")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of the study's")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    options = parser.parse_args()

    from snip.report.captions import captions, front_page
    from snip.report.versions import versions_page
    from snip.tables.reading import read_table

    study = specification.read(options.spec, "describe")
    claims = read_table(options.claims)
    page = versions_page(
        TEMPLATE.read_text("utf-8"),
        study,
        read_table(options.runs),
        read_table(options.made_by),
        options.benchmarks,
    )
    texts = captions(study, claims)
    texts |= {"versions.html": page, "front.rst": front_page(claims)}
    for name, text in texts.items():
        write_atomically(options.output / name, text.encode())


if __name__ == "__main__":
    command.run(main)
