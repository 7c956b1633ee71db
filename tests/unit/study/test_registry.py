import subprocess
import sys

import pytest

from helpers import REPOSITORY
from snip.study import registry
from snip.study.registry import RegistryError

GOOD = "def score(problem):\n    return problem.weights\n"
IGNORED = [".#snip.py", "._snip.py", "snip copy.py", "#snip.py#", "snip.py~", "_helper.py"]


@pytest.fixture
def criteria(tmp_path, monkeypatch):
    """A folder of criteria of our own, with one that is good."""
    monkeypatch.setattr(registry, "HERE", tmp_path)
    (tmp_path / "masks/criteria").mkdir(parents=True)
    (tmp_path / "masks/criteria/snip_per_layer.py").write_text(GOOD)
    return tmp_path / "masks/criteria"


@pytest.mark.parametrize("name", IGNORED)
def test_what_editors_and_file_systems_leave_is_no_criterion(criteria, name):
    (criteria / name).write_text("half of a")
    (criteria / ".#emacs.py").symlink_to("someone@somewhere.123:456")
    assert registry.names("criteria") == ["snip-per-layer"]


@pytest.mark.parametrize(
    ("name", "better"),
    [("GraSP", "grasp"), ("my-criterion", "my_criterion"), ("a__b", "a_b"), ("snip_", "snip")],
)
def test_a_file_of_another_form_is_refused_with_the_name_it_should_have(criteria, name, better):
    (criteria / f"{name}.py").write_text(GOOD)
    said = f"^scripts/snip/masks/criteria/{name}.py should be named {better}.py"
    with pytest.raises(RegistryError, match=said):
        registry.names("criteria")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("# to do\n", " does not define it, expected a function `score`"),
        ("def scores(problem):\n    score = 1\n", "expected a function `score`"),
        ("import os\n\ndef score(problem:\n", ", line 3: "),
        ("score = \0\n", "new.py"),
    ],
)
def test_a_file_without_its_function_is_refused_by_name(criteria, code, said):
    (criteria / "new.py").write_text(code)
    with pytest.raises(RegistryError, match="^scripts/snip/masks/criteria/new.py") as caught:
        registry.load("criteria", "new")
    assert said in str(caught.value) and "\n" not in str(caught.value)
    # The others work while it is being written.
    registry.check("criteria", "snip-per-layer")


@pytest.mark.parametrize(
    "code",
    [
        "from snip.masks.criteria.snip import score_of as score\n",
        "score: object = abs\n",
        "try:\n    import x\nexcept ImportError:\n    from y import score\n",
    ],
)
def test_a_function_may_be_defined_assigned_or_imported(criteria, code):
    (criteria / "new.py").write_text(code)
    registry.check("criteria", "new")


@pytest.mark.parametrize(
    ("line", "constant", "value"),
    [
        ("ROUNDS: int = 100", "ROUNDS", 100),
        ("def inner():\n    ROUNDS = 3", "ROUNDS", 0),
        ("REVIVES = True", "REVIVES", True),
        ("", "REVIVES", False),
    ],
)
def test_a_constant_is_read_without_running_the_file(criteria, line, constant, value):
    (criteria / "new.py").write_text(f"import nowhere\n\n{line}\n\n{GOOD}")
    assert repr(registry.constant("criteria", "new", constant)) == repr(value)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("ROUNDS", ["0", "2.0", "True", "'9'", "2 * 5", "1\nROUNDS = 2"], "a whole number, 1 or"),
        ("REVIVES", ["1", "None", "not 1"], "True or False"),
    ],
)
def test_a_wrong_constant_is_refused_before_the_file_runs(criteria, name, values, expected):
    for value in values:
        (criteria / "new.py").write_text(f"import nowhere\n\n{name} = {value}\n\n{GOOD}")
        with pytest.raises(RegistryError, match=f"criteria/new.py .*`{name} = ` and {expected}"):
            registry.check("criteria", "new")


def test_a_file_that_leads_nowhere_or_has_another_name_is_refused(criteria):
    (criteria / "new.py").symlink_to("nowhere")
    with pytest.raises(RegistryError, match=r"criteria/new.py cannot be read: .*No such file"):
        registry.check("criteria", "new")
    with pytest.raises(RegistryError, match=r"'Snip_per_layer' .*did you mean snip-per-layer\?"):
        registry.check("criteria", "Snip_per_layer")


def test_every_criterion_and_network_is_what_it_should_be_and_looking_imports_no_torch():
    code = "import sys; from snip.study import registry\n"
    code += "for kind in registry.PACKAGES:\n    for name in registry.names(kind):\n"
    code += "        registry.check(kind, name)\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY / "scripts")
