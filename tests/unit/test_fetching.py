import gzip
import io
import time

import pytest

from helpers import generated_files
from snip import datasets, fetching
from snip.datasets import DatasetError


@pytest.fixture
def empty(generated, tmp_path):
    """The generated data set, whose files lie nowhere yet: the data folder and the output."""
    folder = tmp_path / "elsewhere"
    (folder / "generated").mkdir(parents=True)
    return folder, tmp_path / "output"


def place(folder, compress=False, **changed):
    for name, content in (generated_files() | changed).items():
        if compress:
            (folder / "generated" / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / "generated" / name).write_bytes(content)


@pytest.mark.parametrize("compress", [False, True])
def test_files_in_the_data_folder_are_taken_plain_or_compressed(empty, compress):
    folder, output = empty
    place(folder, compress)
    fetching.fetch("generated", folder, output, io.StringIO())
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content
    assert sorted(path.name for path in output.iterdir()) == sorted(
        [*datasets.FILES, datasets.SUMMARY]
    )


def test_an_altered_file_is_named_with_both_checksums_and_not_taken(empty):
    folder, output = empty
    content = bytearray(generated_files()["train-images-idx3-ubyte"])
    content[1000] ^= 1
    place(folder, **{"train-images-idx3-ubyte": bytes(content)})
    with pytest.raises(DatasetError) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    message = str(caught.value)
    expected = datasets.load_source("generated").checksums["train-images-idx3-ubyte"]
    assert f"found SHA-256 {datasets.sha256(bytes(content))}, expected {expected}" in message
    assert not (output / datasets.SUMMARY).exists()


def test_when_nothing_works_each_source_and_each_file_is_listed(empty, monkeypatch):
    folder, output = empty
    commands = [
        ("data folder", []),
        ("mirror", [["sh", "-c", "echo '<urlopen error no route>' >&2; exit 1"]]),
        ("package", [["no-such-client", "download"]]),
    ]
    monkeypatch.setattr(fetching, "_sources", lambda *_: commands)
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    message = str(caught.value)
    assert "data folder: train-images-idx3-ubyte not found" in message
    assert "mirror: sh failed: <urlopen error no route>" in message
    assert "package: no-such-client is not installed, skipped" in message
    for name, checksum in datasets.load_source("generated").checksums.items():
        assert f"{checksum}  {name}" in message


def test_a_source_that_falls_silent_is_stopped(empty, monkeypatch):
    folder, output = empty
    monkeypatch.setattr(fetching, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(fetching, "RETRY_WITHIN_SECONDS", 0)
    silent = [["sh", "-c", "echo begun; sleep 60"]]
    monkeypatch.setattr(fetching, "_sources", lambda *_: [("black hole", silent)])
    started = time.monotonic()
    with pytest.raises(DatasetError, match="black hole: sh received nothing for 0.5 s"):
        fetching.fetch("generated", folder, output, io.StringIO())
    assert time.monotonic() - started < 30


def test_a_source_that_keeps_writing_is_not_stopped(empty, monkeypatch):
    folder, output = empty
    place(folder)
    monkeypatch.setattr(fetching, "STALL_SECONDS", 0.8)
    slow = f"for i in 1 2 3 4 5; do echo $i; sleep 0.4; done; cp {folder}/generated/* ."
    monkeypatch.setattr(fetching, "_sources", lambda *_: [("slow", [["sh", "-c", slow]])])
    fetching.fetch("generated", folder / "nothing", output, io.StringIO())
    assert (output / datasets.SUMMARY).exists()


def test_a_failing_source_is_tried_again(empty, monkeypatch, tmp_path):
    folder, output = empty
    place(folder)
    mark = tmp_path / "tried"
    flaky = f"test -e {mark} || {{ touch {mark}; exit 1; }}; cp {folder}/generated/* ."
    monkeypatch.setattr(fetching, "_sources", lambda *_: [("flaky", [["sh", "-c", flaky]])])
    fetching.fetch("generated", folder / "nothing", output, io.StringIO())
    assert (output / datasets.SUMMARY).exists()
