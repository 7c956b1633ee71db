import errno
import os
import stat

import pytest

from snip.jobs import files


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "result.json"
    files.write_atomically(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_without_permissions_and_flushing_loses_nothing(
    tmp_path, monkeypatch, number
):
    def refuse(*_, **__):
        raise OSError(number, "as on exFAT")

    def forbid(*_, **__):
        raise PermissionError(errno.EPERM, "as on SMB")

    monkeypatch.setattr(os, "fsync", refuse)
    for chmod in (refuse, forbid):
        monkeypatch.setattr(os, "chmod", chmod)
        files.write_atomically(tmp_path / "result.json", chmod.__name__.encode())
        assert (tmp_path / "result.json").read_text() == chmod.__name__
    assert len(list(tmp_path.iterdir())) == 1


def test_written_files_have_the_usual_permissions(tmp_path):
    files.write_atomically(tmp_path / "ours", b"")
    (tmp_path / "usual").write_bytes(b"")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "usual")]
    assert modes[0] == modes[1]


def test_sha256_of_the_standards_example():
    # FIPS 180-4, example "abc".
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(b"abc") == expected
