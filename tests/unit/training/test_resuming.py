import json
from dataclasses import replace

import pytest

from interruptions import QUICK, new_checkpoint, quietly, stop_after, uninterrupted
from snip.training.run import InterruptedRunError


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("stops", [[1], [5], [4, 3], [1] * 13])
def test_an_interrupted_run_ends_with_the_same_result(dataset, tmp_path, stops, optimizer):
    settings = replace(QUICK, optimizer=optimizer)
    path = tmp_path / "checkpoint"
    reached = 0
    for iterations in stops:
        reached += iterations
        with pytest.raises(InterruptedRunError, match=f"at iteration {reached} of 14"):
            checkpoint = new_checkpoint(path, dataset, settings=settings)
            quietly(dataset, checkpoint, stop_after(iterations), settings=settings)
    last = quietly(dataset, new_checkpoint(path, dataset, settings=settings), settings=settings)
    assert json.dumps(last) == json.dumps(uninterrupted(dataset, settings))


def test_checkpoints_are_written_at_the_interval_and_change_nothing(dataset, tmp_path):
    checkpoint = new_checkpoint(tmp_path / "checkpoint", dataset, seconds=0)
    saved = []
    save = checkpoint.save
    checkpoint.save = lambda state: (saved.append(state["training"]["iteration"]), save(state))
    assert quietly(dataset, checkpoint) == uninterrupted(dataset)
    assert saved == list(range(1, 14))
    checkpoint.remove()
    assert list(tmp_path.glob("checkpoint*")) == []
    idle = new_checkpoint(tmp_path / "checkpoint", dataset, seconds=1e9)
    quietly(dataset, idle)
    assert not idle.path.exists()


@pytest.mark.parametrize("path", [None, "folder"])
def test_an_interrupted_run_says_when_it_will_begin_anew(dataset, tmp_path, path):
    checkpoint = new_checkpoint(path and tmp_path, dataset)
    with pytest.raises(
        InterruptedRunError, match="at iteration 2 of 14; run again, it begins anew$"
    ):
        quietly(dataset, checkpoint, stop_after(2))
