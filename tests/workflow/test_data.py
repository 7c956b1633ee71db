"""Fetched data in the workflow: never a reason to train again, and checked before any job."""

import shutil

import yaml

from helpers import generated_files
from inflict import mounted, needs_mount
from small import RUN, digests, grid, overlaid, planned, small_project, snakemake
from snip.datasets.sources import IDX_FILES, SUMMARY, TEST_LABELS, TRAIN_LABELS
from snip.jobs.files import sha256

DATA = "results/datasets/generated"
SOURCE = "scripts/snip/datasets/sources/generated.yaml"


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / DATA).iterdir()}


def fetch(folder, *options, **more):
    """What the documentation says to do first."""
    forced = ["--cores", "1", "--forcerun", "fetch_dataset", *options]
    return snakemake(folder, *forced, target=f"{DATA}/{SUMMARY}", **more)


def test_lost_files_are_fetched_again_only_for_new_runs_and_retrain_nothing(clone):
    before = digests(clone)
    runs = {path: path.stat().st_mtime_ns for path in clone.rglob("results/small/runs/**/*.json")}
    for lost in (TEST_LABELS, SUMMARY):
        (clone / DATA / lost).unlink()
    assert planned(clone) == {}
    shutil.rmtree(clone / "results/datasets")
    assert planned(clone) == {}
    seed = grid("fig1", seeds=[0, 5])
    configs = overlaid(clone, seed)
    plan = planned(clone, configs=configs)
    assert plan["fetch_dataset"] == 1 and plan["train"] == 2 and "prune" not in plan
    snakemake(clone, "--cores", "2", configs=configs, target="results/small/tables/runs.csv")
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    # A changed setting retrains all the same, and does not score.
    rate = overlaid(clone, seed, {"networks": {"lenet-300-100": {"learning_rate": 0.05}}})
    plan = planned(clone, configs=rate)
    assert plan["train"] == 3 + 2 and not {"prune", "fetch_dataset"} & set(plan)
    assert len([*clone.rglob("results/small/runs/**/*.json")]) == len(runs) + 2
    assert all(digests(clone)[name] == before[name] for name in before if "/masks/" in name)


def test_verified_files_suffice_where_the_data_folder_is_that_of_the_results(clone):
    before = contents(clone)
    (clone / DATA / SUMMARY).unlink()
    shutil.rmtree(clone / "data")
    fetch(clone, "--config", "data_folder=results/datasets")
    assert contents(clone) == before


def test_a_failed_fetch_keeps_the_files_and_lists_what_to_place_where(clone):
    (clone / DATA / TEST_LABELS).write_bytes(b"damaged")
    before = contents(clone)
    assert fetch(clone, "--config", "data_folder=/nowhere", check=False).returncode != 0
    assert contents(clone) == before
    log = (clone / "results/datasets/logs/generated.log").read_text()
    assert "Place these files (SHA-256 uncompressed; .gz is fine) into /nowhere/generated/" in log
    for name, content in generated_files().items():
        assert f"{sha256(content)}  {name}" in log


def test_changed_data_under_the_same_name_retrain(clone):
    labels = bytearray(generated_files()[TRAIN_LABELS])
    labels[8], labels[9] = labels[9], labels[8]  # the first two labels, after a header of 8 bytes
    (clone / "data/generated" / TRAIN_LABELS).write_bytes(labels)
    description = yaml.safe_load((clone / SOURCE).read_text())
    description["checksums"][TRAIN_LABELS] = sha256(bytes(labels))
    (clone / SOURCE).write_text(yaml.safe_dump(description))
    plan = planned(clone)
    assert plan["train"] == 8 and {"prune", "claims", "figure"} <= set(plan)
    run = f"results/small/runs/{RUN}.json"
    before = (clone / run).read_bytes()
    done = snakemake(clone, "--cores", "1", target=run, check=False)
    assert "--forcerun fetch_dataset fetches it again" in done.stdout
    fetch(clone)
    snakemake(clone, "--cores", "1", target=run)
    assert (clone / run).read_bytes() != before


@needs_mount
def test_a_data_folder_that_cannot_be_written_is_enough(finished, tmp_path):
    folder = small_project(tmp_path / "project")
    data = tmp_path / "shared"
    shutil.move(folder / "data", tmp_path / "given")
    with mounted(data, "--bind", "-o", "ro", str(tmp_path / "given")):
        fetch(folder, "--config", f"data_folder={data}")
    assert contents(folder) == contents(finished)
    assert len(contents(folder)) == len(IDX_FILES) + 1
