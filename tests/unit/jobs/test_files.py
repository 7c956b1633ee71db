import errno
import os

import pytest

from snip.jobs import files


def failing(number):
    def flush(_):
        raise OSError(number, os.strerror(number))

    return flush


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "result.json"
    files.write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_that_cannot_flush_loses_nothing(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing(number))
    files.write_atomically(tmp_path / "result.json", b"new")
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == b"new"


def test_a_seal_tells_damage():
    text = files.sealed({"error": 1.5, "curve": [[1, 2.0]]})
    assert files.unsealed(text) == {"error": 1.5, "curve": [[1, 2.0]]}
    for damaged in (text.replace(b"1.5", b"1.6"), text[:-9], b"{}", b"[]"):
        with pytest.raises(ValueError):
            files.unsealed(damaged)


def test_sha256_of_the_standards_example():
    # FIPS 180-4, example "abc".
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(b"abc") == expected
