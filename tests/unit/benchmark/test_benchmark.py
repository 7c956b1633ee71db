import json

import pytest
import torch

from snip.benchmark.default_study import overhead
from snip.benchmark.operations import count_operations
from snip.benchmark.schedule import NETWORKS
from snip.benchmark.table import NETWORK_TARGETS, table
from snip.jobs import times
from snip.layers.weights import build_network
from snip.training.progress import trained


def test_operations_of_the_small_network_by_hand():
    weights = 784 * 300 + 300 * 100 + 100 * 10
    forward, both = count_operations(build_network("lenet-300-100", 0))
    assert forward == 2 * weights
    assert both == 3 * forward - 2 * 784 * 300


def test_operations_of_convolutions_by_hand():
    # Weights, each used at 24 by 24 and 8 by 8 places.
    first, second = 25 * 20 * 24**2, 25 * 20 * 50 * 8**2
    network = build_network("lenet-5-caffe", 0)
    forward, both = count_operations(network)
    assert forward == 2 * (first + second + 800 * 500 + 500 * 10)
    assert both == 3 * forward - 2 * first
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study's folder with two runs of 30 s, 24 of them in the loop, and a job of 10 s."""
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results/study"
    for kind, names in {"runs/a": ["seed-0", "seed-1"], "figures": ["fig1"]}.items():
        for name in names:
            seconds = 30 if kind == "runs/a" else 10
            path = results / "benchmarks" / kind / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"s\th:m:s\n{seconds}.0\t0:00:{seconds}\n")
    for name in ("seed-0", "seed-1"):
        for place, text in {"runs/a": "{}", "logs/runs/a": f"x\n{trained(24)}\n"}.items():
            suffix = "json" if place == "runs/a" else "log"
            path = results / place / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return results


def test_overhead_is_what_is_not_in_the_loop(study):
    assert overhead(study) == pytest.approx(1 - 48 / 70)


def test_overhead_counts_the_longest_session_of_snakemake(study, monkeypatch):
    for spent in (3, 20, 5):
        monkeypatch.setattr(times.time, "process_time", lambda spent=spent: spent)
        times.note_own_seconds(study / "benchmarks/snakemake.tsv")
    assert overhead(study) == pytest.approx(1 - 48 / 90)


def test_overhead_is_unknown_without_a_whole_study(study, tmp_path):
    (study / "logs/runs/a/seed-1.log").write_text("iteration 5\n")
    assert overhead(study) is None
    assert overhead(tmp_path / "nowhere") is None


def test_the_table_shows_every_number_beside_its_target():
    network = dict.fromkeys(NETWORK_TARGETS, 1.5)
    measured = {
        "numpy": "OpenBLAS 1, Zen kernels, on a processor",
        "networks": dict.fromkeys(NETWORKS, network),
        "overhead_share": None,
        "redraw_seconds": 12.0,
        "dry_run_seconds": 3.0,
    }
    text = table(json.loads(json.dumps(measured)))
    assert "BLAS: OpenBLAS 1, Zen kernels, on a processor" in text
    lines = table(json.loads(json.dumps(measured))).splitlines()
    line_of = {line.split()[0]: line for line in lines if line.strip()}
    names = {"overhead_share", "redraw_seconds", "dry_run_seconds"}
    assert {*NETWORK_TARGETS, *names} < set(line_of)
    assert (
        ">= 0.60" in line_of["unpruned_rate_share"]
        and "no default study" in line_of["overhead_share"]
    )
