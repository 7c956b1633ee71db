import os
import subprocess
import sys

import pytest

from helpers import REPOSITORY
from snip.jobs.threads import BINDINGS, VARIABLES, library_name, multiplication, processor

OPENBLAS = {
    "user_api": "blas",
    "internal_api": "openblas",
    "version": "0.3.31",
    "architecture": "Zen",
    "filepath": "/site-packages/numpy.libs/libopenblas.so",
}
# Prints the number of threads of numpy's library and of torch.
COUNT = """
import numpy, torch
from threadpoolctl import threadpool_info
numbers = {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}
print(numbers, torch.get_num_threads())
"""


def python(code, **environment):
    """Run code in a new process that may use two threads; return its output and its log."""
    ours = [*VARIABLES, *BINDINGS]
    own = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY / "scripts",
        env=own | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize(
    "environment",
    [{}, {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": ""}],
)
def test_libraries_that_are_loaded_later_use_one_thread_in_silence(environment):
    limit = "from snip.jobs import threads; threads.limit_libraries()\n"
    assert python(limit + COUNT, **environment) == ("{1} 1", "")


def test_another_number_of_threads_is_corrected_and_said():
    limit = "from snip.jobs import threads; threads.limit_libraries()\n"
    output, log = python(limit + COUNT, OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="2")
    assert output == "{1} 1"
    assert log.splitlines() == [
        "OMP_NUM_THREADS is 2: set to 1, a job has one thread",
        "OPENBLAS_NUM_THREADS is 4: set to 1, a job has one thread",
    ]


def test_a_library_that_was_loaded_with_more_threads_is_corrected_and_said():
    late = "import numpy\nfrom snip.jobs import threads; threads.use_one_thread()\n"
    output, log = python(late + COUNT, OPENBLAS_NUM_THREADS="2")
    assert output == "{1} 1"
    said, library = log.splitlines()
    assert said == "the libraries had 2 threads: set to 1"
    assert multiplication(log) and library == f"BLAS: {multiplication(log)}"


@pytest.mark.parametrize("name", ["OMP_PROC_BIND", "GOMP_CPU_AFFINITY"])
def test_a_job_is_bound_to_no_core(name):
    limit = "from snip.jobs import threads; threads.limit_libraries()\n"
    cores = "import os, torch\nprint(len(os.sched_getaffinity(0)))"
    value = "0" if name == "GOMP_CPU_AFFINITY" else "true"
    output, log = python(limit + cores, **{name: value})
    assert output == str(len(os.sched_getaffinity(0)))
    assert log == f"{name} is {value}: removed, a job may use any core"


def test_the_library_is_named_with_version_and_kernels():
    assert library_name([OPENBLAS]) == "OpenBLAS 0.3.31, Zen kernels"
    # Whether the environment chose the kernels.
    assert library_name([OPENBLAS], forced=True) == (
        "OpenBLAS 0.3.31, Zen kernels (OPENBLAS_CORETYPE)"
    )


def test_a_log_without_the_line_names_none():
    assert multiplication("$ python train.py\nBLAS: X, on y\n") == "X, on y"
    assert multiplication("$ python train.py\n") is None


def test_other_libraries_of_the_process_are_not_numpys():
    scipys = OPENBLAS | {"filepath": "/site-packages/scipy.libs/libopenblas.so", "version": "1"}
    openmp = OPENBLAS | {"user_api": "openmp", "filepath": "/torch/lib/libgomp.so", "version": None}
    assert "0.3.31" in library_name([openmp, scipys, OPENBLAS])
    assert "does not know" in library_name([openmp, scipys])


def test_another_library_is_named_and_an_unknown_one_is_no_error():
    mkl = {
        "user_api": "blas",
        "internal_api": "mkl",
        "version": "2026.0",
        "filepath": "/lib/libmkl_rt.so",
    }
    assert library_name([mkl]) == "MKL 2026.0"
    assert library_name([mkl | {"internal_api": "new", "version": None}]) == "new"
    assert library_name([]) == "a library that threadpoolctl does not know"


def test_the_processor_has_a_name():
    assert processor().strip()
