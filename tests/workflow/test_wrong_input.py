"""What is wrong or damaged is refused by name, if it can be before any job."""

import re
import sys

import pytest

from helpers import run_in
from small import CONFIGS, RUN, append, environment, overlaid, small_project, snakemake

SOURCE = "scripts/snip/datasets/sources/generated.yaml"
TWICE = "readings:\n  mine: {prunable: weights}\n  mine: {initialisation: he}\n"
OTHER = (
    '\n\nmodule other:\n    snakefile: "other/Snakefile"\n\n\nuse rule * from other as other_*\n'
)


def spelled(part, other):
    return f"results/small/runs/{RUN.replace(part, other)}.json"


# A file, what is added to it, options of Snakemake, and what it says.
WRONG = {
    "a name": (None, "", ["--config", "criteria=[snap]"], r"criteria\[0\]: 'snap' .* mean snip\?"),
    "a key twice": (
        "config/twice.yaml",
        TWICE,
        ["--configfile", *CONFIGS[1:], "config/twice.yaml"],
        "config/twice.yaml cannot be read: the key 'mine' stands twice",
    ),
    "a source": (SOURCE, "mirors: []\n", [], "generated.yaml has the unknown key 'mirors'"),
    "code": ("scripts/figure.py", "a = (\n", [], "scripts/figure.py cannot be parsed"),
    "a spelling": (None, "", ["--", spelled("y-90/", "y-90.0/")], "is no path of this workflow"),
    "a value": (None, "", ["--", spelled("labels-correct", "labels-x")], "labels is 'x'"),
    # Python would load the code of the first for both.
    "two clones": ("Snakefile", OTHER, [], "one clone per run"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_stops_before_any_job(clone, what):
    name, text, options, sentence = WRONG[what]
    if what == "two clones":
        small_project(clone / "other")
    if name:
        (clone / name).touch()
        append(clone / name, text)
    given = options if "--configfile" in options else [*CONFIGS, *options]
    done = run_in(clone, "snakemake", "-n", *given, env=environment(), check=False)
    assert done.returncode != 0 and "Traceback (most" not in done.stdout
    assert re.search(sentence, done.stdout) and "Nothing to be done" not in done.stdout


@pytest.mark.parametrize("target", ["figures/small/fig1.pdf", "results/small/tables/runs.csv"])
def test_a_target_of_another_study_is_not_called_up_to_date(clone, target):
    done = snakemake(clone, "-n", configs=[], target=target, check=False)
    assert done.returncode != 0 and "Nothing to be done" not in done.stdout


def test_snakemake_without_our_packages_says_so(clone):
    """As where it was installed by pipx."""
    hidden = """import sys
from importlib import util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "torch" else find(name, *rest)
from snakemake.cli import main
main(sys.argv[1:])"""
    command = ["python", "-c", hidden, *CONFIGS, "--cores", "1", "--", "figures/all"]
    done = run_in(clone, *command, env=environment(), check=False)
    assert done.returncode != 0 and "Building DAG" not in done.stdout
    assert f"the Python that runs Snakemake, {sys.executable}, lacks torch" in done.stdout


def test_a_diverging_run_fails_by_name_and_leaves_no_result(clone):
    target = f"results/small/runs/{RUN}.json"
    (clone / target).unlink()
    configs = overlaid(clone, {"networks": {"lenet-300-100": {"learning_rate": 1e30}}})
    done = snakemake(clone, "--cores", "1", configs=configs, target=target, check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    # The cause is on the console, not in a file alone.
    assert re.search(rf"error: run {RUN} diverged: .* iteration \d+ .* rate 1e\+30", done.stdout)
    assert not (clone / target).exists()


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(bytes(content))


def test_what_is_damaged_is_refused_by_name_and_made_again(clone):
    results = clone / "results/small"
    result, lost = results / f"runs/{RUN}.json", next(results.rglob("runs/**/seed-1.json"))
    mask = next(results.rglob("masks/**/criterion-gradient/**/classes-each/**/*.npz"))
    [spec] = results.glob("specs/fig2-*.json")
    images = clone / "results/datasets/generated/train-images-idx3-ubyte"
    good = {path: path.read_bytes() for path in (result, lost, mask, spec, images)}
    for path in (result, mask, images):
        flip(path)
    spec.write_text("{}")
    lost.unlink()
    (clone / "figures/small/fig2.pdf").unlink()
    done = snakemake(clone, "--cores", "2", "--keep-going", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    for sentence in (
        rf"error: .*{result.relative_to(clone)} cannot be (used|read)",
        rf"error: .*{mask.relative_to(clone)} cannot be (used|read)",
        rf"error: specification \S+{spec.name} .*; delete it, and it is made again",
        r"error: data file .*train-images.* altered: found .*, expected ",
    ):
        assert re.search(sentence, done.stdout), sentence
    assert not lost.exists()
    images.write_bytes(good[images])
    for path in (result, mask, spec):
        path.unlink()
    wanted = [str(path.relative_to(clone)) for path in (result, lost, mask, spec)]
    snakemake(clone, "--cores", "2", target=wanted)
    assert {path: path.read_bytes() for path in good} == good
