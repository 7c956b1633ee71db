import io
import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from helpers import REPOSITORY
from quick import QUICK, RUN, changed, quietly, stop_after
from snip.jobs import code
from snip.training import checkpoints
from snip.training.checkpoints import Checkpoint, InterruptedRunError, fingerprint


def checkpoint_at(path, log=None, seconds=1e9, identity="identity"):
    return Checkpoint(path, identity, seconds, log or io.StringIO())


@pytest.mark.parametrize("network", ["lenet-300-100", "lenet-5-caffe"])
@pytest.mark.parametrize(
    ("optimizer", "stops"), [("sgd", [0, 1, 5]), ("adam", [4, 3]), ("sgd", [1] * 11)]
)
def test_an_interrupted_run_ends_with_the_same_bytes(dataset, tmp_path, network, optimizer, stops):
    chosen = {
        "run": changed(RUN, network=network, labels="random"),
        "settings": changed(QUICK, optimizer=optimizer),
    }
    reached, path = 0, tmp_path / "checkpoint"
    for iterations in stops:
        reached += iterations
        said = f"at iteration {reached} of 12; run again, it goes on from {path}$"
        with pytest.raises(InterruptedRunError, match=said):
            quietly(dataset, checkpoint_at(path), stop_after(iterations), **chosen)
    last = quietly(dataset, checkpoint_at(path), **chosen)
    assert json.dumps(last) == json.dumps(quietly(dataset, **chosen))


def test_checkpoints_are_written_at_the_interval_and_change_nothing(dataset, tmp_path):
    checkpoint = checkpoint_at(tmp_path / "checkpoint", seconds=0)
    saved = []
    save = checkpoint.save
    checkpoint.save = lambda state: (saved.append(state["iteration"]), save(state))
    assert quietly(dataset, checkpoint) == quietly(dataset)
    assert saved == list(range(12))
    checkpoint.remove()
    quietly(dataset, checkpoint_at(tmp_path / "checkpoint"))
    assert list(tmp_path.glob("checkpoint*")) == []


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The bytes of a checkpoint."""
    path = tmp_path_factory.mktemp("written") / "checkpoint"
    state = {"iteration": 3, "weights": [torch.arange(1000.0), torch.zeros(3)]}
    checkpoint_at(path).save(state)
    return path.read_bytes()


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), cut=st.booleans(), bit=st.integers(0, 7))
def test_a_damaged_checkpoint_is_ignored_or_whole(written, tmp_path, place, cut, bit):
    position = int(place * len(written))
    damaged = bytearray(written[:position] if cut else written)
    if not cut:
        damaged[position] ^= 1 << bit
    path, log = tmp_path / "checkpoint", io.StringIO()
    path.write_bytes(damaged)
    state = checkpoint_at(path, log).load()
    if state is None:
        assert log.getvalue().startswith(f"checkpoint {path} ignored: ")
        assert len(log.getvalue().splitlines()) == 1
    else:  # a bit that pads, or that says when and by which system the file was made
        assert not cut and state["iteration"] == 3
        assert torch.equal(state["weights"][0], torch.arange(1000.0))


def test_a_checkpoint_of_another_run_is_ignored(written, tmp_path):
    path, log = tmp_path / "checkpoint", io.StringIO()
    path.write_bytes(written)
    assert checkpoint_at(path, log, identity="other").load() is None
    assert "ignored: it is of another configuration, data set or version" in log.getvalue()


def test_the_fingerprint_covers_run_settings_data_and_packages(dataset, monkeypatch):
    base = fingerprint(RUN, QUICK, dataset)
    assert base == fingerprint(RUN, QUICK, dataset)
    seen = {base, fingerprint(changed(RUN, seed=1), QUICK, dataset)}
    seen.add(fingerprint(RUN, changed(QUICK, momentum=0.8), dataset))
    for package in (torch, np):
        monkeypatch.setattr(package, "__version__", "0.0")
        seen.add(fingerprint(RUN, QUICK, dataset))
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("file", "counts"),
    [
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
    run = changed(RUN, network="lenet-5-caffe")
    base = fingerprint(run, QUICK, dataset)
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "project" / "scripts")
    monkeypatch.setattr(code, "PROJECT", tmp_path / "project")
    with (tmp_path / "project/scripts/snip" / f"{file}.py").open("a") as edited:
        edited.write("EDITED = True\n")
    code.code_digest.cache_clear()
    assert (fingerprint(run, QUICK, dataset) != base) == counts
    code.code_digest.cache_clear()  # what follows finds its own code


def test_a_checkpoint_cannot_run_code(tmp_path):
    class Attack:
        def __reduce__(self):
            return (tmp_path.joinpath("attacked").touch, ())

    path, log = tmp_path / "checkpoint", io.StringIO()
    torch.save({"identity": "identity", "state": Attack()}, path)
    assert checkpoint_at(path, log).load() is None
    assert "ignored: Weights only load failed" in log.getvalue()
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("place", ["folder", "loop", "below a file", "full disk"])
def test_an_unusable_path_costs_the_checkpoint_and_not_the_run(
    dataset, tmp_path, monkeypatch, place
):
    path, log = tmp_path / "checkpoint", io.StringIO()
    match place:
        case "folder":
            (path / "full").mkdir(parents=True)
        case "loop":
            path.symlink_to(path)
        case "below a file":
            path.write_bytes(b"")
            path = path / "below"
        case "full disk":
            failure = OSError(28, "No space left on device")
            monkeypatch.setattr(checkpoints, "write_atomically", lambda *_: _raise(failure))
    assert quietly(dataset, checkpoint_at(path, log, seconds=0)) == quietly(dataset)
    assert (place != "loop") == (f"checkpoint {path} not written: [Errno " in log.getvalue())
    if place == "folder":
        with pytest.raises(InterruptedRunError, match="at iteration 2 .* it begins anew$"):
            quietly(dataset, checkpoint_at(path), stop_after(2))


def _raise(error):
    raise error
