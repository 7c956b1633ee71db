"""Fetched data in the workflow: never a reason to train again, and checked before any job."""

import gzip
import json
import re
import shutil
import subprocess

import pytest
import yaml

from helpers import REPOSITORY, generated_files
from small import CONFIGS, RUN, SMALL, digests, planned, snakemake
from snip.datasets.sources import IDX_FILES, SUMMARY, TEST_LABELS, TRAIN_LABELS, canonical_name
from snip.jobs.files import sha256

pytestmark = pytest.mark.workflow
DATA = "results/datasets/generated"


def add_a_seed(folder):
    small = json.loads(json.dumps(SMALL))
    small["figures"]["fig1"][0]["seeds"] = [0, 5]
    (folder / "config/small.yaml").write_text(yaml.safe_dump(small))


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / DATA).iterdir()}


def fetch(folder):
    """What the documentation says to do first."""
    snakemake(folder, "--cores", "1", "--forcerun", "fetch_dataset", target=f"{DATA}/{SUMMARY}")


def lose_idx_files(folder):
    for name in IDX_FILES:
        (folder / DATA / name).unlink()


def lose_the_summary(folder):
    (folder / DATA / SUMMARY).unlink()


def lose_one_file(folder):
    (folder / DATA / TEST_LABELS).unlink()


def lose_everything(folder):
    shutil.rmtree(folder / "results/datasets")


LOSSES = [lose_idx_files, lose_the_summary, lose_one_file, lose_everything]


@pytest.mark.parametrize("place", ["/nowhere", "results/datasets", "~/idx", "an other/place"])
def test_a_moved_data_folder_reruns_nothing(clone, place):
    assert planned(clone, "--config", f"data_folder={place}") == {}


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_files_are_fetched_again_only_for_new_runs(clone, lose):
    lose(clone)
    assert planned(clone) == {}
    add_a_seed(clone)
    # Snakemake takes runs for out of date if what they read is made anew, and says so.
    assert planned(clone)["fetch_dataset"] == 1
    fetch(clone)
    plan = planned(clone)
    assert plan["train"] == 2 and "fetch_dataset" not in plan
    assert "prune" not in plan and plan["figure"] == 1  # Figure 1 shows the new runs


def test_fetching_lost_files_again_retrains_nothing(clone):
    before = digests(clone)
    runs = {path: path.stat().st_mtime_ns for path in clone.rglob("results/small/runs/**/*.json")}
    lose_everything(clone)
    add_a_seed(clone)
    fetch(clone)
    snakemake(clone, "--cores", "2", target="figures/fig1.pdf")
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    after = [*clone.rglob("results/small/runs/**/*.json")]
    assert len(after) == len(runs) + 2
    assert all(digests(clone)[name] == before[name] for name in before if "/masks/" in name)
    assert planned(clone, target="figures/fig1.pdf") == {}


@pytest.mark.parametrize("place", ["/nowhere", "results/datasets"])
def test_verified_files_suffice_wherever_the_data_folder_is(clone, place):
    before = contents(clone)
    (clone / DATA / SUMMARY).unlink()
    shutil.rmtree(clone / "data")
    where = ["--config", f"data_folder={place}", "--forcerun", "fetch_dataset"]
    target = f"{DATA}/{SUMMARY}"
    snakemake(clone, "--cores", "1", *where, target=target)
    assert contents(clone) == before
    assert planned(clone) == {}


def test_a_failed_fetch_keeps_the_files_and_lists_what_to_place_where(clone):
    (clone / DATA / TEST_LABELS).write_bytes(b"damaged")
    before = contents(clone)
    target = f"{DATA}/{SUMMARY}"
    where = ["--config", "data_folder=/nowhere", "--forcerun", "fetch_dataset"]
    done = snakemake(clone, "--cores", "1", *where, target=target, check=False)
    assert done.returncode != 0
    assert contents(clone) == before
    log = (clone / "results/datasets/logs/generated.log").read_text()
    assert "Place these files (SHA-256 uncompressed; .gz is fine) into /nowhere/generated/" in log
    for name, content in generated_files().items():
        assert f"{sha256(content)}  {name}" in log


def test_changed_data_under_the_same_name_retrain(clone):
    labels = bytearray(generated_files()[TRAIN_LABELS])
    labels[8], labels[9] = labels[9], labels[8]  # the first two labels, after a header of 8 bytes
    (clone / "data/generated" / TRAIN_LABELS).write_bytes(labels)
    path = clone / "scripts/snip/datasets/sources/generated.yaml"
    description = yaml.safe_load(path.read_text())
    description["checksums"][TRAIN_LABELS] = sha256(bytes(labels))
    path.write_text(yaml.safe_dump(description))
    plan = planned(clone)
    assert plan["train"] == 8 and {"prune", "claims", "figure"} <= set(plan)
    done = snakemake(clone, "--cores", "1", target=f"results/small/runs/{RUN}.json", check=False)
    assert "--forcerun fetch_dataset fetches it again" in done.stdout
    fetch(clone)
    assert planned(clone)["train"] == 8


@pytest.mark.parametrize("lose", [None, lose_everything])
def test_a_changed_setting_retrains_although_data_are_fetched(clone, lose):
    if lose:
        lose(clone)
        fetch(clone)
    content = {"networks": {"lenet-300-100": {"learning_rate": 0.05}}}
    (clone / "config/rate.yaml").write_text(yaml.safe_dump(content))
    configs = [*CONFIGS, "config/rate.yaml"]
    plan = planned(clone, configs=configs)
    assert plan["train"] == 3 and "prune" not in plan


def test_an_invalid_source_file_stops_before_any_job(clone):
    path = clone / "scripts/snip/datasets/sources/generated.yaml"
    path.write_text(path.read_text() + "mirors: []\n")
    done = snakemake(clone, "--cores", "1", configs=CONFIGS, check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    assert "generated.yaml has the unknown key 'mirors', allowed: checksums" in done.stdout
    assert "Building DAG" not in done.stdout


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_the_documented_recipe_for_a_source_file_accepts_files_as_mirrors_name_them(
    tmp_path, zipped, dotted
):
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
    assert {
        canonical_name(name): checksum for name, checksum in described["checksums"].items()
    } == {name: sha256(content) for name, content in generated_files().items()}
