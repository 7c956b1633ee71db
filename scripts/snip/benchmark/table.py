"""The measurements as a table, each number beside its target."""

from snip.benchmark.schedule import NETWORKS

# Per measurement of a network, the target of each network.
NETWORK_TARGETS = {
    "sgemm_share": {"lenet-300-100": ">= 0.65", "lenet-5-caffe": ">= 0.60"},
    "reference_sgemm_share": dict.fromkeys(NETWORKS, ""),
    "images_per_second": dict.fromkeys(NETWORKS, ""),
    "plain_ratio": {"lenet-300-100": ">= 8", "lenet-5-caffe": ">= 3"},
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
    lines.append("")
    for name, target in STUDY_TARGETS.items():
        value = measured[name]
        cell = "no default study" if value is None else f"{value:.3g}"
        lines.append(f"{name:24}{cell:>18}{target:>10}")
    return "\n".join(lines)
