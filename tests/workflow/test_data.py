"""Fetched data in the whole graph: kept, never a reason to train again, checked before any job."""

import gzip
import json
import re
import shutil
import subprocess

import pytest
import yaml

from helpers import REPOSITORY, generated_files
from small import CONFIGS, SMALL, digests, planned, snakemake
from snip.datasets import dataset as datasets

pytestmark = pytest.mark.workflow
DATA = "results/datasets/generated"


def add_a_seed(folder):
    small = json.loads(json.dumps(SMALL))
    small["figures"]["fig1"][0]["seeds"] = [0, 5]
    (folder / "config/small.yaml").write_text(yaml.safe_dump(small))


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / DATA).iterdir()}


def lose_idx_files(folder):
    for name in datasets.FILES:
        (folder / DATA / name).unlink()


def lose_the_summary(folder):
    (folder / DATA / datasets.SUMMARY).unlink()


def lose_one_file(folder):
    (folder / DATA / datasets.TEST_LABELS).unlink()


def lose_everything(folder):
    shutil.rmtree(folder / "results/datasets")


LOSSES = [lose_idx_files, lose_the_summary, lose_one_file, lose_everything]


@pytest.mark.parametrize("place", ["/nowhere", "results/datasets", "~/idx", "an other/place"])
def test_where_the_data_lie_is_no_reason_to_run_anything(clone, place):
    assert planned(clone, "--config", f"data_folder={place}") == {}


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_files_are_fetched_again_for_new_runs_alone(clone, lose):
    lose(clone)
    assert planned(clone) == {}
    add_a_seed(clone)
    plan = planned(clone)
    assert plan["train"] == 2 and plan["fetch_dataset"] == 1
    assert "prune" not in plan and plan["figure"] == 1  # Figure 1, with the new runs


def test_nothing_that_was_trained_is_trained_again_when_lost_files_come_back(clone):
    before = digests(clone)
    runs = {path: path.stat().st_mtime_ns for path in clone.rglob("results/small/runs/**/*.json")}
    lose_everything(clone)
    add_a_seed(clone)
    snakemake(clone, "--cores", "2", target="figures/fig1.pdf")
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    after = [*clone.rglob("results/small/runs/**/*.json")]
    assert len(after) == len(runs) + 2
    assert all(digests(clone)[name] == before[name] for name in before if "/masks/" in name)
    assert planned(clone, target="figures/fig1.pdf") == {}


@pytest.mark.parametrize("place", ["/nowhere", "results/datasets"])
def test_verified_files_are_enough_wherever_the_data_folder_is(clone, place):
    before = contents(clone)
    (clone / DATA / datasets.SUMMARY).unlink()
    shutil.rmtree(clone / "data")
    where = ["--config", f"data_folder={place}", "--forcerun", "fetch_dataset"]
    target = f"{DATA}/{datasets.SUMMARY}"
    snakemake(clone, "--cores", "1", *where, target=target)
    assert contents(clone) == before
    assert planned(clone) == {}


def test_where_no_source_works_nothing_is_lost_and_the_files_to_place_are_listed(clone):
    (clone / DATA / datasets.TEST_LABELS).write_bytes(b"damaged")
    before = contents(clone)
    target = f"{DATA}/{datasets.SUMMARY}"
    where = ["--config", "data_folder=/nowhere", "--forcerun", "fetch_dataset"]
    done = snakemake(clone, "--cores", "1", *where, target=target, check=False)
    assert done.returncode != 0
    assert contents(clone) == before
    said = (clone / "results/datasets/logs/generated.log").read_text()
    assert "Place these files (SHA-256 uncompressed; .gz is fine) into /nowhere/generated/" in said
    for name, content in generated_files().items():
        assert f"{datasets.sha256(content)}  {name}" in said


def test_other_data_under_the_same_name_are_trained_on(clone):
    labels = bytearray(generated_files()[datasets.TRAIN_LABELS])
    labels[8], labels[9] = labels[9], labels[8]  # the first two; the header has eight bytes
    (clone / "data/generated" / datasets.TRAIN_LABELS).write_bytes(labels)
    path = clone / "scripts/snip/datasets/sources/generated.yaml"
    description = yaml.safe_load(path.read_text())
    description["checksums"][datasets.TRAIN_LABELS] = datasets.sha256(bytes(labels))
    path.write_text(yaml.safe_dump(description))
    plan = planned(clone)
    assert plan["fetch_dataset"] == 1 and plan["train"] == 8
    assert {"prune", "claims", "figure"} <= set(plan)


@pytest.mark.parametrize("lose", [None, lose_everything])
def test_what_a_run_has_to_be_made_anew_for_counts_beside_fetching(clone, lose):
    if lose:
        lose(clone)
    content = {"networks": {"lenet-300-100": {"learning_rate": 0.05}}}
    (clone / "config/rate.yaml").write_text(yaml.safe_dump(content))
    configs = [*CONFIGS, "config/rate.yaml"]
    plan = planned(clone, "--forcerun", "fetch_dataset", configs=configs)
    assert plan["fetch_dataset"] == 1 and plan["train"] == 3 and "prune" not in plan


def test_a_description_that_cannot_be_read_stops_before_any_job(clone):
    path = clone / "scripts/snip/datasets/sources/generated.yaml"
    path.write_text(path.read_text() + "torchvison: MNIST\n")
    done = snakemake(clone, "--cores", "1", configs=CONFIGS, check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    assert "generated.yaml has the unknown key 'torchvison', allowed: checksums" in done.stdout
    assert "Building DAG" not in done.stdout


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_the_recipe_for_a_description_takes_files_as_mirrors_have_them(tmp_path, zipped, dotted):
    (tmp_path / "data/my-digits").mkdir(parents=True)
    (tmp_path / "scripts/snip/datasets/sources").mkdir(parents=True)
    for name, content in generated_files().items():
        name = name.replace("-idx", ".idx") if dotted else name
        path = tmp_path / "data/my-digits" / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
    text = (REPOSITORY / "docs/extending.md").read_text().partition("## A data set")[2]
    recipe = re.search(r"```sh\n(.*?)```", text, re.S)[1]
    subprocess.run(["bash", "-ec", recipe], cwd=tmp_path, check=True)
    described = yaml.safe_load(
        (tmp_path / "scripts/snip/datasets/sources/my-digits.yaml").read_text()
    )
    assert described["training_examples"] == 600
    assert {datasets.plain_name(n): c for n, c in described["checksums"].items()} == {
        name: datasets.sha256(content) for name, content in generated_files().items()
    }
