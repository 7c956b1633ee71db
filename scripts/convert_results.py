"""Convert result files of an earlier version, in which `labels` were `true` instead of `correct`.

python scripts/convert_results.py results/paper/runs
"""

from __future__ import annotations

import sys
from pathlib import Path

from snip.jobs import command
from snip.jobs.failures import SnipError
from snip.jobs.files import sealed, unsealed, write_atomically


def convert(path: Path) -> bool:
    """Convert a result file: its key, seal and path. The old file goes once the new is there.

    Returns:
        Whether there was anything to convert.

    Raises:
        SnipError: it cannot be read, or its new place is taken; it stays as it is.
    """
    try:
        result = unsealed(path.read_bytes())
        if result["labels"] != "true":
            return False
    except (OSError, ValueError, KeyError) as error:
        raise SnipError(f"result file {path} cannot be converted: {error}") from error
    settings = result["settings"]
    if settings.get("device") == "auto":  # is gone
        settings["device"] = (
            "cuda" if result.get("made_by", {}).get("device", "cpu") != "cpu" else "cpu"
        )
    new = Path(*("labels-correct" if part == "labels-true" else part for part in path.parts))
    content = sealed({**result, "labels": "correct"})
    if new == path or new.exists() and new.read_bytes() != content:
        why = "its path lacks labels-true" if new == path else f"another result stands at {new}"
        raise SnipError(f"result file {path} cannot be converted: {why}")
    write_atomically(new, content)
    path.unlink()
    return True


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("runs", type=Path, help="folder of a study's result files")
    folder = parser.parse_args().runs
    if not folder.is_dir():
        raise SnipError(f"{folder} is no folder, expected results/STUDY/runs")
    converted, left = 0, []
    for path in sorted(folder.rglob("*.json")):
        try:
            converted += convert(path)
        except SnipError as error:
            left.append(str(error))
    print(*left, f"{converted} result files converted", sep="\n")
    if left:
        sys.exit(1)


if __name__ == "__main__":
    command.run(main)
