"""Result files of the version before, whose paths spelled some axes alone."""

import sys
from pathlib import Path

import pytest

import convert_results
from snip.jobs.files import sealed
from snip.study.runs import Run
from snip.study.settings import Settings

# The order of keys and settings in the version before.
KEYS = "dataset network criterion sparsity batch_size labels weight_decay seed reading control"
ORDER = """iterations learning_rate decay_every training_batch_size optimizer momentum
validation_share log_every evaluate_every prunable initial_weights initial_biases initialisation
relu_after_convolutions inverted_statistics grey_values pruning_batch random_labels device"""
SETTINGS = dict(Settings(iterations=10, initialisation="he"))
OUTCOME = {"iterations": 10, "train_loss": 0.25, "made_by": {"device": "cpu"}}
RUN = Run(sparsity=99.5)
PLACE = "snip/sparsity-99.5/batch-100/labels-correct/decay-0.0005/seed-0"
OTHER = Run(batch_size="all", weight_decay=1e-11, reading="he", control="shuffled", seed=7)
FOLDER = "snip/sparsity-90/batch-all/labels-correct/decay-0.00000000001/reading-he/control-shuffled"


def now(run) -> bytes:
    """What training writes of a run."""
    return sealed({**run.key, "settings": SETTINGS, **OUTCOME})


def before(folder: Path, run=RUN, place=PLACE, **changed) -> Path:
    """Write what the version before wrote of a run; returns its path."""
    content = {name: run.key[name] for name in KEYS.split()}
    content["settings"] = {name: SETTINGS[name] for name in ORDER.split()}
    path = folder / "mnist/lenet-300-100" / f"{place}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sealed(content | OUTCOME | changed))
    return path


@pytest.fixture
def convert(tmp_path, monkeypatch, capsys):
    """Convert the folder; returns what was said, without the count, and the count."""

    def convert() -> tuple[str, int]:
        monkeypatch.setattr(sys, "argv", ["convert_results.py", str(tmp_path)])
        failed = False
        try:
            convert_results.main()
        except SystemExit as ended:
            failed = ended.code == 1
        *said, count = capsys.readouterr().out.splitlines()
        assert failed == bool(said) and count.endswith(" result files converted")
        return "\n".join(said), int(count.split()[0])

    return convert


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_converted_results_are_those_that_training_writes(tmp_path, convert):
    before(tmp_path)
    before(tmp_path, OTHER, f"{FOLDER}/seed-7")
    assert convert() == ("", 2)
    assert files(tmp_path) == {f"{run.path}.json": now(run) for run in (RUN, OTHER)}
    assert [path.name for path in tmp_path.iterdir()] == ["dataset-mnist"]
    stamps = [path.stat().st_mtime_ns for path in tmp_path.rglob("*")]
    assert convert() == ("", 0)
    assert [path.stat().st_mtime_ns for path in tmp_path.rglob("*")] == stamps


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": "true"},
        {"settings": SETTINGS | {"device": "auto"}},
        {"settings": SETTINGS | {"iterations": 10.0}},
    ],
)
def test_words_and_numbers_of_older_versions_are_converted_too(tmp_path, convert, changed):
    before(tmp_path, **changed)
    assert convert() == ("", 1) and files(tmp_path) == {f"{RUN.path}.json": now(RUN)}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:40], ""),
        (lambda text: text.replace(b"0.25", b"0.5"), "it is altered"),
        (lambda text: b"[]", "it carries no checksum"),
        (lambda text: b"\xff\x00", ""),
        (lambda text: sealed({"study": "paper"}), "it lacks 'dataset'"),
        (lambda text: sealed({**RUN.key, "settings": {"device": "cpu"}}), "it lacks 'iterations'"),
        (lambda text: sealed({**RUN.key, "settings": SETTINGS | {"new": 1}}), "'new' is not a kn"),
        (lambda text: sealed({**RUN.key, "settings": 7}), ""),
        (
            lambda text: sealed({**RUN.key, "settings": SETTINGS, "seed": -1}),
            "seed is -1, expected",
        ),
    ],
)
def test_what_is_damaged_or_foreign_stays_and_is_named(tmp_path, convert, spoil, said):
    path = before(tmp_path)
    before(tmp_path, OTHER, f"{FOLDER}/seed-7")
    path.write_bytes(spoil(path.read_bytes()))
    content = path.read_bytes()
    message, count = convert()
    assert message.startswith(f"result file {path} cannot be converted: {said}") and count == 1
    assert "\n" not in message and path.read_bytes() == content and len(files(tmp_path)) == 2


@pytest.mark.parametrize(("loss", "count"), [(0.25, 1), (7, 0)])
def test_what_stands_in_the_new_place_is_finished_or_kept(tmp_path, convert, loss, count):
    """An interruption leaves a result twice; another result must not be lost."""
    path, there = before(tmp_path, train_loss=loss), tmp_path / f"{RUN.path}.json"
    there.parent.mkdir(parents=True)
    there.write_bytes(now(RUN))
    message, converted = convert()
    assert converted == count and path.exists() == bool(message) == (count == 0)
    assert there.read_bytes() == now(RUN)
    assert not message or f"found another result at {there}, expected none" in message
