"""Print where figures come from, and check that the CSV beside each is the table that it shows.

python scripts/provenance.py figures/fig1.pdf
"""

import sys
from pathlib import Path

from snip.figures.provenance import ProvenanceError, check_table, read
from snip.jobs import command
from snip.jobs.failures import ERROR


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("figures", type=Path, nargs="+", help="PDF or PNG files")
    options = parser.parse_args()
    failed = False
    for path in options.figures:
        try:
            fields = read(path)
            print(path)
            for name, value in fields.items():
                print(f"  {name + ':':<15}{value}")
            print(f"  {'':<15}{check_table(path, fields)} is that table", flush=True)
        except ProvenanceError as error:
            print(f"{ERROR}{error}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    command.run(main)
