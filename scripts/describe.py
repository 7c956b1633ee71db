"""Write the report's pages (HTML), captions and front page (RST)."""

from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study import slices

TEMPLATE = Path(__file__).resolve().parents[1] / "workflow/report/page.html.jinja2"


def main() -> None:
    parser = command.parser(__doc__)
    slices.add_option(parser)
    parser.add_argument("--claims", type=Path, required=True, help="table of claims")
    parser.add_argument("--published", type=Path, required=True, help="table of published errors")
    parser.add_argument(
        "--runs",
        type=Path,
        required=True,
        help="table of runs, beside that of settings",
    )
    parser.add_argument("--forest", type=Path, required=True, help="picture of the claims (.png)")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of the study's")
    parser.add_argument("--logs", type=Path, required=True, help="folder of the study's")
    parser.add_argument("--output", type=Path, required=True, help="folder")
    options = parser.parse_args()

    from snip.report.captions import captions, front_page
    from snip.report.pages import pages
    from snip.tables.reading import read_settings, read_table

    config, tables = slices.read(options.slice, "describe"), options.runs.parent
    del config["code"]
    claims = read_table(options.claims)
    texts = pages(
        TEMPLATE.read_text("utf-8"),
        config,
        claims,
        read_table(options.published),
        read_table(options.runs),
        read_settings(tables),
        options.benchmarks,
        options.logs,
    )
    texts |= captions(config, claims)
    texts["front.rst"] = front_page(claims, options.forest.read_bytes())
    for name, text in texts.items():
        write_atomically(options.output / name, text.encode())


if __name__ == "__main__":
    command.run(main)
