import io
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import REPOSITORY
from interruptions import QUICK, RUN, load, new_checkpoint, quietly, stop_after, uninterrupted
from snip.jobs import code
from snip.jobs.files import sha256
from snip.training import checkpoints
from snip.training.checkpoints import fingerprint
from snip.training.run import InterruptedRunError


@pytest.fixture
def written(dataset, tmp_path):
    path = tmp_path / "checkpoint"
    with pytest.raises(InterruptedRunError):
        quietly(dataset, new_checkpoint(path, dataset), stop_after(3))
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
    checkpoint = new_checkpoint(written, dataset, log)
    assert load(checkpoint, dataset) is None
    assert re.search(f"checkpoint {written} ignored: .*({reason})", log.getvalue())
    assert quietly(dataset, checkpoint) == uninterrupted(dataset)


def test_a_checkpoint_of_other_settings_is_ignored(dataset, written):
    log = io.StringIO()
    other_settings = replace(QUICK, learning_rate=0.01)
    assert load(new_checkpoint(written, dataset, log, settings=other_settings), dataset) is None
    assert "another configuration" in log.getvalue()


def test_the_fingerprint_covers_run_settings_data_and_packages(dataset, monkeypatch):
    base = fingerprint(RUN, QUICK, dataset)
    assert base == fingerprint(RUN, QUICK, dataset)
    seen = {base, fingerprint(replace(RUN, seed=1), QUICK, dataset)}
    seen.add(fingerprint(RUN, replace(QUICK, momentum=0.8), dataset))
    for package in (torch, np):
        monkeypatch.setattr(package, "__version__", "0.0")
        seen.add(fingerprint(RUN, QUICK, dataset))
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("training/run", True),
        ("training/loop", True),
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
    monkeypatch.setattr(code, "PROJECT", tmp_path / "project")

    def found():
        code.code_digest.cache_clear()
        return fingerprint(RUN, QUICK, dataset)

    assert found() == base
    with (tmp_path / "project/scripts/snip" / f"{file}.py").open("a") as edited:
        edited.write("EDITED = True\n")
    assert (found() != base) == counts
    monkeypatch.setattr(code, "PROJECT", REPOSITORY)
    assert found() == base  # and what follows finds its own code


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
    assert load(new_checkpoint(path, dataset, log), dataset) is None
    assert "ignored: its content is not a state of this run: UnpicklingError" in log.getvalue()
    assert not (tmp_path / "attacked").exists()


def test_a_full_disk_costs_the_checkpoint_and_not_the_run(dataset, written, monkeypatch):
    before = written.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_atomically", full)
    log = io.StringIO()
    checkpoint = new_checkpoint(written, dataset, log, seconds=0)
    assert quietly(dataset, checkpoint) == uninterrupted(dataset)
    assert "not written: [Errno 28] No space left on device" in log.getvalue()
    assert written.read_bytes() == before


def with_content(content, dataset):
    """Return a checkpoint file with a valid header around any content."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    body = content if isinstance(content, bytes) else buffer.getvalue()
    identity = fingerprint(RUN, QUICK, dataset)
    return f"{checkpoints.FORMAT} {identity} {sha256(body)}\n".encode() + body


def changed(state, *path, to):
    """Return a nested state after setting one entry."""
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
    assert load(new_checkpoint(written, dataset, log), dataset) is None
    reason = "its content is not a state of this run: "
    assert f"checkpoint {written} ignored: {reason}" in log.getvalue()
    assert len(log.getvalue().splitlines()) == 1


@pytest.mark.parametrize("place", ["folder", "loop", "below a file"])
def test_an_unusable_path_costs_the_checkpoint_and_not_the_run(dataset, tmp_path, place):
    path = tmp_path / "checkpoint"
    if place == "folder":
        (path / "full").mkdir(parents=True)
    elif place == "loop":
        path.symlink_to(path)
    else:
        path.write_bytes(b"")
        path = path / "below"
    log = io.StringIO()
    checkpoint = new_checkpoint(path, dataset, log, seconds=0)
    assert quietly(dataset, checkpoint) == uninterrupted(dataset)
    checkpoint.remove()
    assert f"checkpoint {path} ignored: [Errno " in log.getvalue()
    assert (place == "loop") == ("not written" not in log.getvalue())
