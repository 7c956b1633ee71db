"""The pages and comments say what is there: links, paths, commands, names and counts."""

import ast
import csv
import itertools
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from helpers import REPOSITORY, own_files
from pages import FENCE, assert_rounded, judged, prose, rows
from snip.claims.statements import family_level
from snip.report.answers import answers, is_ours
from snip.study.spec import spec_of
from studies import load

PAGES = [name for name in own_files() if name.endswith(".md")]
# The changelog names files of earlier versions.
CURRENT_PAGES = [name for name in PAGES if name != "CHANGELOG.md"]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
VERDICTS = ["supported", "inconclusive", "contradicted"]
FOLDERS = "scripts|workflow|profiles|config|container|tests|docs"
NAMED_PATH = re.compile(rf"(?<![\w/.-])(?:{FOLDERS})/[\w./-]*")
NAMED_COMMAND = re.compile(r"\bscripts/\w+\.py|(?<=--workflow-profile )\S+")
NAMED_CODE = re.compile(r"`(\w+)`\s+in\s+\[`[\w/]+`\]\(\.\./([\w/]+)\)")


def anchors(path: Path) -> set[str]:
    """The anchors that a git forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for pair in LINK.findall(prose(page)):
        target, _, anchor = "".join(pair).partition("#")
        if target.startswith(("https:", "http:")):
            continue
        path = (REPOSITORY / page).parent / target if target else REPOSITORY / page
        assert path.exists(), f"{page} links to {target}, which is not there"
        assert not anchor or anchor in anchors(path), f"{page}: {target} has no heading #{anchor}"


@pytest.mark.parametrize("page", CURRENT_PAGES)
def test_paths_that_pages_name_exist(page):
    named = set(NAMED_PATH.findall(prose(page)))
    # Commands run what is there, in code blocks too.
    named |= set(NAMED_COMMAND.findall((REPOSITORY / page).read_text()))
    for path in named:
        assert (REPOSITORY / path.rstrip(".")).exists(), f"{page} names {path}, which is not there"


def test_functions_that_the_protocol_names_exist():
    named = NAMED_CODE.findall(prose("docs/protocol.md"))
    assert len(named) == 5
    for name, folder in named:
        code = "".join(path.read_text() for path in (REPOSITORY / folder).glob("*.py"))
        assert re.search(rf"^(?:def|class) {name}\b", code, re.M), f"{folder} has no {name}"


def test_modules_and_functions_that_docstrings_and_comments_name_exist():
    """What stands in backticks and begins with a module of ours: `slices.read`, `jobs.code`."""
    paths = list((REPOSITORY / "scripts/snip").rglob("*.py"))
    defined: dict[str, set[str]] = {}  # by module or folder
    for path in paths:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
        names = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        names |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        defined.setdefault(path.stem, set()).update(names)
        for one, other in itertools.pairwise((*path.parts[:-1], path.stem)):
            defined.setdefault(one, set()).add(other)
    files = {"csv", "json", "npz", "py", "yaml"}
    for path in paths:
        for module, name in re.findall(r"`(?:\w+\.)*(\w+)\.(\w+)`", path.read_text()):
            known = module not in defined or name in defined[module] | files
            assert known, f"{path} names {module}.{name}, which is not there"


def test_the_pages_of_results_have_the_numbers_of_the_studies_that_they_show():
    default, paper = judged("default"), judged("paper")
    shown = rows("docs/default-study.md", "| name | statement |")
    assert {name.strip("`") for name, *_ in shown} == set(default) and len(shown) == 45
    for name, _, found, _, n, verdict in shown:
        row = default[name.strip("`")]
        assert (verdict.strip("*"), n) == (row["verdict"], row["n"]), name
        assert_rounded(found, row)
    beside = rows("docs/results.md", "| statement | default study |")
    assert len(beside) == 7
    for statement, *cells in beside:
        names = statement.split("`")[1::2]  # of the largest batch of either study
        for found, study, name in zip(cells, (default, paper), (names[0], names[-1]), strict=True):
            assert_rounded(found, study[name])
            assert found.endswith(f", {study[name]['verdict']}"), name
    # Each statement is judged at the level of the whole study, at which Figure 1 is drawn.
    levels = [float(row["level"]) for row in (*default.values(), *paper.values())]
    levels += [family_level(spec_of(load(study), "fig1")) for study in ("default", "paper")]
    levels.append(family_level(spec_of(load("paper", "shipped"), "fig1")))
    assert max(levels) - min(levels) < 1e-5


@pytest.mark.parametrize(
    ("page", "begins", "table", "least"),
    [
        ("docs/default-study.md", "# The default study", "claims-default", 50),
        ("docs/readings.md", "# Readings", "readings", 8),
        ("docs/criteria.md", "# Other criteria", "criteria controls", 90),
    ],
)
def test_every_interval_of_a_page_is_one_of_its_table_rounded_outwards(page, begins, table, least):
    _, text = prose(page).replace("\N{MINUS SIGN}", "-").split(begins)
    found = re.findall(r"\[(-?[\d.]+), (-?[\d.]+)\]", text)
    content = [(REPOSITORY / f"docs/figures/{each}.csv").read_text() for each in table.split()]
    limits = {
        pair
        for row in itertools.chain(*(csv.DictReader(text.splitlines()) for text in content))
        for column in row
        if column.endswith("lower") and row[column]
        for lower, upper in [(float(row[column]), float(row[column[:-5] + "upper"]))]
        for pair in ((lower, upper), (-upper, -lower))
    }

    def step(text: str) -> float:
        _, point, decimals = text.partition(".")
        return 10 ** -len(decimals) if point else 10 ** (len(text) - len(text.rstrip("0")))

    def outwards(left: str, right: str, lower: float, upper: float) -> bool:
        beyond = ((lower - float(left)) / step(left), (float(right) - upper) / step(right))
        return all(-1e-6 < distance < 1 for distance in beyond)

    assert len(found) >= least
    assert [pair for pair in found if not any(outwards(*pair, *each) for each in limits)] == []


@pytest.mark.parametrize(("study", "column"), [("paper", 2), ("default", 3)])
def test_the_readme_has_the_answers_of_both_studies(study, column):
    claims = pd.read_csv(REPOSITORY / f"docs/figures/claims-{study}.csv")
    found = answers(claims).set_index("figure")
    shown = rows("README.md", "| | the caption says |")
    assert [row[0] for row in shown] == list("1234567")
    for row in shown:
        figure = f"fig{row[0]}"
        if figure not in found.index:
            assert row[column] == "not run"
            continue
        of_figure = found.loc[figure]
        assert row[1] == of_figure["says"]
        number = f"{of_figure['what']}: {of_figure['found']}"
        assert row[column] == f"**{of_figure['answer']}**; {number}"


def test_the_readme_counts_the_verdicts_of_the_default_study():
    claims = pd.read_csv(REPOSITORY / "docs/figures/claims-default.csv")
    counts = Counter(claims["verdict"])
    sentence = "Of 45 statements it supports {} and contradicts {}, and {} stay inconclusive"
    sentence = sentence.format(*(counts[v] for v in ("supported", "contradicted", "inconclusive")))
    assert counts.total() == 45 and sentence in " ".join(prose("README.md").split())
    ours = claims[claims["name"].map(is_ours)]
    expected = Counter(zip(ours["claim"].str[0], ours["verdict"], strict=True))
    short: Counter[tuple[str, str]] = Counter()
    for what, *numbers in rows("README.md", "| | supported | inconclusive |"):
        for verdict, count in zip(VERDICTS, numbers, strict=True):
            short[what[0], verdict] += int(count or 0)
    assert +short == expected
