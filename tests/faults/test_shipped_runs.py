"""A run that came with the clone, trained again at its full length (two minutes)."""

import pytest

from helpers import REPOSITORY, copy_project
from small import kernels, planned, snakemake
from snip.jobs.files import unsealed
from snip.study.runs import Run

CONFIGS = ["--configfile", "config/paper.yaml", "config/shipped.yaml"]
# What decides the last digits; the processor does by the kernels that the library takes for it.
DIGITS = ("torch", "library", "device")


def test_a_shipped_run_that_is_lost_is_trained_again_alone(tmp_path, real_data, monkeypatch):
    for choice in kernels():
        monkeypatch.delenv(choice)  # the shipped runs took the processor's kernels
    folder = copy_project(tmp_path / "project")
    file = f"results/paper/runs/{Run(batch_size=1, seed=203).path}.json"
    (folder / file).unlink()
    data = ["--config", f"data_folder={real_data}"]
    assert planned(folder, *data, configs=CONFIGS)["train"] == 1
    snakemake(folder, "--cores", "1", *data, configs=CONFIGS, target=file)
    made, shipped = (unsealed((at / file).read_bytes()) for at in (folder, REPOSITORY))
    kinds = [{name: each["made_by"][name] for name in DIGITS} for each in (made, shipped)]
    if kinds[0] == kinds[1]:
        assert made | {"made_by": shipped["made_by"]} == shipped
        return
    # Other last digits make another run of the same network: its mask, its first losses and,
    # within the scatter of seeds (0.1), its error.
    print(f"made on {kinds[0]}, shipped from {kinds[1]}: mask, first losses and error compared")
    assert made["layers"] == shipped["layers"] and made["settings"] == shipped["settings"]
    assert made["curve"][0][1] == pytest.approx(shipped["curve"][0][1], rel=0.05)
    assert made["test_error"] == pytest.approx(shipped["test_error"], abs=0.5)
