"""One thread per job, and the library that multiplies its matrices.

There are more jobs than cores, and on one thread sums keep their order. Every job sees to it
itself, so it is the same by hand, in a fork and on a cluster.
"""

import os
import platform
import re
import sys
from pathlib import Path

# Where libraries look when they are loaded.
VARIABLES = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
]
LIBRARIES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}


def limit_libraries() -> None:
    """Have the libraries that this process has yet to load use one thread.

    Says so where the environment asks for another number.
    """
    for name in VARIABLES:
        if (found := os.environ.get(name) or "1") != "1":
            print(f"{name} is {found}: set to 1, a job has one thread", file=sys.stderr)
        os.environ[name] = "1"


def use_one_thread() -> None:
    """Use one thread from here on, and say which library multiplies on which processor.

    Which library multiplies follows from how numpy was installed, and which of its kernels do from
    the processor (OpenBLAS: or from OPENBLAS_CORETYPE). Other kernels give other last digits.
    """
    import torch
    from threadpoolctl import threadpool_info, threadpool_limits

    torch.set_num_threads(1)
    libraries = [found for found in threadpool_info() if found["user_api"] == "blas"]
    numbers = [str(found["num_threads"]) for found in libraries if found["num_threads"]]
    if set(numbers) - {"1"}:
        print(f"the libraries had {', '.join(numbers)} threads: set to 1", file=sys.stderr)
        threadpool_limits(1)
    forced = "OPENBLAS_CORETYPE" in os.environ
    print(multiplied_by(libraries, processor(), forced), file=sys.stderr, flush=True)


def multiplied_by(libraries: list[dict], processor: str, forced: bool = False) -> str:
    """Return the line of a log that names the library of numpy's matrix products.

    Args:
        libraries: those that multiply, as threadpoolctl describes them.
        forced: whether the environment asks OpenBLAS for certain kernels.
    """
    # scipy may bring one of its own.
    libraries = [found for found in libraries if "scipy.libs" not in found["filepath"]]
    name = "a library that threadpoolctl does not know"
    if libraries:
        [found, *_] = libraries
        name = LIBRARIES.get(found["internal_api"], found["internal_api"])
        if found["version"]:
            name += f" {found['version']}"
        if found.get("architecture"):
            name += f", {found['architecture']} kernels"
            name += " (OPENBLAS_CORETYPE)" if forced else ""
    return f"multiplied by {name}, on {processor}"


def multiplication(log: str) -> str | None:
    """Return what `multiplied_by` says in a log; None if it does not."""
    lines = re.findall(r"^multiplied by (.+)$", log, re.M)
    return lines[-1] if lines else None


def processor() -> str:
    """Return the processor's name, with its family and model where Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().partition("\n\n")[0].splitlines()
        pairs = (line.partition(":") for line in lines)
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        return f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()
