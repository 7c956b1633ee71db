"""Write what decides a figure, as Snakemake passes it on, to a file."""

import base64
import zlib
from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically


def write(word: str, path: Path) -> None:
    """Write a specification that `snip.study.spec.packed` made, and remove that of another one.

    So its file is never older than the figures that were drawn from another one. A study has many
    such jobs, so this imports nothing that takes long to load.
    """
    name, _, digest = path.stem.rpartition("-")
    for other in path.parent.glob(f"{name}-{'[0-9a-f]' * len(digest)}.json"):
        other.unlink(missing_ok=True)
    write_atomically(path, zlib.decompress(base64.b64decode(word)))


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--packed", required=True, help="compressed JSON, base64")
    parser.add_argument("--output", type=Path, required=True, help="file (.json)")
    options = parser.parse_args()
    write(options.packed, options.output)


if __name__ == "__main__":
    command.run(main)
