"""Files that are either complete or absent."""

import hashlib
import os
import tempfile
from pathlib import Path


def write_atomically(path: Path | str, content: bytes) -> None:
    """Write `content` to `path` so that no reader ever sees half of it.

    The bytes go to a private temporary file beside `path`, are flushed to disk, and the file is
    renamed. A failure (a full disk, say) leaves whatever stood at `path` before.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(content: bytes | memoryview) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
