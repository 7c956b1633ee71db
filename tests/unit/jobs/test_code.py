import ast
import io
import tokenize

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from helpers import REPOSITORY
from snip.jobs import code
from snip.jobs.code import canonical, code_of
from snip.study import registry

TEXTS = [path.read_text("utf-8") for path in (REPOSITORY / "scripts").rglob("*.py")]


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


def test_all_kinds_of_imports_are_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    files = {
        "scripts/tool.py": "import os, a.b as x\nfrom a import c, not_a_module\n",
        "scripts/a/__init__.py": "",
        "scripts/a/b.py": "from . import d\nfrom .e import *\n",
        "scripts/a/c.py": "def f():\n    from a.f import g\n",
        "scripts/a/d.py": "import a.b  # in a ring\n",
        "scripts/a/e/__init__.py": "from ..f import g\n",
        "scripts/a/f.py": "import json\n",
    }
    for name, content in (files | {"scripts/a/unused.py": "", "scripts/json/x.py": ""}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert code_of("scripts/tool.py") == tuple(sorted(files))


def test_training_does_not_depend_on_what_only_draws():
    drawing = set(code_of("scripts/figure.py", "scripts/snip/figures/errors.py"))
    training = set(code_of("scripts/train.py"))
    # Printed names, captions, and the texts of the schema.
    shown = {f"scripts/snip/study/{name}.py" for name in ("names", "figures", "schema")}
    for script in ("scripts/train.py", "scripts/prune.py"):
        assert not shown & set(code_of(script))
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
    script.write_text('"""What it is."""\n\none = 1  # why\n')
    code.code_digest.cache_clear()
    code.check_unedited(began, "tool")  # the same code
    script.write_text("one = 2\n")
    code.code_digest.cache_clear()
    with pytest.raises(code.CodeError, match=f"tool.py was edited .* expected {began}"):
        code.check_unedited(began, "tool")
    code.code_digest.cache_clear()


@pytest.mark.parametrize("text", TEXTS)
def test_comments_docstrings_and_formatting_are_no_code(text):
    code_alone = canonical(ast.parse(text))
    # Without comments, on other lines, with other quotes and parentheses.
    assert canonical(ast.parse(ast.unparse(ast.parse(text)))) == code_alone
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    lines = text.splitlines(keepends=True)
    for token in reversed(tokens):
        if token.type == tokenize.NEWLINE:
            lines.insert(token.end[0], "\n# a comment\n\n")
    assert canonical(ast.parse('"""Another docstring."""\n' + "".join(lines))) == code_alone


SWAPPED = {"+": "-", "-": "+", "*": "/", "/": "*", "<": "<=", "<=": "<", ">": ">=", "==": "!="}


@given(st.data())
def test_an_edit_of_an_operator_a_number_or_a_name_is_one_of_the_code(data):
    text = data.draw(st.sampled_from(TEXTS))
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.NAME, tokenize.NUMBER) or token.string in SWAPPED
    ]
    assume(tokens)
    token = data.draw(st.sampled_from(tokens))
    lines = text.splitlines(keepends=True)
    (row, start), (_, end) = token.start, token.end
    line = lines[row - 1]
    lines[row - 1] = line[:start] + SWAPPED.get(token.string, token.string + "1") + line[end:]
    try:
        edited = ast.parse("".join(lines))
    except SyntaxError:
        reject()
    assert canonical(edited) != canonical(ast.parse(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("@dataclass\nclass A:\n    x: int = 1", "@dataclass\nclass A:\n    x: float = 1"),
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = None", "x = ''"),
        ("f(*x)", "f(x)"),
        ("{**a, 1: 2}", "{**a, **b, 1: 2}"),
        ("f(help=2)", "f(help=3)"),
        ("f(help=g(1))", "f(help=g(2))"),
        ("f(halp='a')", "f(halp='b')"),
        ("x = ['', 'a']", "x = ['a']"),
        ("global a", "global b"),
        ("def f(a, /, b): pass", "def f(a, b): pass"),
        ("async def f(): pass", "def f(): pass"),
        ("f'{x!r}'", "f'{x!s}'"),
        ("if x:\n  y\nz", "if x:\n  y\n  z"),
        ("from . import a", "from .. import a"),
        ("[f(x), y]", "[f(x, y)]"),
    ],
)
def test_small_differences_that_matter(one, other):
    assert canonical(ast.parse(one)) != canonical(ast.parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(1, help='a')", "f(1, help='b, with a comma' ' and more')"),
        ("def f():\n    'one'\n    return 1", "def f():\n    return (\n        1)  # two"),
        ("x: int = 1\n'''What x is.'''", "x: int = 0x1"),
        ("x = u'a' \"b\"", "x = 'ab'"),
    ],
)
def test_small_differences_that_do_not_matter(one, other):
    assert canonical(ast.parse(one)) == canonical(ast.parse(other))


def test_the_text_is_the_same_under_every_python():
    """With what only some versions have: type parameters, the `kind` of texts, empty fields."""
    tree = ast.parse("def f(a: int = 1, *, b=None) -> u'é':\n    return [f'{a:{b}}', ...]\n")
    assert canonical(tree) == (
        "Module( body= [ FunctionDef( name= 'f' args= arguments( args= [ arg( arg= 'a' annotation= "
        "Name( id= 'int' ) ) ] kwonlyargs= [ arg( arg= 'b' ) ] kw_defaults= [ None ] defaults= [ 1 "
        "] ) body= [ Return( value= List( elts= [ JoinedStr( values= [ FormattedValue( value= "
        "Name( id= 'a' ) conversion= -1 format_spec= JoinedStr( values= [ FormattedValue( value= "
        "Name( id= 'b' ) conversion= -1 ) ] ) ) ] ) Ellipsis ] ) ) ] returns= '\\xe9' ) ] )"
    )


def test_a_very_long_sum_is_no_error():
    assert canonical(ast.parse("+".join("x" * 1500))).count("Name(") == 1500


def test_files_that_are_not_python_count_byte_by_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/tool.py").write_text("one = 1  # comment\n")
    digests = []
    for content in (b"a: 1\n", b"a: 1 # comment\n"):
        (tmp_path / "page.yaml").write_bytes(content)
        digests.append(code.code_digest("scripts/tool.py", "page.yaml"))
        code.code_digest.cache_clear()
    assert digests[0] != digests[1]
