"""Files that are either complete or absent."""

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path

# Errors of file systems that cannot flush or have no permissions (exFAT, SMB, some of FUSE).
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def write_atomically(path: Path | str, content: bytes) -> None:
    """Write `content` to `path` so that no reader ever sees half of it.

    The bytes go to a private temporary file beside `path`, which is flushed to disk and renamed.
    After a failure (a full disk, say) the old file at `path` is unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _flush_to_disk(file.fileno())
        # Only the owner may read what mkstemp creates. Keep the file if that cannot be changed.
        with contextlib.suppress(OSError):
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sealed(content: dict) -> bytes:
    """Return `content` as JSON text with its own SHA-256, by which `unsealed` detects damage."""
    seal = sha256(json.dumps(content, sort_keys=True).encode())
    return (json.dumps({**content, "sha256": seal}, indent=1) + "\n").encode()


def unsealed(text: bytes) -> dict:
    """Return the content of a text that `sealed` made.

    Raises:
        ValueError: the text is truncated or altered.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or "sha256" not in content:
        raise ValueError("it carries no checksum")
    expected = content.pop("sha256")
    actual = sha256(json.dumps(content, sort_keys=True).encode())
    if actual != expected:
        raise ValueError(f"it is altered: found SHA-256 {actual}, expected {expected}")
    return content


def _flush_to_disk(file: int) -> None:
    """Flush a file descriptor to disk if its file system can."""
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(content: bytes | memoryview) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
