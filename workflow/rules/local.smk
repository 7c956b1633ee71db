# What only one machine needs, and what Snakemake itself says and does beside its jobs.

from snip.report import closing
from snip.jobs import forks as forkserver
from snip.jobs import times as job_times
from snip.jobs import signals

# A closed terminal ends Snakemake as Ctrl-C does: it leaves no lock.
signals.end_as_if_interrupted()

# The Python that runs Snakemake runs its jobs, unless they get an environment of their own.
if not workflow.deployment_settings.deployment_method:
    programs = [os.path.dirname(sys.executable), *os.get_exec_path()]
    os.environ |= {"PATH": os.pathsep.join(programs)}


def note_own_time():
    """Note Snakemake's own processor time beside that of its jobs (scripts/benchmark.py reads it)."""
    if not workflow.remote_exec:
        job_times.note_own_seconds(Path(RESULTS, "benchmarks/snakemake.tsv"))


onstart:
    # Snakemake's limit of a hundred jobs a second wakes the scheduler once a second for every job that
    # has ended, in the default study a sixth of a core on average. Without a limit it wakes when a job
    # ends.
    workflow.scheduler.job_rate_limiter = None
    if workflow.local_exec:
        forkserver.start(
            ["train", "snip.training.run", "snip.training.checkpoints", "snip.masks.mask_files"]
        )


onsuccess:
    note_own_time()
    # Only where all of it was asked for: else claims and figures may be older.
    whole = any(job.rule.name == "figures" for job in workflow.dag.jobs)
    if whole and not workflow.remote_exec:
        lines = closing.closing(Path(FIGURES), Path(RESULTS, "tables/claims.csv"))
        print(lines, file=sys.stderr)


onerror:
    note_own_time()
