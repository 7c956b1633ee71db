"""Convert result files of versions before 0.2.0: their paths spelled some axes alone.

python scripts/convert_results.py results/paper/runs

Masks are not converted: they are scored again in seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import ValidationError

from snip.jobs import command
from snip.jobs.failures import SnipError
from snip.jobs.files import sealed, unsealed, write_atomically
from snip.study.model import sentence
from snip.study.runs import KEY, Run
from snip.study.settings import Settings


def convert(folder: Path, path: Path) -> bool:
    """Convert a result file: key, settings, seal and path. The old file goes once the new is there.

    Returns:
        Whether there was anything to convert.

    Raises:
        SnipError: it cannot be read, or its new place is taken; it stays as it is.
    """
    try:
        result = unsealed(path.read_bytes())
        key = {name: result.pop(name) for name in KEY}
        settings = result.pop("settings")
        key["labels"] = {"true": "correct"}.get(key["labels"], key["labels"])
        if settings["device"] == "auto":  # is gone
            made_by = result.get("made_by", {}).get("device", "cpu")
            settings["device"] = "cpu" if made_by == "cpu" else "cuda"
        run = Run(**key)
        every = {name: settings[name] for name in Settings.model_fields}
        ordered = dict(Settings(**every | settings))
    except KeyError as error:
        raise SnipError(f"result file {path} cannot be converted: it lacks {error}") from error
    except ValidationError as error:
        raise SnipError(f"result file {path} cannot be converted: {sentence(error)}") from error
    except (OSError, ValueError, TypeError) as error:
        raise SnipError(f"result file {path} cannot be converted: {error}") from error
    new = folder / f"{run.path}.json"
    if new == path:
        return False
    content = sealed({**run.key, "settings": ordered, **result})
    if new.exists() and new.read_bytes() != content:
        raise SnipError(
            f"result file {path} cannot be converted: found another result at {new}, expected none"
        )
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
            converted += convert(folder, path)
        except SnipError as error:
            left.append(str(error))
    for place in sorted(folder.rglob("*"), reverse=True):  # the innermost first
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    print(*left, f"{converted} result files converted", sep="\n")
    if left:
        sys.exit(1)


if __name__ == "__main__":
    command.run(main)
