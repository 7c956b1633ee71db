"""What the workflow's jobs do with memory, beside their results."""

import re
import resource
import shlex
import subprocess

from helpers import REPOSITORY
from small import snakemake
from snip.study.runs import Run

RUN = Run(network="lenet-5-caffe", sparsity=0)


def test_the_memory_that_a_step_frees_serves_the_next(real_data, tmp_path):
    """Otherwise a step has more than a thousand page faults, and takes up to half as long again."""
    target = f"results/default/runs/{RUN.path}.json"
    printed = snakemake(
        REPOSITORY, "-n", "-p", "--nolock", "-R", "train", target=target, configs=[]
    )
    [start] = re.findall(r"exec (env .*)/train\.py", printed.stdout)

    def faults(iterations):
        """How many page faults a run of the workflow's has that brought no data from a disk."""
        given = f"--dataset {RUN.dataset} --network {RUN.network} --sparsity 0 --data {real_data}"
        asked = f"--iterations {iterations} --output {tmp_path / 'run.json'}"
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
        command = shlex.split(f"{start}/train.py {given} {asked}")
        subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before

    few, many = faults(10), faults(50)
    assert (many - few) / 40 < 200
