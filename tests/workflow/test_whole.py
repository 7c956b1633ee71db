"""Whole studies: on the real data once, on small generated data elsewhere."""

import os
import re
import subprocess

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from helpers import copy_project, run_in
from small import RUN, environment, snakemake
from snip.masks.mask_files import read_masks
from snip.study import registry
from snip.study.figures import DRAWN, STUDIED, TRAINED
from snip.study.grids import figure_runs
from snip.study.load import load_config
from snip.study.runs import KEY, MaskSet
from snip.tables.collect import OUTCOME


def test_all_figures_on_the_real_data(tmp_path, real_data):
    folder = copy_project(tmp_path / "project")
    # Files fetched before serve as the data folder.
    data = ["--config", f"data_folder={real_data}"]
    snakemake(folder, "--cores", "2", *data, configs=["--configfile", "config/tiny.yaml"])
    drawn = folder / "figures/tiny"
    for figure in DRAWN:
        picture = imread(drawn / f"{figure}.png")
        assert picture[..., :3].std() > 0.05, f"{figure} is blank"
        assert (drawn / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
        assert len(pd.read_csv(drawn / f"{figure}.csv")) > 2
    table = pd.read_csv(folder / "results/tiny/tables/runs.csv")
    assert list(table.columns) == KEY + OUTCOME
    assert not table.duplicated(KEY).any() and not table.isna().any(axis=None)
    config = load_config(folder / "config/default.yaml", folder / "config/tiny.yaml")
    # Runs that figures share are trained once.
    assert len(table) == len(figure_runs(config, *STUDIED))
    assert len(list((folder / "results/tiny/runs").rglob("*.json"))) == len(table)
    expected = (table["parameters"] * (1 - table["sparsity"] / 100)).round()
    assert (table["kept"] == expected).all()
    # What masks keep adds up, and paths are among it.
    masks = pd.read_csv(folder / "results/tiny/tables/masks.csv", dtype={"classes": str})
    anatomy = masks[masks["batch_size"].eq(20) & masks["classes"].eq("all")]
    whole = anatomy.groupby(["network", "criterion", "sparsity"])[["parameters", "kept"]].sum()
    share = 1 - whole.index.get_level_values("sparsity") / 100
    assert (whole["kept"] == (whole["parameters"] * share).round()).all()
    assert (masks["effective"] <= masks["kept"]).all()
    assert set(anatomy["criterion"]) == set(registry.names("criteria"))
    claims = pd.read_csv(folder / "results/tiny/tables/claims.csv", dtype={"claim": str})
    assert {"1a", "1b", "2a", "2b", "3a", "3b", "3c", "4", "5", "6a", "6b", "6c", "7"} < set(
        claims["claim"]
    )
    readable = (drawn / "claims.md").read_text()
    assert all(statement in readable for statement in claims["statement"])
    published = pd.read_csv(folder / "results/tiny/tables/published.csv")
    reference = published.query("network == 'lenet-300-100' and sparsity == 0").iloc[0]
    ours = table.query("network == 'lenet-300-100' and sparsity == 0")["test_error"]
    assert reference["mean"] == pytest.approx(ours.mean(), abs=1e-4)
    assert reference["iterations"] == 20 and reference["published"] == 1.7
    # Even 20 iterations teach the reference something.
    assert table.query("sparsity == 0 and labels == 'correct'")["test_error"].max() < 80
    # The masks show their class: the mean image of one class is nearest to its own.
    masks = pd.read_csv(drawn / "fig2.csv").query("dataset == 'mnist' and sparsity == 50")
    with np.load(folder / "results/datasets/mnist/summary.npz") as summary:
        means = summary["means"][:10].reshape(10, -1)
    correlation = np.corrcoef(masks.filter(regex=r"^p\d+$"), means)[:10, 10:]
    assert (correlation.argmax(1) == np.arange(10)).sum() >= 8


def test_every_log_of_a_run_and_a_mask_names_the_library_that_multiplied(finished):
    logs = finished / "results/small/logs"
    found = {
        path.relative_to(logs): re.search("^BLAS: .+", path.read_text(), re.M)[0]
        for stage in ("runs", "masks")
        for path in (logs / stage).rglob("*.log")
    }
    assert len(found) > 5
    assert len(set(found.values())) == 1


def test_figure_tables_are_parts_of_the_study_table(finished):
    tables = finished / "results/small/tables"
    whole = (tables / "runs.csv").read_text().splitlines()
    for figure in TRAINED:
        part = (tables / figure / "runs.csv").read_text().splitlines()
        assert len(part) > 1 and set(part) <= set(whole)


def test_figures_show_their_own_sparsities_of_masks_that_they_share(finished):
    def images(figure):
        table = pd.read_csv(finished / f"figures/small/{figure}.csv")
        return table[table["p0"].notna()]

    third = images("fig3")
    assert third["batch_size"].tolist()[:-1] == [1, 100]  # last: the mean training image
    assert third["sparsity"].tolist()[:-1] == [90, 90]
    assert len(images("fig2")) == 2 * 10 and len(images("fig5")) == 10
    # Figure 3 shares a file with the anatomy, which shows more.
    [file] = read_masks(finished / "results/small/masks", MaskSet(dataset="generated"))
    assert file.sparsities == [90, 99]
    anatomy = pd.read_csv(finished / "figures/small/anatomy.csv")
    assert set(anatomy["sparsity"]) == {90, 99}


def test_shared_runs_are_trained_once(finished):
    log = "".join(path.read_text() for path in (finished / ".snakemake/log").glob("*.log"))
    trained = re.findall(r"^(?:local)?rule train:\n(?:.*\n)*?    output: (.*)$", log, re.M)
    # 0 and 90 % (fig1), 90 % with one example (fig3), 0 and 99 % at two seeds (fig4, fig7), and
    # the control of claim 4.
    assert len(trained) == len(set(trained)) == 2 + 1 + 4 + 1


def test_results_hold_nothing_of_when_and_where_and_nothing_pickled(finished):
    results = finished / "results/small"
    said = "".join(path.read_text() for path in (finished / ".snakemake/log").glob("*.log"))
    places = {*re.findall("^ *Working directory: (.+)$", said, re.M), os.uname().nodename}
    assert len(places) > 1
    for path in results.rglob("runs/**/*.json"):
        assert not any(place in path.read_text() for place in places)
    for path in (finished / "results").rglob("*.npz"):
        with np.load(path, allow_pickle=False) as archive:
            assert all(archive[name].dtype != object for name in archive.files)
    # Snakemake's own time is noted beside them.
    assert pd.read_csv(results / "benchmarks/snakemake.tsv", sep="\t")["s"].item() > 0


def test_a_logged_line_repeats_a_run(clone, tmp_path):
    path = clone / f"results/small/runs/{RUN}.json"
    before = path.read_bytes()
    path.unlink()
    log = (clone / f"results/small/logs/runs/{RUN}.log").read_text()
    line = log.splitlines()[0].removeprefix("$ ")
    # Where another package has our name: the authors' own code, for example.
    (tmp_path / "snip").mkdir()
    (tmp_path / "snip/__init__.py").write_text("raise RuntimeError('another snip')\n")
    env = environment() | {"PYTHONPATH": str(tmp_path)}
    subprocess.run(line, shell=True, cwd=clone, check=True, env=env, stderr=-3)
    assert path.read_bytes() == before


def test_a_criterion_that_changes_its_network_changes_no_other_class(clone, tmp_path):
    (clone / "scripts/snip/masks/criteria/careless.py").write_text(
        "def score(problem):\n"
        "    scores = (problem.weights * problem.gradient).abs()\n"
        "    for parameter in problem.network.parameters():\n"
        "        parameter.data.zero_()\n"
        "    return scores\n"
    )

    def masks(class_):
        output = tmp_path / f"{class_}.npz"
        words = ["--dataset", "generated", "--criterion", "careless", "--batch-size", "20"]
        words += ["--sparsities", "90", "--classes", class_, "--output", str(output)]
        run_in(clone, "python", "scripts/prune.py", *words)
        with np.load(output, allow_pickle=False) as archive:
            return archive["fc1.weight"][0]

    [alone] = masks("2")
    assert alone.any() and (masks("each")[2] == alone).all()
