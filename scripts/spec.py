"""Write what decides a figure, as Snakemake passes it on, to a file."""

from pathlib import Path

from snip.jobs import command
from snip.study import spec


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--packed", required=True, help="compressed JSON, base64")
    parser.add_argument("--output", type=Path, required=True, help="file (.json)")
    options = parser.parse_args()
    spec.write(options.packed, options.output)


if __name__ == "__main__":
    command.run(main)
