"""The rule graph of the README is the workflow's."""

import re

from helpers import REPOSITORY, run_in
from small import planned

# Together they need every rule: `readings` has statements of its own, and `describe` is the report.
TARGETS = ["all", "figures/readings", "describe"]


def drawn(page: str) -> set[tuple[str, str]]:
    """The edges of a page's mermaid graph, whose lines read `a & b --> c & d`."""
    _, _, graph = page.partition("```mermaid\nflowchart LR\n")
    edges = set()
    for line in graph.partition("```")[0].splitlines():
        sources, targets = (side.split("&") for side in line.split("-->"))
        edges |= {(source.strip(), target.strip()) for source in sources for target in targets}
    return edges


def printed(graph: str) -> set[tuple[str, str]]:
    """The edges of a graph as Snakemake prints it, with numbered nodes, without named targets."""
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]$", graph, re.M))
    edges = re.findall(r"^\s*(id\d+) --> (id\d+)$", graph, re.M)
    return {(names[a], names[b]) for a, b in edges if {a, b} <= names.keys()}


def test_the_readme_draws_the_rules_as_snakemake_does():
    readme = drawn((REPOSITORY / "README.md").read_text())
    graph = run_in(REPOSITORY, "snakemake", "--rulegraph", "mermaid-js", "--", *TARGETS).stdout
    assert readme == printed(graph)
    listing = run_in(REPOSITORY, "snakemake", "--list-rules").stdout
    rules = set(re.findall(r"^\w+$", listing, re.M))
    assert {rule for edge in readme for rule in edge} == rules and "train" in rules


def test_the_default_study_has_a_scoring_job_for_each_kind_of_mask():
    # Figures 2, 5 and 6: data sets x criteria; Figure 3: batch sizes; the anatomy: networks x
    # criteria, of which Figure 3 has one.
    plan = planned(REPOSITORY, "--forceall", configs=[])
    assert plan["prune"] == 2 + 2 + 8 + 5 + 2 * 9 - 1
