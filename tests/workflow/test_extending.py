"""The examples of docs/extending.md run as they stand."""

import gzip
import json
import re
import subprocess

import numpy as np
import pandas as pd
import pytest

from helpers import REPOSITORY, copy_project, generated_files
from small import environment


def blocks(page: str, heading: str) -> list[tuple[str, str]]:
    """The code blocks of a section of a documentation page: language and text."""
    text = (REPOSITORY / "docs" / page).read_text()
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)
    return re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)


def run(folder, command, **options):
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def one_seed(configuration: str) -> str:
    return re.sub(r"seeds: \[0, 1(, 2)?\]", "seeds: [0]", configuration)


def follow(heading, folder, real_data):
    """Do in a copy of the project what a section of the page says."""
    copy_project(folder)
    tiny = folder / "config/tiny.yaml"
    tiny.write_text(one_seed(tiny.read_text()))
    if heading == "A data set":
        own = folder / "data" / "my-digits"
        own.mkdir(parents=True)
        for name, content in generated_files().items():  # as mirrors name them
            (own / f"{name.replace('-idx', '.idx')}.gz").write_bytes(gzip.compress(content))
    else:
        (folder / "results/datasets").symlink_to(real_data)
    for language, text in blocks("extending.md", heading):
        match language:
            case "sh":
                # The full tiny study runs in another test; here one figure and seed are enough.
                run(folder, ["bash", "-ec", text.replace("figures/all", "figures/fig3.pdf")])
            case "diff":
                run(folder, ["git", "apply", "--recount"], input=text)
            case _:
                (folder / text.splitlines()[0].removeprefix("# ")).write_text(one_seed(text))
    return folder


@pytest.mark.parametrize(
    ("heading", "column", "value"),
    [
        ("A criterion", "criterion", "snip-per-layer"),
        ("A network", "network", "mlp-100"),
        ("A data set", "dataset", "my-digits"),
    ],
)
def test_one_new_file_is_in_the_figure(heading, column, value, tmp_path, real_data):
    folder = follow(heading, tmp_path / "project", real_data)
    [figure] = (folder / "figures").rglob("*.csv")
    assert value in set(pd.read_csv(figure)[column])
    if heading == "A criterion":
        with np.load(folder / "rounds.npz", allow_pickle=False) as masks:
            kept = [int(masks[name].sum()) for name in ("fc1.weight", "fc2.weight", "fc3.weight")]
        assert sum(kept) == 2666 and all(kept)


def test_a_new_figure_is_one_entry_and_one_module(tmp_path, real_data):
    folder = follow("A figure", tmp_path / "project", real_data)
    drawn = pd.read_csv(folder / "figures/tiny/fit.csv")
    runs = pd.read_csv(folder / "results/tiny/tables/fit/runs.csv")
    assert list(drawn["sparsity"]) == [0, 50, 90]
    for row in drawn.itertuples():
        losses = runs[runs["sparsity"] == row.sparsity]["train_loss"]
        assert len(losses) == 2 and row.train_loss == pytest.approx(losses.prod() ** 0.5)


def test_a_new_axis_is_one_entry_and_its_place_in_the_paths(tmp_path, real_data):
    folder = follow("An axis", tmp_path / "project", real_data)
    runs = pd.read_csv(folder / "results/momentum/tables/runs.csv")
    assert set(runs["momentum"]) == {0, 0.9}
    key = ["dataset", "network", "criterion", "sparsity", "batch_size", "labels", "weight_decay"]
    pairs = runs[runs["sparsity"] == 90].groupby([*key, "seed"])["train_loss"]
    swept = pairs.agg(["size", "nunique"]).query("size == 2")
    assert len(swept) and (swept["nunique"] == 2).all()
    alone = json.loads((folder / "run.json").read_text())
    assert alone["momentum"] == 0 and "momentum" not in alone["settings"]


def test_a_new_setting_is_one_field(tmp_path, real_data):
    folder = follow("A setting", tmp_path / "project", real_data)
    assert json.loads((folder / "run.json").read_text())["settings"]["label_smoothing"] == 0.1
