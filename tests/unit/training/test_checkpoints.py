import io
import itertools
import json
import re
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import REPOSITORY
from snip.datasets.dataset import load_dataset
from snip.jobs.files import sha256
from snip.study.axes import Run, Settings
from snip.training import checkpoints
from snip.training.checkpoints import Checkpoint, fingerprint
from snip.training.run import (
    InterruptedRunError,
    Training,
    batches,
    check_saved,
    train,
)

RUN = Run("generated", "lenet-5-caffe", "snip", "90", 20, "random", "0.0005", 0)
QUICK = Settings(
    iterations=14,
    decay_every=6,
    training_batch_size=48,
    log_every=5,
    evaluate_every=4,
    learning_rate=0.02,
)


@pytest.fixture
def dataset(generated):
    return load_dataset("generated", generated)


def new(path, dataset, log=None, settings=QUICK, seconds=1e9):
    identity = fingerprint(RUN, settings, dataset)
    return Checkpoint(path, identity, seconds, log or io.StringIO())


def load(checkpoint, dataset):
    return checkpoint.load(partial(check_saved, Training(RUN, QUICK, dataset)))


def stop_after(iterations):
    countdown = itertools.count(1)
    return lambda: next(countdown) == iterations


def quietly(*arguments, settings=QUICK):
    return train(RUN, settings, *arguments, log=io.StringIO())


WHOLE = {}


def whole(dataset, settings=QUICK):
    """The result of the run without interruption."""
    if settings not in WHOLE:
        WHOLE[settings] = quietly(dataset, settings=settings)
    return WHOLE[settings]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("stops", [[1], [5], [4, 3], [1] * 13])
def test_an_interrupted_run_ends_with_the_same_result(dataset, tmp_path, stops, optimizer):
    settings = replace(QUICK, optimizer=optimizer)
    path = tmp_path / "checkpoint"
    reached = 0
    for iterations in stops:
        reached += iterations
        with pytest.raises(InterruptedRunError, match=f"at iteration {reached} of 14"):
            checkpoint = new(path, dataset, settings=settings)
            quietly(dataset, checkpoint, stop_after(iterations), settings=settings)
    last = quietly(dataset, new(path, dataset, settings=settings), settings=settings)
    assert json.dumps(last) == json.dumps(whole(dataset, settings))


def test_checkpoints_are_written_at_the_interval_and_change_nothing(dataset, tmp_path):
    checkpoint = new(tmp_path / "checkpoint", dataset, seconds=0)
    saved = []
    save = checkpoint.save
    checkpoint.save = lambda state: (saved.append(state["training"]["iteration"]), save(state))
    assert quietly(dataset, checkpoint) == whole(dataset)
    assert saved == list(range(1, 14))
    checkpoint.remove()
    assert list(tmp_path.glob("checkpoint*")) == []
    idle = new(tmp_path / "checkpoint", dataset, seconds=1e9)
    quietly(dataset, idle)
    assert not idle.path.exists()


@settings(deadline=None)
@given(
    start=st.integers(0, 40),
    size=st.integers(1, 17),
    examples=st.integers(1, 30),
)
def test_batches_from_the_middle_are_those_of_the_whole(start, size, examples):
    indices = np.arange(examples)
    whole = list(itertools.islice(batches(indices, size, 0), start + 5))[start:]
    rest = list(itertools.islice(batches(indices, size, 0, start), 5))
    assert all((a == b).all() for a, b in zip(whole, rest, strict=True))


@pytest.fixture
def written(dataset, tmp_path):
    path = tmp_path / "checkpoint"
    with pytest.raises(InterruptedRunError):
        quietly(dataset, new(path, dataset), stop_after(3))
    return path


def flipped(content, position):
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:-1], "torn or altered"),
        (lambda content: content[: len(content) // 2], "torn or altered"),
        (lambda content: flipped(content, len(content) - 100), "torn or altered"),
        (lambda content: flipped(content, 100), "torn or altered|another configuration"),
        (lambda content: b"", "no header"),
        (lambda content: b"\x80\x04garbage", "no header"),
        (lambda content: b"snip-checkpoint-0" + content[17:], "format"),
    ],
)
def test_a_damaged_checkpoint_is_ignored_with_a_message(dataset, written, damage, reason):
    written.write_bytes(damage(written.read_bytes()))
    log = io.StringIO()
    checkpoint = new(written, dataset, log)
    assert load(checkpoint, dataset) is None
    assert re.search(f"checkpoint {written} ignored: .*({reason})", log.getvalue())
    assert quietly(dataset, checkpoint) == whole(dataset)


def test_a_checkpoint_of_other_settings_is_ignored(dataset, written):
    log = io.StringIO()
    other = replace(QUICK, learning_rate=0.01)
    assert load(new(written, dataset, log, settings=other), dataset) is None
    assert "another configuration" in log.getvalue()


def test_the_fingerprint_covers_run_settings_data_and_torch(dataset, monkeypatch):
    base = fingerprint(RUN, QUICK, dataset)
    assert base == fingerprint(RUN, QUICK, dataset)
    seen = {base, fingerprint(replace(RUN, seed=1), QUICK, dataset)}
    seen.add(fingerprint(RUN, replace(QUICK, momentum=0.8), dataset))
    monkeypatch.setattr(torch, "__version__", "0.0")
    seen.add(fingerprint(RUN, QUICK, dataset))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("training/run", True),
        ("layers/fourier", True),  # by the network alone
        ("networks/lenet_5_caffe", True),
        ("networks/lenet_300_100", False),
        ("figures/style", False),
    ],
)
def test_the_fingerprint_covers_the_code_that_a_run_uses(
    dataset, monkeypatch, tmp_path, file, counts
):
    base = fingerprint(RUN, QUICK, dataset)
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "project" / "scripts")
    monkeypatch.setattr(checkpoints, "PROJECT", tmp_path / "project")
    assert fingerprint(RUN, QUICK, dataset) == base
    with (tmp_path / "project/scripts/snip" / f"{file}.py").open("a") as code:
        code.write("# edited\n")
    assert (fingerprint(RUN, QUICK, dataset) != base) == counts


def test_a_checkpoint_cannot_run_code(dataset, tmp_path):
    class Attack:
        def __reduce__(self):
            return (tmp_path.joinpath("attacked").touch, ())

    buffer = io.BytesIO()
    torch.save({"training": Attack()}, buffer)
    path = tmp_path / "checkpoint"
    identity = fingerprint(RUN, QUICK, dataset)
    header = f"{checkpoints.FORMAT} {identity} {sha256(buffer.getvalue())}\n".encode()
    path.write_bytes(header + buffer.getvalue())
    log = io.StringIO()
    assert load(new(path, dataset, log), dataset) is None
    assert "ignored: its content is no state of this run: UnpicklingError" in log.getvalue()
    assert not (tmp_path / "attacked").exists()


def test_a_full_disk_costs_the_checkpoint_and_not_the_run(dataset, written, monkeypatch):
    before = written.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_atomically", full)
    log = io.StringIO()
    checkpoint = new(written, dataset, log, seconds=0)
    assert quietly(dataset, checkpoint) == whole(dataset)
    assert "not written: [Errno 28] No space left on device" in log.getvalue()
    assert written.read_bytes() == before


def with_content(content, dataset):
    """A checkpoint file with a valid header around any content."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    body = content if isinstance(content, bytes) else buffer.getvalue()
    identity = fingerprint(RUN, QUICK, dataset)
    return f"{checkpoints.FORMAT} {identity} {sha256(body)}\n".encode() + body


def changed(state, *path, to):
    """Return a nested state with an entry set."""
    entry = state
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = to
    return state


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: b"",
        lambda state: b"no archive of torch's",
        lambda state: [],
        lambda state: {},
        lambda state: 7,
        lambda state: torch.zeros(3),
        lambda state: {"training": state["training"]},
        lambda state: changed(state, "training", "iteration", to=14),
        lambda state: changed(state, "training", "iteration", to=4),
        lambda state: changed(state, "training", "iteration", to="three"),
        lambda state: changed(state, "training", "weights", 1, to=torch.zeros(2)),
        lambda state: changed(state, "training", "weights", to=None),
        lambda state: changed(state, "training", "update", to=state["training"]["update"][1:]),
        lambda state: changed(state, "training", "update", 0, to="zeros"),
        lambda state: changed(state, "training", "buffers", to=[torch.zeros(1)]),
        lambda state: changed(state, "curve", to=[[3, 0.5]]),
        lambda state: changed(state, "curve", to=0.5),
        lambda state: changed(state, "evaluations", to=[{"test_error": 3.0}]),
        lambda state: changed(state, "losses", to=[0.5]),
    ],
)
def test_a_sealed_checkpoint_of_other_content_is_ignored(dataset, written, spoil):
    state = torch.load(io.BytesIO(written.read_bytes().partition(b"\n")[2]))
    written.write_bytes(with_content(spoil(state), dataset))
    log = io.StringIO()
    training = Training(RUN, QUICK, dataset)
    assert new(written, dataset, log).load(partial(check_saved, training)) is None
    assert f"checkpoint {written} ignored: its content is no state of this run: " in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


@pytest.mark.parametrize("place", ["folder", "loop", "below a file"])
def test_a_place_where_no_checkpoint_can_be_costs_the_checkpoint_alone(dataset, tmp_path, place):
    path = tmp_path / "checkpoint"
    if place == "folder":
        (path / "full").mkdir(parents=True)
    elif place == "loop":
        path.symlink_to(path)
    else:
        path.write_bytes(b"")
        path = path / "below"
    log = io.StringIO()
    checkpoint = new(path, dataset, log, seconds=0)
    assert quietly(dataset, checkpoint) == whole(dataset)
    checkpoint.remove()
    assert f"checkpoint {path} ignored: [Errno " in log.getvalue()
    assert (place == "loop") == ("not written" not in log.getvalue())


@pytest.mark.parametrize("path", [None, "folder"])
def test_an_interrupted_run_says_when_it_will_begin_anew(dataset, tmp_path, path):
    checkpoint = new(path and tmp_path, dataset)
    with pytest.raises(
        InterruptedRunError, match="at iteration 2 of 14; run again, it begins anew$"
    ):
        quietly(dataset, checkpoint, stop_after(2))
