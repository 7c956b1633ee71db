import ast

import pytest

from helpers import REPOSITORY
from snip.jobs import code
from snip.jobs.code import code_of
from snip.study import registry


def test_imports_are_followed_through_functions():
    prune = code_of("scripts/prune.py")
    assert {
        "scripts/prune.py",
        "scripts/snip/masks/scoring.py",  # imported inside main
        "scripts/snip/jobs/randomness.py",  # imported by scoring
        "scripts/snip/masks/__init__.py",
    } < set(prune)
    assert "scripts/snip/masks/criteria/__init__.py" not in prune  # chosen by name
    assert "scripts/snip/training/run.py" not in prune
    assert "scripts/snip/claims/verdicts.py" not in prune


def test_a_named_file_brings_itself_and_its_package():
    without, network = code_of("scripts/train.py"), registry.file("networks", "lenet-5-caffe")
    added = set(code_of("scripts/train.py", network)) - set(without)
    assert added == {network, "scripts/snip/networks/__init__.py"}


def test_training_does_not_depend_on_what_only_draws():
    drawing = set(code_of("scripts/figure.py", "scripts/snip/figures/errors.py"))
    training = set(code_of("scripts/train.py"))
    assert {
        "scripts/snip/figures/errors.py",
        "scripts/snip/figures/provenance.py",
    } <= drawing - training
    assert "scripts/snip/jobs/command.py" in drawing & training


def test_nothing_of_the_project_is_imported_for_type_checkers_alone():
    """Results would depend on it."""
    for path in (REPOSITORY / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                assert "snip" not in "".join(map(ast.unparse, node.body)), path


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"one = 1\ntwo = = 2\n",
            "scripts/snip/broken.py, line 2 cannot be parsed: invalid syntax",
        ),
        (b"return\n", "scripts/snip/broken.py, line 1 cannot be parsed: 'return' outside function"),
        (b"one = 1\0\n", "scripts/snip/broken.py.* cannot be parsed: .*null bytes"),
    ],
)
def test_a_file_that_is_no_python_is_named(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    (tmp_path / "scripts/snip").mkdir(parents=True)
    (tmp_path / "scripts/snip/broken copy.py").write_bytes(content)
    code.check_code()
    (tmp_path / "scripts/snip/broken.py").write_bytes(content)
    with pytest.raises(code.CodeError, match=message):
        code.check_code()


def test_other_code_than_the_study_began_with_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    script = tmp_path / "scripts/tool.py"
    script.parent.mkdir()
    script.write_text("one = 1\n")
    began = code.code_digest("scripts/tool.py")
    code.check_unedited(began, "tool")
    code.check_unedited(None, "tool")  # by hand
    script.write_text("one = 2\n")
    code.code_digest.cache_clear()
    with pytest.raises(code.CodeError, match=f"tool.py was edited .* expected {began}"):
        code.check_unedited(began, "tool")
    code.code_digest.cache_clear()
