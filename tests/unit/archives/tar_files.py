"""Files to archive, and archives that `create` would not make."""

import io
import shutil
import tarfile
from pathlib import Path

from snip.archives.manifest import MANIFEST, digest, record_path
from snip.archives.restore import restore
from snip.jobs.files import sealed

NAME = "results/study/runs/seed-0.json"
# Longer than a tar header has room for: tar stores such a name in a header of its own.
LONG = "/".join(["results/study/runs", *(f"axis-{number:020}" for number in range(8))])
FILES = {
    "results/datasets/mnist/labels": bytes(range(256)) * 3,
    f"{LONG}/seed-0.json": b"{}\n" * 500,
    f"{LONG}/seed-1.json": b"",
    record_path(f"{LONG}/seed-0.json"): b"x" * 100,
}


def lay(files: dict[str, bytes]) -> None:
    """Write files in the present folder."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def present() -> dict[str, bytes]:
    """The files in the present folder."""
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def restored(content: bytes) -> dict[str, bytes]:
    """Empty the present folder, restore an archive in it, and return the files that are there."""
    for path in Path.cwd().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    source = Path("damaged.tar")
    source.write_bytes(content)
    try:
        restore(source)
    finally:
        source.unlink()
    return present()


def forged(
    files: dict[str, bytes], study="study", stated=(), unstated=(), change=lambda member: None
) -> bytes:
    """An archive of any files, with a manifest that agrees with them except where told otherwise.

    Args:
        stated: what the manifest says of some files instead.
        unstated: more members, which the manifest does not list.
        change: is called with each file's tar header.
    """
    listed = {
        name: [len(content), digest(io.BytesIO(content))] for name, content in files.items()
    } | dict(stated)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        manifest = sealed({"study": study, "files": listed})
        for name, content in [(MANIFEST, manifest), *files.items(), *unstated]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            if name != MANIFEST:
                change(member)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
