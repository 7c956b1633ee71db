"""One thread per job, and the library that multiplies its matrices.

There are more jobs than cores, and on one thread sums keep their order. Every job sees to it
itself, so it is the same by hand and on a cluster.
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
# They bind threads to cores: every job would have its one thread on the same core.
BINDINGS = ["OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"]
LIBRARIES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}


def limit_libraries() -> None:
    """Have the libraries that this process has yet to load use one thread, on any core.

    Says so where the environment asks for something else.
    """
    for name in VARIABLES:
        if (found := os.environ.get(name) or "1") != "1":
            print(f"{name} is {found}: set to 1, a job has one thread", file=sys.stderr)
        os.environ[name] = "1"
    for name in BINDINGS:
        if found := os.environ.pop(name, None):
            print(f"{name} is {found}: removed, a job may use any core", file=sys.stderr)


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
    print(f"BLAS: {multiplier()}", file=sys.stderr, flush=True)


def multiplier() -> str:
    """Return the library of numpy's matrix products, once numpy is loaded, and the processor."""
    from threadpoolctl import threadpool_info

    forced = "OPENBLAS_CORETYPE" in os.environ
    return f"{library_name(threadpool_info(), forced)}, on {processor()}"


def made_by(code: str, device: str) -> dict[str, str]:
    """Return what computes a result, once torch is loaded; other kinds give other last digits.

    Args:
        code: digest of the code (see `jobs.code`).
        device: `cpu` or `cuda`.
    """
    import torch
    from threadpoolctl import threadpool_info

    forced = "OPENBLAS_CORETYPE" in os.environ
    return {
        "code": code,
        "torch": torch.__version__,
        "library": library_name(threadpool_info(), forced),
        "processor": processor(),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
    }


def library_name(loaded: list[dict], forced: bool = False) -> str:
    """Return the name of the library of numpy's matrix products, with its kernels.

    Args:
        loaded: the libraries of this process, as threadpoolctl describes them.
        forced: whether the environment asks OpenBLAS for certain kernels.
    """
    for found in loaded:
        # scipy may bring one of its own.
        if found["user_api"] == "blas" and "scipy.libs" not in found["filepath"]:
            name = LIBRARIES.get(found["internal_api"], found["internal_api"])
            version = f" {found['version']}" if found["version"] else ""
            if not found.get("architecture"):
                return name + version
            kernels = f"{found['architecture']} kernels{' (OPENBLAS_CORETYPE)' * forced}"
            return f"{name}{version}, {kernels}"
    return "a library that threadpoolctl does not know"


def multiplication(log: str) -> str | None:
    """Return what `use_one_thread` says in a log of library and processor; None if it does not."""
    lines = re.findall(r"^BLAS: (.+)$", log, re.M)
    return lines[-1] if lines else None


def processor() -> str:
    """Return the processor's name, with its family and model where Linux tells them."""
    try:
        lines = (
            Path("/proc/cpuinfo").read_text("utf-8", "replace").partition("\n\n")[0].splitlines()
        )
        pairs = (line.partition(":") for line in lines)
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        return f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()
