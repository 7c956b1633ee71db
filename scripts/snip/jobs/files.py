"""Files that are either complete or absent."""

import errno
import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

# Errors of file systems that cannot flush (exFAT, SMB, some of FUSE).
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that no reader ever sees half of it.

    The bytes go to a file of another name beside `path`, which is flushed to disk and renamed.
    After a failure (a full disk, say) the old file at `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            try:
                os.fsync(file)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sealed(content: dict[str, Any]) -> bytes:
    """Return `content` as JSON text with its own SHA-256, by which `unsealed` detects damage."""
    return (json.dumps({**content, "sha256": _seal(content)}, indent=1) + "\n").encode()


def unsealed(text: bytes) -> dict[str, Any]:
    """Return the content of a text that `sealed` made.

    Raises:
        ValueError: the text is truncated or altered.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or "sha256" not in content:
        raise ValueError("it carries no checksum")
    expected = content.pop("sha256")
    if _seal(content) != expected:
        raise ValueError(f"it is altered: found SHA-256 {_seal(content)}, expected {expected}")
    return content


def _seal(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode())


def sha256(content: bytes | memoryview) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
