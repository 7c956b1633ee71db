# Hooks into Snakemake's own code, and what only one machine needs. No result depends on them.
from snakemake.dag import DAG
from snakemake.io import is_flagged

from snip.jobs import forks, signals, times
from snip.report import closing

# A closed terminal ends Snakemake as Ctrl-C does: it leaves no lock.
signals.end_as_if_interrupted()

# The Python that runs Snakemake runs its jobs, unless they get an environment of their own.
if not workflow.deployment_settings.deployment_method:
    programs = [os.path.dirname(sys.executable), *os.get_exec_path()]
    os.environ |= {"PATH": os.pathsep.join(programs)}


async def plan_readers_apart(dag, *arguments, plan=DAG.update_needrun, **options):
    """Plan the jobs. That data must be fetched is no reason to run the jobs that read them.

    The checksums of data are a parameter of every reader, so data never change unless that does.
    Snakemake does not know this. If lost files are fetched for one new run, it would train all
    others again, although inputs are `ancient`. For files that exist, it would not notice that a
    setting changed. The readers still wait until the files are there.
    """
    fetching = [job for job in dag.jobs if any(is_data(file) for file in job.output)]
    readers = {job: dag.depending.pop(job) for job in fetching if job in dag.depending}
    try:
        await plan(dag, *arguments, **options)
    finally:
        dag.depending.update(readers)


def is_data(file):
    """Whether a file is of a data set."""
    return is_flagged(file, "update") and file.startswith(f"{DATASETS}/")


DAG.update_needrun = plan_readers_apart


def note_own_time():
    """Note Snakemake's own processor time beside that of its jobs (scripts/benchmark.py reads it)."""
    if not workflow.remote_exec:
        times.note_own_seconds(Path(RESULTS, "benchmarks/snakemake.tsv"))


onstart:
    # Snakemake's limit of a hundred jobs a second wakes the scheduler once a second for every job
    # that has ended: in the default study a sixth of a core on average. Without a limit it wakes
    # when a job ends.
    workflow.scheduler.job_rate_limiter = None
    if workflow.local_exec:
        forks.start(
            [
                "train",
                "prune",
                "snip.training.run",
                "snip.training.checkpoints",
                "snip.masks.mask_files",
            ]
        )


onsuccess:
    note_own_time()
    # Only if everything was asked for; otherwise claims and figures may be older.
    whole = any(job.rule.name == "figures" for job in workflow.dag.jobs)
    if whole and not workflow.remote_exec:
        lines = closing.closing(Path(PICTURES), Path(RESULTS, "tables/claims.csv"))
        print(lines, file=sys.stderr)


onerror:
    note_own_time()
