import os
import secrets

import pytest

from helpers import REPOSITORY, run_in
from snip.jobs.code import CodeError
from snip.study.figures import EXTRAS, FIGURES
from snip.study.load import check
from snip.study.runs import MaskSet, Run
from snip.study.settings import SCORING, Settings
from snip.study.spec import OTHERS, SpecError, packed, read, spec_of
from spec import write
from studies import content, load, put

RATE = {"fig1", "fig4", "fig7", "readings", "criteria", "claims", "runs", "report"}
# Figure 1 draws at the level of the claims.
JUDGED = {"fig1", "readings", "controls", "claims", "report"}
TRAINED = {"fig1", "fig3", "fig4", "fig7", *EXTRAS}


@pytest.mark.parametrize(
    ("path", "value", "decided"),
    [
        ("figures.fig7[0].seeds", [0, 9], {"fig7", "runs", "claims", "report"}),
        ("networks.lenet-5-caffe.learning_rate", 0.01, RATE),
        ("training.momentum", 0.8, TRAINED | {"runs", "claims", "report"}),
        ("reported_error", "best_test_error", {"fig1", "fig3", *EXTRAS, *OTHERS} - {"masks"}),
        ("protocol.prunable", "weights", {*FIGURES, *OTHERS}),
        ("study", "other", {*FIGURES, *OTHERS}),
        ("checkpoint_seconds", 7, set()),
        ("data_folder", "elsewhere", set()),
        ("claims.alpha", 0.01, JUDGED),
        ("claims.confirming_from", 50, JUDGED),
        ("claims.margins.2a", 0.6, JUDGED),
        ("readings.he.initial_weights", "keep", {"readings", "report"}),
    ],
)
def test_what_decides_a_result_is_in_the_name_of_its_specification(path, value, decided):
    before, after = load(), check(put(content(), path, value))
    names = {}
    for name in (*FIGURES, *OTHERS):
        specs = spec_of(before, name), spec_of(after, name)
        names[name] = len({spec.digest for spec in specs})
        assert len({spec.file_name(name) for spec in specs}) == names[name]
    assert {name for name, count in names.items() if count == 2} == decided


READERS = {"fig3": "figure", "readings": "judge", "runs": "compare", "masks": "collect"}
READERS |= {"claims": "judge", "report": "describe"}


@pytest.mark.parametrize("name", ["fig3", "readings", *OTHERS])
def test_a_specification_comes_back_from_its_file_which_replaces_older_ones(tmp_path, name):
    for study in ("tiny", "paper"):
        spec = spec_of(load(study), name)
        path = tmp_path / spec.file_name(name)
        write(packed(spec), path)
        assert read(path, READERS[name]) == spec and list(tmp_path.iterdir()) == [path]


def test_every_process_gives_a_specification_the_same_name():
    code = f"""from snip.study.load import DEFAULT, load_config
from snip.study.spec import spec_of
print([spec_of(load_config(DEFAULT), name).file_name(name) for name in {(*FIGURES, *OTHERS)}])"""
    names = {
        run_in(REPOSITORY / "scripts", "python", "-c", code, env=os.environ | hashing).stdout
        for hashing in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    }
    assert len(names) == 1


def test_a_specification_that_is_altered_or_cut_is_refused(tmp_path):
    spec = spec_of(load("tiny"), "fig1")
    path = tmp_path / spec.file_name("fig1")
    write(packed(spec), path)
    whole = path.read_text()
    for text, said in [(whole.replace("0.1", "0.2"), "is altered"), (whole[:99], "cannot be used")]:
        path.write_text(text)
        with pytest.raises(SpecError, match=f"^specification {path} {said}.*delete it") as caught:
            read(path, "figure")
        assert "\n" not in str(caught.value)


def test_a_specification_too_long_for_a_shell_is_refused():
    # Random texts do not compress.
    spec = spec_of(load(), "fig1").model_copy(update={"study": secrets.token_hex(200_000)})
    with pytest.raises(SpecError, match=r"of fig1 has \d+ characters when packed, allowed: 130000"):
        packed(spec)


def test_a_specification_has_the_settings_of_what_is_made():
    spec = spec_of(load(), "readings")
    run = spec.settings_of(Run(reading="he"))
    assert list(run) == list(Settings.model_fields) and run["initialisation"] == "he"
    assert spec.settings_of(MaskSet(reading="he")) == {n: run[n] for n in run if n in SCORING}
    assert set(spec_of(load(), "fig2").settings_of(MaskSet())) == SCORING


def test_a_specification_is_for_its_figure_and_scripts_and_their_code(tmp_path, monkeypatch):
    spec = spec_of(load("tiny"), "fig1")
    path = tmp_path / spec.file_name("fig1")
    write(packed(spec), path)
    with pytest.raises(SpecError, match="is of fig1, expected fig2"):
        read(path, "figure", "fig2")
    with pytest.raises(SpecError, match=r"is of fig1, expected one for describe"):
        read(path, "describe")
    monkeypatch.setattr("snip.jobs.code.code_digest", lambda *files: "other")
    with pytest.raises(CodeError, match=r"the code of figure\.py was edited after the study began"):
        read(path, "figure", "fig1")
