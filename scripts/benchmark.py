"""Measure training speed, overhead, redrawing and planning; print a table, write a JSON file.

What is compared is measured in turns in one run, so that a machine whose speed wanders slows both
sides. docs/performance.md explains each number. Takes some minutes; the overhead is that of the
last default study in results/default, if there is one.
"""

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from pathlib import Path

from snip.datasets.dataset import FILES
from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.jobs.times import job_seconds

NETWORKS = {"lenet-300-100": 0.1, "lenet-5-caffe": 0.02}  # learning rates
# Iterations of one turn: ours with one evaluation, as an epoch of the default study has.
EPOCH = 540
PLAIN = {"lenet-300-100": 120, "lenet-5-caffe": 40}
SPARSITY = "90"
TARGETS = {
    "sgemm_share": {"lenet-300-100": ">= 0.65", "lenet-5-caffe": ">= 0.60"},
    "reference_sgemm_share": dict.fromkeys(NETWORKS, ""),
    "images_per_second": dict.fromkeys(NETWORKS, ""),
    "plain_ratio": {"lenet-300-100": ">= 8", "lenet-5-caffe": ">= 3"},
    "scaling_2": dict.fromkeys(NETWORKS, ">= 1.9"),
    "peak_over_import_mib": dict.fromkeys(NETWORKS, "<= 250"),
}


def setting(network: str, sparsity: str = SPARSITY, **changes):
    """Return a run and its settings at the default study's schedule."""
    from snip.study.axes import Run, Settings

    run = Run("mnist", network, "snip", sparsity, 100, "true", "0.0005", 0)
    values = {"iterations": EPOCH, "decay_every": EPOCH, "evaluate_every": EPOCH, "log_every": 20}
    return run, Settings(learning_rate=NETWORKS[network], **values | changes)


def sgemm() -> float:
    """Return operations per second of a 2048³ matrix multiplication in single precision."""
    import torch

    one, other = torch.ones(2048, 2048), torch.ones(2048, 2048)
    start = time.perf_counter()
    torch.mm(one, other)
    return 2 * 2048**3 / (time.perf_counter() - start)


def ours(network: str, dataset, sparsity: str = SPARSITY) -> float:
    """Train an epoch with all that belongs to it; return the seconds it takes."""
    from snip.training.run import train

    run, settings = setting(network, sparsity)
    with Path(os.devnull).open("w") as log:
        start = time.perf_counter()
        train(run, settings, dataset, log=log)
    return time.perf_counter() - start


def plain_network(name: str):
    """Return the network of the layers one would take: convolutions and pooling apart."""
    from torch import nn

    from snip.layers.pooled_convolution import PooledConvolution
    from snip.study import registry

    layers = OrderedDict()
    for key, layer in registry.load("networks", name, "build")().named_children():
        if isinstance(layer, PooledConvolution):
            layers[key] = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size)
            layers[f"{key}_pool"] = nn.MaxPool2d(2)
        else:
            layers[key] = layer
    return nn.Sequential(layers)


class PlainLoop:
    """The loop one would write with torchvision's data set and torch's pruning."""

    def __init__(self, network: str, data: Path, dataset):
        import torch
        from torch.nn.utils import prune
        from torchvision import transforms
        from torchvision.datasets import MNIST

        from snip.training.examples import batches
        from snip.training.loop import prepare

        run, settings = setting(network)
        scored, masks = prepare(run, settings, dataset)
        self.network = plain_network(network)
        self.network.load_state_dict(scored.state_dict())
        for name, mask in masks.items():
            module, _, tensor = name.rpartition(".")
            prune.custom_from_mask(self.network.get_submodule(module), tensor, mask)
        # Kept as long as the loop, which reads from it.
        self.folder = tempfile.TemporaryDirectory(prefix="benchmark-")
        root = self.folder.name
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for file in FILES:
            (raw / file).symlink_to((data / "mnist" / file).resolve())
        mean, deviation = -dataset.offset / dataset.scale / 255, 1 / dataset.scale / 255
        steps = [transforms.ToTensor(), transforms.Normalize((mean,), (deviation,))]
        images = MNIST(root, train=True, transform=transforms.Compose(steps))
        examples, _ = dataset.split(run.seed, settings.validation_share)
        # In the order of our loop, so that the losses can be compared.
        order = itertools.islice(batches(examples, 100, run.seed), EPOCH)
        self.loader = torch.utils.data.DataLoader(
            images, batch_sampler=[batch.tolist() for batch in order]
        )
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=settings.learning_rate, momentum=0.9, weight_decay=5e-4
        )

    def train(self, iterations: int) -> tuple[float, float]:
        """Train; return seconds per iteration and the mean loss of the last hundred."""
        import torch

        losses: list[float] = []
        start = time.perf_counter()
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
            if len(losses) == iterations:
                break
        return (time.perf_counter() - start) / len(losses), statistics.mean(losses[-100:])


def compare(network: str, data: Path, repeats: int) -> dict[str, float]:
    """Measure our loop, the plain loop and matrix multiplication in turns; medians."""
    from snip.benchmark.operations import count_operations
    from snip.datasets.dataset import load_dataset
    from snip.layers.weights import build_network

    dataset = load_dataset("mnist", data)
    forward, both = count_operations(build_network(network, 0))
    validation = round(0.1 * len(dataset.train_labels)) + len(dataset.test_labels)
    operations = EPOCH * 100 * both + validation * forward
    plain = PlainLoop(network, data, dataset)
    plain.train(20)
    shares, references, speeds, ratios = [], [], [], []
    sgemm()
    for _ in range(repeats):
        before = sgemm()
        seconds = ours(network, dataset)
        between = sgemm()
        unpruned = ours(network, dataset, "0")
        after = sgemm()
        each, _ = plain.train(PLAIN[network])
        speeds.append(EPOCH * 100 / seconds)
        shares.append(operations / seconds / max(before, between))
        references.append(operations / unpruned / max(between, after))
        ratios.append(each * EPOCH / seconds)
    return {
        "sgemm_share": statistics.median(shares),
        "reference_sgemm_share": statistics.median(references),
        "images_per_second": statistics.median(speeds),
        "plain_ratio": statistics.median(ratios),
    }


def same_loss(network: str, data: Path) -> dict[str, float]:
    """Train one epoch each way, with the same masks and weights, and return the final losses."""
    from snip.datasets.dataset import load_dataset
    from snip.training.run import train

    dataset = load_dataset("mnist", data)
    run, settings = setting(network, log_every=100, iterations=500, evaluate_every=500)
    with Path(os.devnull).open("w") as log:
        loss = train(run, settings, dataset, log=log)["train_loss"]
    return {"ours": loss, "plain": PlainLoop(network, data, dataset).train(500)[1]}


def steps(network: str, data: Path, seconds: float) -> float:
    """Return training steps per second, after waiting for a line on the standard input."""
    from snip.datasets.dataset import load_dataset
    from snip.training.loop import Training

    training = Training(*setting(network), load_dataset("mnist", data))
    for _ in range(20):
        training.step()
    print("ready", flush=True)
    sys.stdin.readline()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        training.step()
        count += 1
    return count / (time.perf_counter() - start)


def worker(*arguments: object) -> subprocess.Popen:
    """Start this script on one measurement, with one thread."""
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def answer(process: subprocess.Popen) -> dict:
    """Return what a worker measured."""
    output = process.stdout.read()
    if process.wait() != 0:
        sys.exit(f"error: benchmark worker {process.args} failed")
    return json.loads(output)


def scaling(network: str, data: Path, repeats: int) -> float:
    """Return how many times the work of one process two at once do: the median."""

    def speed(count: int) -> float:
        processes = [worker("--steps", network, "--data", data) for _ in range(count)]
        for process in processes:
            process.stdout.readline()  # it is ready
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(answer(process)["steps"] for process in processes)

    return statistics.median(speed(2) / speed(1) for _ in range(repeats))


def peak(*arguments: str) -> float:
    """Return a process's largest resident memory, MiB."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"error: {' '.join(arguments)} failed")
    return usage.ru_maxrss / 1024


def peak_over_import(network: str, data: Path) -> float:
    """Return how much more memory a training run takes than importing torch, MiB."""
    with tempfile.TemporaryDirectory() as folder:
        run = peak(
            *["scripts/train.py", "--network", network, "--data", str(data)],
            *["--learning-rate", str(NETWORKS[network]), "--iterations", "60"],
            *["--evaluate-every", "30", "--output", f"{folder}/run.json"],
        )
    return run - peak("-c", "import torch")


def overhead(results: Path) -> float | None:
    """Return the share of a study's job time that is not training loops; None without a study."""
    jobs = [
        *results.glob("benchmarks/**/*.tsv"),
        *Path("results/datasets/benchmarks").glob("*.tsv"),
    ]
    runs = list(results.glob("runs/**/*.json"))
    total = sum(job_seconds(job) or 0 for job in jobs)
    trained = 0.0
    for run in runs:
        log = results / "logs" / run.relative_to(results).with_suffix(".log")
        found = (
            re.findall(r"^trained in ([\d.]+) s$", log.read_text(), re.M) if log.exists() else []
        )
        if not found:
            return None
        trained += float(found[-1])
    return 1 - trained / total if runs and total else None


def timed(*arguments: str) -> float:
    """Return the seconds that a Snakemake command takes."""
    start = time.perf_counter()
    subprocess.run(["snakemake", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def redraw() -> float | None:
    """Return the seconds to redraw all figures of the default study, or None without one."""
    if not Path("figures/all").exists() or not Path("results/default/tables/runs.csv").exists():
        return None
    plan = subprocess.run(["snakemake", "-n", "--", "figures/all"], capture_output=True, text=True)
    if "Nothing to be done" not in plan.stdout + plan.stderr:
        return None
    return timed("--cores", "2", "--forcerun", "figure", "--", "figures/all")


def table(measured: dict) -> str:
    """Return the measurements with their targets, as text."""
    lines = [f"{'':24}" + "".join(f"{n:>18}{'target':>10}" for n in measured["networks"])]
    for name, targets in TARGETS.items():
        values = [measured["networks"][n][name] for n in measured["networks"]]
        cells = zip(values, targets.values(), strict=True)
        lines.append(f"{name:24}" + "".join(f"{v:>18,.4g}{t:>10}" for v, t in cells))
    lines.append("")
    for name, target in (
        ("overhead_share", "<= 0.15"),
        ("redraw_seconds", "<= 20"),
        ("dry_run_seconds", ""),
    ):
        value = measured[name]
        shown = "no default study" if value is None else f"{value:.3g}"
        lines.append(f"{name:24}{shown:>18}{target:>10}")
    return "\n".join(lines)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("results/benchmark.json"))
    for measurement in ("compare", "same-loss", "steps"):
        parser.add_argument(f"--{measurement}", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compare or options.same_loss or options.steps:
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        if options.compare:
            found = compare(options.compare, options.data, options.repeats)
        elif options.same_loss:
            found = same_loss(options.same_loss, options.data)
        else:
            found = {"steps": steps(options.steps, options.data, 4)}
        print(json.dumps(found))
        return

    networks = {}
    for network in NETWORKS:
        data = ("--data", options.data)
        losses = answer(worker("--same-loss", network, *data))
        if abs(losses["ours"] - losses["plain"]) > 0.05 * losses["plain"]:
            sys.exit(f"error: {network}: the two loops reach other losses: {losses}")
        print(
            f"{network}: mean loss of iterations 401 to 500: ours {losses['ours']:.4f}, "
            f"plain loop {losses['plain']:.4f}"
        )
        networks[network] = answer(
            worker("--compare", network, *data, "--repeats", options.repeats)
        )
        networks[network]["scaling_2"] = scaling(network, options.data, options.repeats)
        networks[network]["peak_over_import_mib"] = peak_over_import(network, options.data)
    measured = {
        "networks": {
            n: {k: round(v, 4) for k, v in found.items()} for n, found in networks.items()
        },
        "overhead_share": overhead(Path("results/default")),
        "redraw_seconds": redraw(),
        "dry_run_seconds": timed("-n", "--quiet", "all", "--", "figures/all"),
    }
    for name in ("overhead_share", "redraw_seconds", "dry_run_seconds"):
        measured[name] = None if measured[name] is None else round(measured[name], 4)
    print(table(measured))
    write_atomically(options.output, (json.dumps(measured, indent=1) + "\n").encode())


if __name__ == "__main__":
    command.run(main)
