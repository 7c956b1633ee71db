import ast
import io
import tokenize

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from helpers import REPOSITORY
from snip.jobs import code
from snip.jobs.code import canonical, code_of

TEXTS = [path.read_text("utf-8") for path in (REPOSITORY / "scripts").rglob("*.py")]


def test_a_rule_depends_on_what_its_script_imports_and_on_nothing_else():
    prune = code_of("scripts/prune.py")
    assert {
        "scripts/prune.py",
        "scripts/snip/masks/scoring.py",  # imported inside main
        "scripts/snip/jobs/randomness.py",  # imported by scoring
        "scripts/snip/masks/__init__.py",
    } < set(prune)
    assert "scripts/snip/masks/criteria/__init__.py" not in prune  # chosen by name
    train = code_of("scripts/train.py", "scripts/snip/networks/lenet_300_100.py")
    assert "scripts/snip/networks/__init__.py" in train
    # Neither on what judges and draws, nor on printed names and captions.
    unread = ("claims/", "figures/", "report/", "study/names.py", "study/figures.py")
    unread = tuple(f"scripts/snip/{place}" for place in unread)
    assert not [file for file in (*prune, *train) if file.startswith(unread)]


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one = 1\ntwo = = 2\n", r"invalid syntax \(broken.py, line 2\)"),
        (b"return\n", r"'return' outside function \(broken.py, line 1\)"),
        (b"one = 1\0\n", ".*null bytes"),
    ],
)
def test_a_file_that_is_no_python_is_named(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    (tmp_path / "scripts/snip").mkdir(parents=True)
    (tmp_path / "scripts/snip/broken copy.py").write_bytes(content)
    code.check_code()
    (tmp_path / "scripts/snip/broken.py").write_bytes(content)
    with pytest.raises(code.CodeError, match=f"scripts/snip/broken.py cannot be parsed: {message}"):
        code.check_code()


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
    ("one", "other", "equal"),
    [
        ("@dataclass\nclass A:\n    x: int = 1", "@dataclass\nclass A:\n    x: float = 1", False),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("x = 'a'", "x = b'a'", False),
        ("x = None", "x = ''", False),
        ("f(*x)", "f(x)", False),
        ("{**a, 1: 2}", "{**a, **b, 1: 2}", False),
        ("f(help=g(1))", "f(help=g(2))", False),
        ("f(halp='a')", "f(halp='b')", False),
        ("x = ['', 'a']", "x = ['a']", False),
        ("global a", "global b", False),
        ("def f(a, /, b): pass", "def f(a, b): pass", False),
        ("async def f(): pass", "def f(): pass", False),
        ("f'{x!r}'", "f'{x!s}'", False),
        ("if x:\n  y\nz", "if x:\n  y\n  z", False),
        ("from . import a", "from .. import a", False),
        ("[f(x), y]", "[f(x, y)]", False),
        ("f(1, help='a')", "f(1, help='b, with a comma' ' and more')", True),
        ("def f():\n    'one'\n    return 1", "def f():\n    return (\n        1)  # two", True),
        ("x: int = 1\n'''What x is.'''", "x: int = 0x1", True),
        ("x = u'a' \"b\"", "x = 'ab'", True),
    ],
)
def test_small_differences_that_matter_and_that_do_not(one, other, equal):
    assert (canonical(ast.parse(one)) == canonical(ast.parse(other))) == equal


def test_the_text_is_the_same_under_every_python():
    """With what only some versions have: type parameters, the `kind` of texts, empty fields."""
    tree = ast.parse("def f(a: int = 1, *, b=None) -> u'é': return ...")
    assert canonical(tree) == (
        "Module(body=[FunctionDef(name='f', args=arguments(args=[arg(arg='a', annotation=Name(id="
        "'int'))], kwonlyargs=[arg(arg='b')], kw_defaults=[Constant()], defaults=[Constant(value=1"
        ")]), body=[Return(value=Constant(value=Ellipsis))], returns=Constant(value='\\xe9'))])"
    )


def test_files_that_are_not_python_count_byte_by_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "PROJECT", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/tool.py").write_text("one = 1  # comment\n")
    digests = set()
    for content in (b"a: 1\n", b"a: 1 # comment\n"):
        (tmp_path / "page.yaml").write_bytes(content)
        digests.add(code.code_digest("scripts/tool.py", "page.yaml"))
        code.code_digest.cache_clear()
    assert len(digests) == 2
