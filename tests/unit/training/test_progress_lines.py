import io
from unittest.mock import patch

import pytest

from quick import QUICK, changed
from snip.study.runs import Run
from snip.training import progress

PATH = Run().path


def test_each_parser_reads_what_its_format_writes():
    assert progress.seconds_left(progress.logged_point(20, 100, 0.5, 1234.5, 67.8)) == 68
    warning = progress.at_chance(PATH, 90.2)
    log = f"$ python scripts/train.py\n{progress.trained(3)}\n{warning}\n"
    assert progress.seconds_trained(f"{log}{progress.trained(12.34)}\n") == 12.34
    for checkpoint, last in [("a/b.pt", "it goes on from a/b.pt"), (None, "it begins anew")]:
        sentence = progress.interrupted(PATH, 3, 10, checkpoint)
        assert sentence.endswith(last) and progress.is_interrupted(f"error: {sentence}")


@pytest.mark.parametrize(
    "line", ["", "trained for 3 s", f"error: run {PATH} diverged: training loss nan at iteration 3"]
)
def test_other_lines_are_none_of_these(line):
    assert progress.seconds_left(line) is progress.seconds_trained(line) is None
    assert not progress.is_interrupted(line)


def test_speed_and_time_left_are_those_since_the_run_went_on():
    log, settings = io.StringIO(), changed(QUICK, iterations=50, training_batch_size=8)
    with patch.object(progress.time, "perf_counter", iter([100, 104]).__next__):
        progress.Progress(settings, 10, log).report(30, 0.5)
    # 20 iterations of 8 images took 4 seconds, and 20 iterations are left.
    assert log.getvalue() == "iteration 30/50  loss 0.5000  40 images/s  4 s left\n"
