"""The measurements as a table, each number beside its target."""

from snip.benchmark.schedule import NETWORKS

# Per measurement of a network, the target of each network.
NETWORK_TARGETS = {
    "rate_share": dict.fromkeys(NETWORKS, ""),
    "unpruned_rate_share": {"lenet-300-100": ">= 0.55", "lenet-5-caffe": ">= 0.60"},
    "images_per_second": dict.fromkeys(NETWORKS, ""),
    "run_seconds": dict.fromkeys(NETWORKS, ""),
    "plain_ratio": {"lenet-300-100": ">= 10", "lenet-5-caffe": ">= 4"},
    "careful_ratio": dict.fromkeys(NETWORKS, ""),
    "torch_gflops": dict.fromkeys(NETWORKS, ""),
    "numpy_gflops": dict.fromkeys(NETWORKS, ""),
    "scaling_2": dict.fromkeys(NETWORKS, ">= 1.9"),
    "peak_over_import_mib": dict.fromkeys(NETWORKS, "<= 250"),
}
STUDY_TARGETS = {"overhead_share": "<= 0.15", "redraw_seconds": "<= 20", "dry_run_seconds": ""}


def table(measured: dict) -> str:
    """Return the content of results/benchmark.json as text."""
    networks = measured["networks"]
    lines = [f"{'':24}" + "".join(f"{name:>18}{'target':>10}" for name in networks)]
    for name, targets in NETWORK_TARGETS.items():
        cells = (f"{networks[n][name]:>18,.4g}{targets[n]:>10}" for n in networks)
        lines.append(f"{name:24}" + "".join(cells))
    lines += ["", f"BLAS: {measured['numpy']}", ""]
    for name, target in STUDY_TARGETS.items():
        value = measured[name]
        cell = "no default study" if value is None else f"{value:.3g}"
        lines.append(f"{name:24}{cell:>18}{target:>10}")
    return "\n".join(lines)
