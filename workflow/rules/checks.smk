# Before the graph is built: what Snakemake would overlook.
import contextlib


def check_paths(rule, paths):
    """Refuse a path that the rule meant for it would not make.

    Snakemake takes a path that no rule makes for a source file, and says that nothing is to be done.
    """
    for path in paths:
        if not rule.rule.is_producer(path):
            raise WorkflowError(f"{path} does not match the paths of rule {rule.rule}")


def forget_sums(sums, *listed):
    """Delete a list of checksums if a file in it is missing; Snakemake would not notice.

    Dry runs do so, too: else they would call up to date what is not.
    """
    if not all(Path(PICTURES, name).exists() for name in listed):
        with contextlib.suppress(OSError):  # a folder that only others may write to
            Path(PICTURES, sums).unlink(missing_ok=True)


check_paths(rules.train, [f"{RESULTS}/runs/{run.path}.json" for run in RUNS])
check_paths(rules.prune, [f"{RESULTS}/masks/{path}.npz" for path in MASKS])
if not workflow.remote_exec:
    forget_sums("all", "claims", *(f"{name}.{form}" for name in DRAWN for form in FORMS))
    for name in figures.FIGURES:
        forget_sums(name, *(f"{name}.{form}" for form in FORMS))
