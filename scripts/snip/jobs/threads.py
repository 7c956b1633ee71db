"""One thread per job, and the library that multiplies its matrices.

There are more jobs than cores, and on one thread sums keep their order. Every job sees to it
itself, so it is the same by hand and on a cluster.
"""

import os
import platform
import re
import sys
from pathlib import Path

# Where libraries look for the number of threads when they are loaded.
VARIABLES = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
]
# They bind threads to cores: every job would have its one thread on the same core.
BINDINGS = ["OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"]
LIBRARIES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}


def limit_libraries() -> None:
    """Have the libraries that this process has yet to load use one thread, on any core."""
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    for name in BINDINGS:
        os.environ.pop(name, None)


def use_one_thread() -> None:
    """Have the libraries that are loaded use one thread, and log which one multiplies."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)
    print(f"BLAS: {blas()}, on {processor()}", file=sys.stderr, flush=True)


def made_by(code: str, device: str) -> dict[str, str]:
    """Return what computes a result, once torch is loaded; other kinds give other last digits.

    Args:
        code: digest of the code (see `jobs.code`).
        device: `cpu` or `cuda`.
    """
    import torch

    return {
        "code": code,
        "torch": torch.__version__,
        "library": blas(),
        "processor": processor(),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
    }


def blas() -> str:
    """Return the library of numpy's matrix products, once numpy is loaded, and its kernels.

    The library follows from how numpy was installed, its kernels from the processor (OpenBLAS: or
    from OPENBLAS_CORETYPE). Others give other last digits.
    """
    from threadpoolctl import threadpool_info

    for found in threadpool_info():
        # scipy may bring one of its own.
        if found["user_api"] == "blas" and "scipy.libs" not in found["filepath"]:
            name = LIBRARIES.get(found["internal_api"], found["internal_api"])
            version = f" {found['version']}" if found["version"] else ""
            kernels = f", {found['architecture']} kernels" if found.get("architecture") else ""
            forced = " (OPENBLAS_CORETYPE)" if kernels and "OPENBLAS_CORETYPE" in os.environ else ""
            return name + version + kernels + forced
    return "a library that threadpoolctl does not know"


def processor() -> str:
    """Return the processor's name, with its family and model where Linux tells them."""
    try:
        first = Path("/proc/cpuinfo").read_text("utf-8", "replace").partition("\n\n")[0]
        fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", first, re.M))
        return f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()
