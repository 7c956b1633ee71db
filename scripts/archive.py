"""Archive a study, or restore one so that Snakemake accepts its results as up to date.

  python scripts/archive.py create --study paper --output paper.tar
  python scripts/archive.py restore paper.tar

The archive is a BagIt bag of the results of the study (not its checkpoints) and all fetched data
sets. Restoring checks all files before it moves any into place, overwrites nothing that differs,
and writes nowhere but below results/datasets and results/STUDY. Without this tool:
  tar -xf paper.tar && bagit.py --validate paper
"""

from pathlib import Path

from snip.archives.create import create
from snip.archives.restore import restore
from snip.jobs import command


def main() -> None:
    parser = command.parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create_parser = commands.add_parser("create", help="write an archive")
    create_parser.add_argument("--study", required=True)
    create_parser.add_argument("--output", type=Path, required=True)
    restore_parser = commands.add_parser("restore", help="unpack an archive")
    restore_parser.add_argument("archive", type=Path)
    options = parser.parse_args()
    if options.command == "create":
        create(options.study, options.output)
    else:
        restore(options.archive)


if __name__ == "__main__":
    command.run(main)
