"""Archive a study, or restore one, so that Snakemake knows its results as current.

  python scripts/archive.py create --study paper --output paper.tar
  python scripts/archive.py restore paper.tar

The archive holds the study's results (not its checkpoints), the data sets it was made from,
Snakemake's records of how these files were made, and the size and SHA-256 of every file. Restoring
checks them all before a file is moved into place, overwrites nothing that differs, and writes
nowhere but below results/datasets, results/STUDY and Snakemake's records.
"""

from pathlib import Path

from snip.archives import archive as archives
from snip.jobs import command


def main() -> None:
    parser = command.parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("create", help="write an archive")
    making.add_argument("--study", required=True)
    making.add_argument("--output", type=Path, required=True)
    using = commands.add_parser("restore", help="unpack an archive")
    using.add_argument("archive", type=Path)
    options = parser.parse_args()
    if options.command == "create":
        archives.create(options.study, options.output)
    else:
        archives.restore(options.archive)


if __name__ == "__main__":
    command.run(main)
