import fcntl
import os
import shutil
import signal
from pathlib import Path

import numpy  # noqa: F401, loads its library
import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from helpers import REPOSITORY, generated_files, run_in, write_source
from small import environment, small_project, snakemake

# A slow machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# As in a job: on more threads, numpy's products may have other last digits.
threadpool_limits(1)


# Under nohup, or in the background of a script, these are ignored, and children inherit that; tests
# ask them to end. A signal that is handled, by doing nothing, has its ordinary effect on children.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


def pytest_addoption(parser):
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test fails: nothing may be missing"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and item.config.getoption("no_skips"):
        report.outcome, report.longrepr = "failed", f"skipped: {call.excinfo.value}"
    return report


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """A small registered data set, fetched: returns the folder of the fetched data."""
    from snip.datasets import sources
    from snip.datasets.fetching import fetch

    source_folder = tmp_path / "sources"
    source_folder.mkdir()
    files = generated_files()
    write_source(files, source_folder, 600)
    monkeypatch.setattr(sources, "SOURCE_FOLDER", source_folder)
    sources.load_source.cache_clear()
    data_folder = tmp_path / "data" / "generated"
    data_folder.mkdir(parents=True)
    for name, content in files.items():
        (data_folder / name).write_bytes(content)
    fetch("generated", tmp_path / "data", tmp_path / "fetched" / "generated")
    yield tmp_path / "fetched"
    sources.load_source.cache_clear()


@pytest.fixture
def dataset(generated):
    """The small data set, loaded."""
    from snip.datasets.dataset import load_dataset

    return load_dataset("generated", generated)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project whose study `small` is complete, with the pages of its report.

    Where FINISHED names a folder, test sessions side by side compute it there once.
    """
    own = tmp_path_factory.mktemp("finished")
    shared = Path(os.environ.get("FINISHED", own / "shared"))
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            folder = small_project(shared.with_suffix(".begun"))
            snakemake(folder, "--cores", "2", target=["figures/all", "figures/report"])
            folder.rename(shared)
    return Path(shutil.copytree(shared, own / "project", symlinks=True))


@pytest.fixture
def clone(finished, tmp_path):
    """The finished project, copied: all modification times are new."""
    return Path(
        shutil.copytree(finished, tmp_path / "clone", copy_function=shutil.copyfile, symlinks=True)
    )


@pytest.fixture(scope="session")
def real_data():
    """MNIST and Fashion-MNIST, fetched where the project keeps them: the folder."""
    wanted = [f"results/datasets/{name}/summary.npz" for name in ("mnist", "fashion-mnist")]
    # Two pytests may ask at once for what is there already.
    options = ["--cores", "1", "--nolock"]
    run_in(REPOSITORY, "snakemake", *options, "--", *wanted, env=environment())
    return REPOSITORY / "results" / "datasets"
