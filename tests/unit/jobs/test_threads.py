import os
import subprocess
import sys

import pytest

from helpers import REPOSITORY
from snip.jobs import threads

OPENBLAS = {
    "user_api": "blas",
    "internal_api": "openblas",
    "version": "0.3.31",
    "architecture": "Zen",
    "filepath": "/site-packages/numpy.libs/libopenblas.so",
}
SCIPYS = OPENBLAS | {"filepath": "/site-packages/scipy.libs/libopenblas.so", "version": "1"}
OPENMP = OPENBLAS | {"user_api": "openmp", "filepath": "/torch/lib/libgomp.so", "version": None}
MKL = {
    "user_api": "blas",
    "internal_api": "mkl",
    "version": "2026.0",
    "filepath": "/lib/libmkl_rt.so",
}
EARLY = "from snip.jobs import threads\nthreads.limit_libraries()\nimport numpy\n"
LATE = "import numpy\nfrom snip.jobs import threads\nthreads.use_one_thread()\n"
# Prints the number of threads of numpy's library and of torch, and of cores that may be used.
COUNT = """
import os, torch
from threadpoolctl import threadpool_info
numbers = {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}
print(numbers, torch.get_num_threads(), len(os.sched_getaffinity(0)))
"""


@pytest.mark.parametrize(
    ("when", "environment"),
    [
        (EARLY, {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "", "OMP_PROC_BIND": "true"}),
        (EARLY, {"OMP_NUM_THREADS": "2", "GOMP_CPU_AFFINITY": "0"}),
        (LATE, {"OPENBLAS_NUM_THREADS": "2"}),
    ],
)
def test_a_job_has_one_thread_on_any_core(when, environment):
    ours = [*threads.VARIABLES, *threads.BINDINGS]
    own = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "-c", when + COUNT],
        cwd=REPOSITORY / "scripts",
        env=own | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["{1}", "1", str(len(os.sched_getaffinity(0)))]
    said = f"BLAS: {threads.blas()}, on {threads.processor()}\n" if when == LATE else ""
    assert done.stderr == said


@pytest.mark.parametrize(
    ("loaded", "name"),
    [
        ([OPENMP, SCIPYS, OPENBLAS], "OpenBLAS 0.3.31, Zen kernels"),
        ([OPENMP, SCIPYS], "a library that threadpoolctl does not know"),
        ([MKL], "MKL 2026.0"),
        ([MKL | {"internal_api": "new", "version": None}], "new"),
    ],
)
def test_the_library_of_numpy_is_named_with_version_and_kernels(monkeypatch, loaded, name):
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: loaded)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    assert threads.blas() == name
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Zen")  # the environment chose the kernels
    assert threads.blas() == name + " (OPENBLAS_CORETYPE)" * name.endswith("kernels")


def test_the_processor_has_a_name():
    assert threads.processor().strip()
