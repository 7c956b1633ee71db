"""Result files of the version before, whose labels were `true`."""

import sys
from dataclasses import replace

import pytest

import convert_results
from made_up_results import RUN, result_of, write_result
from snip.jobs.files import sealed
from snip.tables.collect import read_result


def old(folder, run=RUN, **changed):
    """Write what the version before wrote of a run; returns its path."""
    content = sealed(result_of(run) | {"labels": "true"} | changed)
    path = write_result(folder, run, content)
    place = folder / str(path.relative_to(folder)).replace("labels-correct", "labels-true")
    place.parent.mkdir(parents=True, exist_ok=True)
    return path.rename(place)


def convert(monkeypatch, folder):
    monkeypatch.setattr(sys, "argv", ["convert_results.py", str(folder)])
    convert_results.main()


def test_converted_results_are_those_that_this_version_writes(tmp_path, monkeypatch, capsys):
    random = replace(RUN, labels="random", seed=1)
    before = old(tmp_path)
    kept = write_result(tmp_path, random, sealed(result_of(random)))
    convert(monkeypatch, tmp_path)
    assert not before.exists() and capsys.readouterr().out == "1 result files converted\n"
    for run in (RUN, random):
        assert (tmp_path / f"{run.path}.json").read_bytes() == sealed(result_of(run))
        read_result(tmp_path, run, result_of(run)["settings"])
    stamp = kept.stat().st_mtime_ns
    convert(monkeypatch, tmp_path)
    assert capsys.readouterr().out == "0 result files converted\n"
    assert kept.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:40]), "cannot be converted: "),
        (
            lambda path: path.write_bytes(path.read_bytes().replace(b"0.25", b"0.5")),
            "it is altered",
        ),
        (lambda path: path.write_text("[]"), "carries no checksum"),
    ],
)
def test_what_cannot_be_read_stays_and_is_named(tmp_path, monkeypatch, capsys, spoil, said):
    damaged, whole = old(tmp_path), old(tmp_path, replace(RUN, seed=1))
    spoil(damaged)
    content = damaged.read_bytes()
    with pytest.raises(SystemExit) as ended:
        convert(monkeypatch, tmp_path)
    sentence, count = capsys.readouterr().out.splitlines()
    assert ended.value.code == 1 and count == "1 result files converted"
    assert f"result file {damaged}" in sentence and said in sentence
    assert damaged.read_bytes() == content and not whole.exists()


def test_another_result_in_the_new_place_is_not_replaced(tmp_path, monkeypatch, capsys):
    before = old(tmp_path, train_loss=7)
    there = write_result(tmp_path, RUN, sealed(result_of(RUN)))
    with pytest.raises(SystemExit):
        convert(monkeypatch, tmp_path)
    assert f"another result stands at {there}" in capsys.readouterr().out
    assert before.exists() and there.read_bytes() == sealed(result_of(RUN))
