import subprocess
import sys

import pytest

from helpers import REPOSITORY
from snip.study import registry
from snip.study.registry import RegistryError

GOOD = "def score(problem):\n    return problem.weights\n"


@pytest.fixture
def criteria(tmp_path, monkeypatch):
    """A folder of criteria of our own, with one that is good."""
    monkeypatch.setattr(registry, "HERE", tmp_path)
    (tmp_path / "masks/criteria").mkdir(parents=True)
    (tmp_path / "masks/criteria/__init__.py").write_text("")
    (tmp_path / "masks/criteria/snip_per_layer.py").write_text(GOOD)
    return tmp_path / "masks/criteria"


@pytest.mark.parametrize(
    "name",
    [
        ".#snip.py",
        "._snip.py",
        "snip copy.py",
        "#snip.py#",
        "snip.py~",
        "snip (1).py",
        "Copy of snip.py",
        "snip.sync-conflict-20260101.py",
        ".snip.py.swp",
        "snip.py.orig",
        "_helper.py",
    ],
)
def test_what_editors_and_file_systems_leave_is_no_criterion(criteria, name):
    (criteria / name).write_text("half of a")
    assert registry.names("criteria") == ["snip-per-layer"]


def test_what_emacs_leaves_leads_nowhere(criteria):
    (criteria / ".#snip.py").symlink_to("someone@somewhere.123:456")
    assert registry.names("criteria") == ["snip-per-layer"]


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("GraSP.py", "grasp.py"),
        ("my-criterion.py", "my_criterion.py"),
        ("a__b.py", "a_b.py"),
        ("snip_.py", "snip.py"),
        ("snip-NOTEBOOK.py", "snip_notebook.py"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_name_it_should_have(criteria, name, better):
    (criteria / name).write_text(GOOD)
    with pytest.raises(
        RegistryError, match=f"^scripts/snip/masks/criteria/{name} should be named {better}"
    ):
        registry.names("criteria")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "new.py is empty, expected a function `score`"),
        ("# to do\n", "new.py does not define it, expected a function `score`"),
        ("def scores(problem):\n    score = 1\n", "expected a function `score`"),
        ("print(score)\n", "expected a function `score`"),
        ("import os\n\ndef score(problem:\n", "new.py, line 3: "),
        ("return 1\n", "new.py, line 1: 'return' outside function"),
        ("score = \0\n", "new.py"),
    ],
)
def test_a_file_without_its_function_is_refused_by_name(criteria, code, said):
    (criteria / "new.py").write_text(code)
    assert "new" in registry.names("criteria")
    with pytest.raises(RegistryError, match="^scripts/snip/masks/criteria/new.py") as caught:
        registry.load("criteria", "new", "score")
    assert said in str(caught.value) and "\n" not in str(caught.value)
    # The others work while it is being written.
    registry.check("criteria", "snip-per-layer")


@pytest.mark.parametrize(
    "code",
    [
        GOOD,
        "from snip.masks.criteria.snip import score\n",
        "from snip.masks.criteria.snip import score_of as score\n",
        "score = abs\n",
        "score: object = abs\n",
        "try:\n    import x\nexcept ImportError:\n    def score(problem): ...\n",
        "class score: ...\n",
    ],
)
def test_a_function_may_be_defined_assigned_or_imported(criteria, code):
    (criteria / "new.py").write_text(code)
    registry.check("criteria", "new")


@pytest.mark.parametrize(
    ("line", "constant", "value"),
    [
        ("", "ROUNDS", 0),
        ("ROUNDS = 100", "ROUNDS", 100),
        ("ROUNDS: int = 1", "ROUNDS", 1),
        ("def inner():\n    ROUNDS = 3", "ROUNDS", 0),
        ("", "REVIVES", False),
        ("REVIVES = True", "REVIVES", True),
    ],
)
def test_a_constant_is_read_without_running_the_file(criteria, line, constant, value):
    (criteria / "new.py").write_text(f"import nowhere\n\n{line}\n\n{GOOD}")
    registry.check("criteria", "new")
    found = registry.constant("criteria", "new", constant)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ROUNDS = 0", "ROUNDS is 0, expected a whole number, 1 or more"),
        ("ROUNDS = -3", "ROUNDS is -3, expected a whole number, 1 or more"),
        ("ROUNDS = 2.0", "ROUNDS is 2.0, expected a whole number, 1 or more"),
        ("ROUNDS = True", "ROUNDS is True, expected a whole number, 1 or more"),
        ("ROUNDS = '9'", "ROUNDS is '9', expected a whole number, 1 or more"),
        ("ROUNDS = 10 * 10", "ROUNDS is 10 * 10, expected a whole number, 1 or more"),
        ("ROUNDS: int", "ROUNDS is nothing, expected a whole number, 1 or more"),
        ("REVIVES = 1", "REVIVES is 1, expected True or False"),
        ("REVIVES = None", "REVIVES is None, expected True or False"),
    ],
)
def test_a_wrong_constant_is_refused_before_the_file_runs(criteria, line, said):
    (criteria / "new.py").write_text(f"import nowhere\n\n{line}\n\n{GOOD}")
    for look in (
        registry.check,
        lambda *name: registry.constant(*name, line.split()[0].strip(":")),
    ):
        with pytest.raises(RegistryError) as caught:
            look("criteria", "new")
        assert str(caught.value) == f"scripts/snip/masks/criteria/new.py: {said}"


def test_a_file_that_leads_nowhere_or_is_gone_is_refused_by_name(criteria):
    (criteria / "new.py").symlink_to("nowhere")
    with pytest.raises(RegistryError, match=r"criteria/new.py cannot be read: .*No such file"):
        registry.check("criteria", "new")
    with pytest.raises(RegistryError, match=r"'Snip_per_layer' .*did you mean snip-per-layer\?"):
        registry.check("criteria", "Snip_per_layer")


def test_every_criterion_and_network_is_what_it_should_be():
    for kind in registry.FUNCTIONS:
        for name in registry.names(kind):
            registry.check(kind, name)


def test_looking_imports_no_torch():
    code = (
        "import sys; from snip.study import registry; registry.check('criteria', 'snip'); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY / "scripts")
