import pytest

from snip.training import progress as run_lines

PATH = "mnist/lenet-300-100/snip/sparsity-90/batch-100/labels-true/decay-0.0005/seed-0"


def test_lines_are_read_as_they_were_written():
    assert run_lines.seconds_left(run_lines.progress(20, 100, 0.5, 1234.5, 67.8)) == 68
    warning = run_lines.at_chance(PATH, 90.2)
    assert warning == f"warning: run {PATH} ends at chance: test error 90.2 %"
    log = f"$ python scripts/train.py\ntrained in 3.00 s\n{warning}\n"
    assert run_lines.error_at_chance(log) == 90.2
    for checkpoint, last in [("a/b.pt", "it goes on from a/b.pt"), (None, "it begins anew")]:
        sentence = run_lines.interrupted(PATH, 3, 10, checkpoint)
        assert sentence.endswith(last)
        assert run_lines.is_interrupted(f"error: {sentence}")


@pytest.mark.parametrize(
    "line",
    ["", "trained in 3.00 s", f"error: run {PATH} diverged: training loss nan at iteration 3", "?"],
)
def test_other_lines_are_none_of_these(line):
    assert run_lines.seconds_left(line) is None
    assert run_lines.error_at_chance(line) is None
    assert not run_lines.is_interrupted(line)
