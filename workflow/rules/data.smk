# Fetch: sources/{source}.yaml -> results/datasets/{source}/ (four IDX files, summary.npz)

from snakemake.dag import DAG
from snakemake.io import is_flagged


async def plan_readers_apart(dag, *arguments, plan=DAG.update_needrun, **options):
    """Decide which jobs to run, where fetching is no reason to run what reads the files.

    A source's file has the checksums of its data, so that data never change unless it does, and it
    is an input of every reader. Snakemake cannot know this: files that were lost and are fetched
    for one new run would train all the others again, though inputs are `ancient`; and where they
    exist, it would not even ask whether a reader has a reason of its own, such as an edited setting.
    The readers still wait until the files are there.
    """
    fetching = [job for job in dag.jobs if any(is_flagged(f, "update") for f in job.output)]
    readers = {job: dag.depending.pop(job) for job in fetching if job in dag.depending}
    try:
        await plan(dag, *arguments, **options)
    finally:
        dag.depending.update(readers)


DAG.update_needrun = plan_readers_apart


rule fetch_dataset:
    # The fetching code is no input: once the checksums hold, the files need not be fetched again.
    input:
        "scripts/snip/sources/{source}.yaml",
    output:
        # `update`: not deleted before the job, and put back if it fails.
        [update(f"{DATASETS}/{{source}}/{file}") for file in (*datasets.FILES, datasets.SUMMARY)],
    log:
        f"{DATASETS}/logs/{{source}}.log",
    benchmark:
        f"{DATASETS}/benchmarks/{{source}}.tsv"
    # Compute nodes often have no network. And where a job fails on one, Snakemake puts outputs
    # back there and then deletes them here.
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    shell:
        # The data folder is no param: where the files came from changes no result.
        "python scripts/fetch_dataset.py --dataset {wildcards.source}"
        " --data-folder {config[data_folder]:q} 2> {log}"
